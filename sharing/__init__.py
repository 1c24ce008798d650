"""管共享 – arrives with its own issue; the folder is fixed by the platform's layout."""
