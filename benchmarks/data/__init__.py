"""What is read: a population with planted faults, and an estate of many small tables."""

# Of the databases in PostgreSQL: what initdb takes on a plain system. The embedded server's own default, the built-in
# provider of 17 and newer, sorts text faster than the databases that are out there.
LOCALE = "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'"
