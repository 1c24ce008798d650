"""Reading data sources: what is there, what it holds, what breaks the rules. Free of Django."""
