"""The engines that run on this machine, each holding the nasty table: PostgreSQL, MariaDB, SQLite, files (Parquet)."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contracts import nasty
from tests.contracts.places import built, places  # noqa: F401  fixtures


@dataclass(frozen=True)
class Engine:
    """A live engine, its dialect, and how a source URL names its database."""

    dialect: str
    connection: Any  # of the driver; the folder of files
    schema: str
    url: str
    password: str = ""

    def run(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        cursor = self.connection.cursor()
        cursor.execute(sql, tuple(parameters)) if parameters else cursor.execute(sql)
        found = list(cursor.fetchall()) if cursor.description else []
        cursor.close()
        return found


def fill(engine: Engine, name: str, rows: list[nasty.Row]) -> None:
    """(Re)make the nasty table under a name with the given rows."""
    columns = nasty.columns(engine.dialect)
    if engine.dialect == "duckdb":
        arrays = [nasty.arrow_array(column, [row[column.name] for row in rows]) for column in columns]
        pq.write_table(pa.table(arrays, [column.name for column in columns]), engine.connection / f"{name}.parquet")
        return
    cursor = engine.connection.cursor()
    cursor.execute(f"DROP TABLE IF EXISTS {name}")
    cursor.execute(nasty.create_sql(engine.dialect, name))
    mark = "?" if engine.dialect == "sqlite" else "%s"
    sql = f"INSERT INTO {name} VALUES ({', '.join([mark] * len(columns))})"
    for row in rows:
        cursor.execute(sql, tuple(nasty.stored(engine.dialect, column, row[column.name]) for column in columns))
    cursor.close()
    engine.connection.commit()


@pytest.fixture(scope="session")
def postgresql(postgres_server: str) -> Iterator[Engine]:
    import psycopg2  # optional driver

    admin = psycopg2.connect(postgres_server)
    admin.autocommit = True
    name = f"nasty_{os.getpid()}"
    admin.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    parts = urlsplit(postgres_server)
    url = parts._replace(path=f"/{name}")
    connection = psycopg2.connect(url.geturl())
    connection.autocommit = True
    connection.cursor().execute("SET timezone = 'UTC'")
    bare = url._replace(netloc=f"{parts.username}@{parts.hostname or ''}" + (f":{parts.port}" if parts.port else ""))
    yield Engine("postgresql", connection, "public", bare.geturl(), unquote(parts.password or ""))
    connection.close()
    admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@pytest.fixture(scope="session")
def mysql(mariadb_server: str) -> Iterator[Engine]:
    import pymysql  # optional driver

    parts = urlsplit(mariadb_server)
    name = f"nasty_{os.getpid()}"
    connection = pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username or "", password=unquote(parts.password or ""),
        charset="utf8mb4", init_command="SET sql_mode = '', time_zone = '+00:00'", autocommit=True,
    )  # fmt: skip
    connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    connection.select_db(name)
    url = f"mysql://{parts.username}@{parts.hostname}:{parts.port or 3306}/{name}"
    yield Engine("mysql", connection, name, url, unquote(parts.password or ""))
    connection.cursor().execute(f"DROP DATABASE {name}")
    connection.close()


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a MariaDB: the one of MARIADB_URL, else a throw-away server when one is installed."""
    given = os.environ.get("MARIADB_URL")
    if given:
        yield given
        return
    server, install = (
        shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/bin"),
        shutil.which("mariadb-install-db"),
    )
    if not server or not install:
        pytest.skip("no MariaDB on this machine: apt-get install mariadb-server")
    with _mariadb(server, install, tmp_path_factory.mktemp("mariadb")) as port:
        yield f"mysql://root:nasty@127.0.0.1:{port}"


@contextmanager
def _mariadb(server: str, install: str, folder: Path) -> Iterator[int]:
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        [install, f"--datadir={folder}/data", "--auth-root-authentication-method=normal", *user],
        check=True,
        capture_output=True,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    setup = folder / "setup.sql"
    setup.write_text("ALTER USER root@localhost IDENTIFIED BY 'nasty';\n")
    options = [
        f"--datadir={folder}/data",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={folder}/s",
        f"--init-file={setup}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, "--no-defaults", *options, *user], stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the MariaDB of the test session did not start")


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = Path(tmp_path_factory.mktemp("sqlite")) / "nasty.db"
    connection = sqlite3.connect(path)
    yield Engine("sqlite", connection, "main", f"sqlite:///{path}")
    connection.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = Path(tmp_path_factory.mktemp("files"))
    return Engine("duckdb", folder, "", f"files://{folder}")


@pytest.fixture(scope="session", params=["postgresql", "mysql", "sqlite", "files"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.getfixturevalue(request.param)
    return found
