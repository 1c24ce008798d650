"""Sources on a real server, and a line to it that may be cut."""

import os
import socket
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg2

from assets.models import DataSource
from assets.services import requests, sources
from core.models import Job
from tests.assets.support import finished

PASSWORD = "reader-pass-1"


class PostgresSource:
    """A database of its own on the test server: ``admin`` changes it, the platform reads it as ``reader``."""

    def __init__(self, admin: Any, database: str, reader: str, bureau: SimpleNamespace, parameters: dict[str, Any]):
        self.admin, self.database, self.reader, self.bureau = admin, database, reader, bureau
        self.row: DataSource = sources.register_source(
            actor=bureau.manager, agency=bureau.agency, kind="postgresql", name=f"户籍库 {database}",
            parameters=parameters, secrets={"password": PASSWORD},
        )  # fmt: skip

    def run(self, script: str) -> None:
        with self.admin.cursor() as cursor:
            cursor.execute(script)

    def census(self) -> Job:
        return finished(requests.request_census(actor=self.bureau.manager, source=self.row))

    def scan(self) -> Job:
        return finished(requests.request_scan(actor=self.bureau.manager, source=self.row))

    def test(self) -> Job:
        return finished(requests.test_source(actor=self.bureau.manager, source=self.row))


def make_postgres(
    server: str, bureau: SimpleNamespace, script: str, *, number: int = 0, port: int | None = None
) -> PostgresSource:
    """A new database with ``script`` run in it, and a role that may only read what is granted to it."""
    database, reader = f"flow_{os.getpid()}_{number}", f"reader_{os.getpid()}_{number}"
    first = psycopg2.connect(server)
    first.autocommit = True
    with first.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {reader} LOGIN PASSWORD '{PASSWORD}'")
        cursor.execute(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    first.close()
    parts = urlsplit(server)
    admin = psycopg2.connect(parts._replace(path=f"/{database}").geturl())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(script)
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}")
    where = {"host": parts.hostname or "127.0.0.1", "port": port or parts.port or 5432}
    return PostgresSource(admin, database, reader, bureau, {**where, "user": reader, "database": database})


def drop_postgres(server: str, made: PostgresSource) -> None:
    """Remove what ``make_postgres`` made."""
    made.admin.close()
    admin = psycopg2.connect(server)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {made.database} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {made.reader}")
    admin.close()


class Proxy:
    """Passes bytes to the server, until told to cut the line: at once, or after so many bytes of answer."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self.target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.left: int | None = None  # bytes of answer until the cut; None: no cut
        self.cuts = 0  # how many lines are still to be cut; further ones pass
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listening.close()

    def cut_after(self, count: int, *, times: int) -> None:
        """Cut the next ``times`` lines, each after ``count`` bytes of answer."""
        self.left, self.cuts = count, times

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                server = socket.create_connection(self.target)
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if answers and self.left is not None and self.cuts and passed > self.left:
                    self.cuts -= 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
