"""Pages: load, ask permission, call one selector or service, render."""
