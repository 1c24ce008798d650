"""What a benchmark stands on: its size, the data of that size, the servers. All of it is made when it is first asked for.

Data is kept in `<data directory>/bench` under a name that holds the size and a fingerprint of the code that makes it.
"""

import contextlib
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import psycopg2
import pymysql

from benchmarks import servers
from benchmarks.data import LOCALE
from benchmarks.measuring import BenchmarkFault, environment, python
from datagene.embedded import layout as layouts
from datagene.embedded import mariadb as system_mariadb
from datagene.embedded.layout import PROJECT, Layout
from datagene.embedded.lock import Lock
from datagene.embedded.mariadb import MariaDB
from datagene.embedded.postgres import Postgres

FULL_ROWS, FULL_TABLES, FULL_PROVINCE = 1_000_000, 300, 100_000
FEWEST_ROWS, MOST_ROWS = 1_000, 20_000_000  # of the generator: room for its faults, and for distinct numbers


SEEDS = ("demo/scale",)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the scanner finds something, and what works for it there."""

    url: str
    table: str
    servers: Sequence[int] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)  # environment variables


class Stage(contextlib.ExitStack):
    """Open it with `with`; closing stops the servers. Raises AlreadyRunning when another run has the cache folder."""

    def __init__(
        self, rows: int, tables: int, repeat: int, tell: Callable[[str], None], province: int = FULL_PROVINCE
    ) -> None:
        super().__init__()
        if not FEWEST_ROWS <= rows <= MOST_ROWS:
            raise BenchmarkFault(f"rows must be {FEWEST_ROWS} to {MOST_ROWS}, not {rows}")
        self.rows, self.tables, self.repeat, self.tell, self.province = rows, tables, repeat, tell, province
        self.versions: dict[str, str] = {}

    def __enter__(self) -> "Stage":
        layouts.prepare(Layout(layouts.data_directory()))
        layouts.prepare(self.place)
        self.place.binaries.mkdir(mode=0o755, exist_ok=True)
        lock = Lock(self.place.lock)
        lock.acquire("benchmarks")
        self.callback(lock.release)
        return self

    @property
    def full(self) -> bool:
        """Whether this is the size that the goals speak of."""
        return (self.rows, self.tables, self.province) == (FULL_ROWS, FULL_TABLES, FULL_PROVINCE)

    @cached_property
    def place(self) -> Layout:
        return Layout(layouts.data_directory() / "bench")

    @cached_property
    def folder(self) -> Path:
        """The Parquet files (in `files`), `rules.json` and `truth.json`."""
        folder = self.place.data / f"population_{self.rows}_{fingerprint()}"
        if not folder.is_dir():
            for old in self.place.data.glob(f"population_{self.rows}_*"):
                shutil.rmtree(old)
            self.tell(f"making {self.rows} rows (once)")
            aside = folder.with_suffix(".tmp")
            shutil.rmtree(aside, ignore_errors=True)
            _make(python("-m", "benchmarks.data.making", str(aside), str(self.rows)))
            aside.rename(folder)
        return folder

    @cached_property
    def truth(self) -> Any:
        """{"rows", "rules": {id: {"evaluated", "failed"}}, "columns": {name: {"nulls", "distinct", "top"}}}"""
        return json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))

    @property
    def rules(self) -> str:
        """The path of the 40 rules."""
        return str(self.folder / "rules.json")

    def files(self) -> Source:
        return Source(f"files://{self.folder}/files", "population")

    @cached_property
    def server(self) -> Postgres:
        """The embedded one, or another that `DATAGENE_POSTGRES` names; each major version has a cluster of its own."""
        server = self.enter_context(servers.postgresql(self.place, self.tell))
        self.versions["PostgreSQL"] = servers.version(server)
        return server

    def postgresql(self) -> Source:
        """The population and the tables it refers to."""
        command = python("-m", "benchmarks.data.loading", "postgresql", str(self.folder / "files"))
        return self._database(f"population_{self.rows}_{fingerprint()}", command, "public.population")

    def estate(self, tables: int) -> Source:
        """A database of so many small tables."""
        return self._database(
            f"estate_{tables}_{fingerprint()}", python("-m", "benchmarks.data.estate", str(tables)), ""
        )

    def catalogue(self, elements: int) -> Source:
        """The platform's own database with so many data elements in force and nothing else."""
        fill = python("-m", "benchmarks.data.catalogue", str(elements))
        return self._database(
            f"catalogue_{elements}_{fingerprint('benchmarks/data', 'genes/migrations', 'standards/migrations')}",
            fill,
            "",
        )

    def province_database(self) -> Source:
        """The platform's own database with the metadata of a province in it (`manage.py seed_scale`)."""
        size = [str(self.province), str(self.province * 20)]
        name = f"province_{self.province}_{fingerprint(*SEEDS)}"
        found = self._database(name, python("-m", "benchmarks.data.province", *size), "")
        _make(python("-m", "benchmarks.data.province"), found.secrets)  # whatever migrations came since
        return found

    @contextlib.contextmanager
    def province_copy(self) -> Iterator[Source]:
        """A copy of it that may be written to, and is thrown away."""
        original, name = self.province_database(), f"copy_{self.province}"
        with contextlib.closing(psycopg2.connect(self.server.url())) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {original.secrets['PGDATABASE']} STRATEGY FILE_COPY")
            try:
                yield replace(original, secrets={**original.secrets, "PGDATABASE": name})
            finally:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def mariadb(self) -> Source | None:
        """The population in MariaDB; None when the system has no MariaDB."""
        if not system_mariadb.available():
            return None
        server, name = self._mariadb, f"population_{self.rows}_{fingerprint()}"
        account = {
            "MYSQL_PORT": str(server.port),
            "MYSQL_USER": system_mariadb.USER,
            "MYSQL_PASSWORD": str(server.keywords()["password"]),
            "MYSQL_DATABASE": name,
        }
        with contextlib.closing(pymysql.connect(**server.keywords(), autocommit=True)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT table_schema FROM information_schema.tables WHERE table_name = 'ready'")
            if (name,) not in cursor.fetchall():
                cursor.execute("SHOW DATABASES LIKE %s", [f"population\\_{self.rows}\\_%"])
                for (old,) in cursor.fetchall():
                    cursor.execute(f"DROP DATABASE {old}")
                self.tell(f"loading {self.rows} rows into MariaDB (once)")
                cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
                _make(python("-m", "benchmarks.data.loading", "mysql", str(self.folder / "files")), account)
                cursor.execute(f"CREATE TABLE {name}.ready (id int)")
        url = f"mysql://{system_mariadb.USER}@127.0.0.1:{server.port}/{name}"
        secrets = account | {"SCANNER_PASSWORD": account["MYSQL_PASSWORD"]}
        return Source(url, f"{name}.population", [_pid(server)], secrets)

    @cached_property
    def _mariadb(self) -> MariaDB:
        server = self.enter_context(servers.mariadb(self.place, self.tell))
        self.versions["MariaDB"] = servers.version(server)
        return server

    def _database(self, name: str, command: Sequence[str], table: str) -> Source:
        """A database of the embedded PostgreSQL, filled by the command the first time."""
        secrets = servers.libpq(self.server, name)
        with contextlib.closing(psycopg2.connect(self.server.url())) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT datname FROM pg_database")
            found = {row[0] for row in cursor.fetchall()}
            if name not in found:
                for old in found:
                    if old.rpartition("_")[0] == name.rpartition("_")[0]:
                        cursor.execute(f'DROP DATABASE "{old}"')
                self.tell(f"filling the database {name} (once)")
                aside = f"making_{name}"
                cursor.execute(f'DROP DATABASE IF EXISTS "{aside}"')
                cursor.execute(f'CREATE DATABASE "{aside}" TEMPLATE template0 {LOCALE}')
                _make(command, secrets | {"PGDATABASE": aside})
                cursor.execute(f'ALTER DATABASE "{aside}" RENAME TO "{name}"')
        url = f"postgresql://{secrets['PGUSER']}@127.0.0.1:{self.server.port}/{name}"
        return Source(url, table, [_pid(self.server)], secrets | {"SCANNER_PASSWORD": secrets["PGPASSWORD"]})


@cache
def fingerprint(*folders: str) -> str:
    """Of the code that makes the data: data of other code is made anew."""
    together = hashlib.sha256()
    for folder in folders or ("benchmarks/data",):
        for path in sorted((PROJECT / folder).glob("*.py")):
            together.update(path.read_bytes())
    return together.hexdigest()[:8]


def _make(command: Sequence[str], secrets: Mapping[str, str] | None = None) -> None:
    """Run a program that makes data: in a process of its own, so that ours stays small (children inherit its peak)."""
    done = subprocess.run(
        list(command), cwd=PROJECT, env=environment() | dict(secrets or {}), capture_output=True, text=True
    )
    if done.returncode != 0:
        raise BenchmarkFault(f"{' '.join(command[1:4])} failed: {done.stderr.strip()[-1500:]}")


def _pid(server: Postgres | MariaDB) -> int:
    assert server.child is not None
    return server.child.pid
