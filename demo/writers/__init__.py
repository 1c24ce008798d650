"""One writer a kind of source: takes filled tables, makes the database or the folder."""
