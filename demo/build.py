"""Builds the estate: databases on a source server, SQLite files and folders below a directory, and the truth.

PGPASSWORD=… python -m demo.build DIRECTORY HOST PORT SUPERUSER    builds everything and prints it
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.generate import Filled, fill
from demo.spec import SourceSpec, sources
from demo.writers.databases import READER, WRITER, write_mysql, write_postgresql, write_sqlite
from demo.writers.files import write_files

TRUTH = Path(__file__).parent / "truth.json"
WRITE_CAPABLE = {"yibao_js"}  # registered with an account that may write: the census flags it


@dataclass(frozen=True)
class Built:
    """Where a source stands now: what an administrator would type into the registration form."""

    spec: SourceSpec
    kind: str
    parameters: dict[str, Any]
    secrets: dict[str, str]


def build(
    directory: Path,
    postgresql: dict[str, Any],
    mysql: dict[str, Any] | None,
    passwords: dict[str, str],
    progress: Callable[[str], None] = lambda _: None,
) -> list[Built]:
    """Makes every source that this machine can hold.

    ``postgresql`` and ``mysql`` are driver keywords of an administrator on the source servers; without ``mysql``
    the MariaDB source is left out. ``passwords`` are those of the census accounts.
    """
    built = []
    for spec in sources():
        kind = spec.kind.partition("-")[0]
        if kind == "mysql" and mysql is None:
            continue
        progress(spec.name)
        tables = fill(spec)
        if kind == "postgresql":
            write_postgresql(_dsn(postgresql), spec, tables, passwords)
            account = WRITER if spec.key in WRITE_CAPABLE else READER
            parameters = _server(postgresql) | {"database": spec.key, "user": account}
            built.append(Built(spec, kind, parameters, {"password": passwords[account]}))
        elif kind == "mysql":
            assert mysql is not None
            write_mysql(mysql, spec, tables, passwords)
            parameters = _server(mysql) | {"database": spec.key, "user": READER}
            built.append(Built(spec, kind, parameters, {"password": passwords[READER]}))
        elif kind == "sqlite":
            directory.mkdir(parents=True, exist_ok=True)
            write_sqlite(directory / f"{spec.key}.db", tables)
            built.append(Built(spec, kind, {"path": str(directory / f"{spec.key}.db")}, {}))
        else:
            write_files(directory / spec.key, spec.kind.partition("-")[2], tables)
            built.append(Built(spec, kind, {"path": str(directory / spec.key)}, {}))
    return built


def truth() -> list[dict[str, Any]]:
    """Every rule that a planted fault breaks: {"source","schema","table","rows","kind","columns","parameters","failed"}."""
    return [_entry(spec, table, rule) for spec in sources() for table in fill(spec) for rule in table.truth]


def _entry(spec: SourceSpec, table: Filled, rule: dict[str, Any]) -> dict[str, Any]:
    name = f"{table.spec.name}.Sheet1" if spec.kind == "files-xlsx" else table.spec.name
    place = {"source": spec.key, "schema": _schema(spec, table), "table": name, "rows": table.spec.rows}
    return place | rule


def _schema(spec: SourceSpec, table: Filled) -> str:
    return {"mysql": spec.key, "sqlite": "main"}.get(spec.kind, table.spec.schema)


def _server(keywords: dict[str, Any]) -> dict[str, Any]:
    return {"host": keywords["host"], "port": keywords["port"]}


def _dsn(keywords: dict[str, Any]) -> str:
    return " ".join(f"{name}='{value}'" for name, value in keywords.items())


def main(arguments: list[str]) -> None:
    if arguments == ["--truth"]:
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in truth())
        TRUTH.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        return
    directory, host, port, user = arguments
    keywords = {
        "host": host,
        "port": int(port),
        "user": user,
        "password": os.environ["PGPASSWORD"],
        "dbname": "postgres",
    }
    passwords = {READER: os.environ["PGPASSWORD"], WRITER: os.environ["PGPASSWORD"]}
    for item in build(Path(directory), keywords, None, passwords, print):
        print(item.kind, item.parameters)


if __name__ == "__main__":
    main(sys.argv[1:])
