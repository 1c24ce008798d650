"""pg_dump and pg_restore of the server's own major version, and what must be the same before and after."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg2
from django.db import connection
from psycopg2.extensions import make_dsn

from datagene.backup.errors import BackupError
from datagene.embedded import providers

# A backup must not bring a session back to life that its owner has ended, nor hold one that is valid now.
WITHOUT_ROWS = "django_session"
# What constraints of ours stand on. PostgreSQL trusts them: whoever owns the database may make them.
EXTENSIONS = ("btree_gist",)
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
USED = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%' AND c.relkind <> 'i'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1 LIMIT 4
"""


def connect() -> Any:
    """A connection of its own to the platform's database."""
    return psycopg2.connect(**_parameters())


def major_version() -> int:
    connection.ensure_connection()
    return int(connection.connection.server_version) // 10_000


def row_counts(cursor: Any) -> dict[str, int]:
    """Exact rows of every table, in the cursor's snapshot."""
    cursor.execute(TABLES)
    counts = {}
    for (table,) in cursor.fetchall():
        if table != WITHOUT_ROWS:
            quoted = table.replace('"', '""')
            cursor.execute(f'SELECT count(*) FROM public."{quoted}"')
            counts[table] = int(cursor.fetchone()[0])
    return counts


def used_by() -> list[str]:
    """Names of a few things in the database; empty when it is."""
    with connection.cursor() as cursor:
        cursor.execute(USED)
        return [name for (name,) in cursor.fetchall()]


def make_extensions() -> None:
    """A dump holds none of them: those of an administrator would take a superuser to make."""
    with connection.cursor() as cursor:
        for name in EXTENSIONS:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")


def start_dump(major: int, snapshot: str, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    """pg_dump of a snapshot, custom format, to its standard output."""
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    # Extensions are an administrator's; the few that are ours are made before (``make_extensions``).
    options += ["--extension=plpgsql", f"--exclude-table-data=public.{WITHOUT_ROWS}"]
    return _start("pg_dump", major, options, stdout=subprocess.PIPE, stderr=errors)


def start_restore(major: int, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    """pg_restore from its standard input, in one transaction: all of it or nothing."""
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    return _start("pg_restore", major, options, stdin=subprocess.PIPE, stderr=errors)


def finish(process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
    """Wait for the program. Raises BackupError with the end of what it said."""
    if process.wait() != 0:
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip()
        program = Path(str(process.args[0])).name  # type: ignore[index]
        raise BackupError("backup.program_failed", program=program, reason=said[-400:] or process.returncode)


@contextmanager
def databases() -> Iterator[Any]:
    """A cursor outside transactions on the platform's server, to make and drop databases with; closed at the end."""
    made = connect()
    made.autocommit = True
    try:
        with made.cursor() as cursor:
            yield cursor
    finally:
        made.close()


def _start(name: str, major: int, options: list[str], **streams: Any) -> "subprocess.Popen[bytes]":
    program = providers.client_program(name, major)
    if program is None:
        raise BackupError("backup.no_program", program=name, major=major)
    parameters = _parameters()
    password = parameters.pop("password", "")
    # The password is in the environment of this one process: arguments are for everybody to read.
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"}
    command = [str(program), f"--dbname={make_dsn(**parameters)}", *options]
    return subprocess.Popen(command, env=environment, start_new_session=True, **streams)


def _parameters() -> dict[str, Any]:
    """The driver's keywords without those of Django."""
    given = connection.get_connection_params()
    return {name: value for name, value in given.items() if isinstance(value, str | int) and name != "client_encoding"}
