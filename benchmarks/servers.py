"""The servers that benchmarks ask: an embedded PostgreSQL and the system's MariaDB, in the cache folder, kept between runs."""

import contextlib
from collections.abc import Iterator

import psycopg2
import pymysql

from datagene.embedded import layout as layouts
from datagene.embedded import providers
from datagene.embedded.layout import Layout
from datagene.embedded.mariadb import MariaDB
from datagene.embedded.postgres import USER, Postgres, Tell, connect, password
from datagene.embedded.process import free_port

BUFFERS = 1 << 30  # bytes; a source has its table in memory when it is read for the second time
SETTINGS = {"shared_buffers": f"{BUFFERS >> 10}kB", "autovacuum": "off", "fsync": "off"}


@contextlib.contextmanager
def postgresql(place: Layout, tell: Tell) -> Iterator[Postgres]:
    """A running server with SETTINGS, in a folder of its major version. Raises EmbeddedError."""
    major = providers.major_version(providers.postgres_bin_dir(place.binaries))
    own = Layout(place.data / f"postgresql-{major}")
    layouts.prepare(own)
    server = Postgres(own, layouts.owner(), tell, tcp_port=free_port(), binaries=place.binaries)
    try:
        server.start()
        if _apply(server):
            server.stop()
            server.start()
        yield server
    finally:
        server.stop()


def _apply(server: Postgres) -> bool:
    """Write the settings that the server does not have; whether any was written."""
    connection = connect(server.place, "postgres", server.port)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND sourcefile IS NOT NULL", [list(SETTINGS)])
        missing = SETTINGS.keys() - {name for (name,) in cursor.fetchall()}
        for name in missing:
            cursor.execute(f"ALTER SYSTEM SET {name} = %s", [SETTINGS[name]])
    return bool(missing)


@contextlib.contextmanager
def mariadb(place: Layout, tell: Tell) -> Iterator[MariaDB]:
    """A running server with a buffer pool of BUFFERS. Raises EmbeddedError, also when the system has none."""
    server = MariaDB(place, layouts.owner(), tell, port=free_port())
    try:
        server.start()
        with contextlib.closing(pymysql.connect(**server.keywords())) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET GLOBAL innodb_buffer_pool_size = {BUFFERS}")
        yield server
    finally:
        server.stop()


def libpq(server: Postgres, database: str) -> dict[str, str]:
    """The superuser's connection as libpq's environment variables."""
    return {
        "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": USER, "PGPASSWORD": password(server.place),
        "PGDATABASE": database,
    }  # fmt: skip


def version(server: Postgres | MariaDB) -> str:
    """Product and version, as the server says it."""
    if isinstance(server, Postgres):
        with contextlib.closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"
    with contextlib.closing(pymysql.connect(**server.keywords())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        return f"MariaDB {cursor.fetchone()[0]}"
