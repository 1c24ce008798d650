"""One small estate made in every kind of source, and what a connector must say of it."""

import csv
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.guard import Limits
from scanner.source import parse_source

Rows = Sequence[Sequence[Any]]

HEADER = ("id", "姓名", "note", "born", "score")
PEOPLE: Rows = (
    (1, "张三", "", "1990-01-31", "1.10"),
    (2, "q\"uo'te, \\ and\nline\ttab", None, None, "-3"),
    (3, "𠀀😀\u3000", "NA", "2000-02-29", "100000.25"),
    (9007199254740993, "\ufeffx", "null", "0001-01-01", None),
)
EXPECTED = [
    {"id": "1", "姓名": "张三", "note": "", "born": "1990-01-31", "score": "1.1"},
    {"id": "2", "姓名": "q\"uo'te, \\ and\nline\ttab", "note": None, "born": None, "score": "-3"},
    {"id": "3", "姓名": "𠀀😀\u3000", "note": "NA", "born": "2000-02-29", "score": "100000.25"},
    {"id": "9007199254740993", "姓名": "\ufeffx", "note": "null", "born": "0001-01-01", "score": None},
]
ODD_TABLE, ODD_COLUMN = "We'i;r\"d` %s :x 表😀\u202e", "c%d; \"q\" ` 'é' :y"


@dataclass
class Estate:
    """A source of one kind that tests may add to."""

    kind: str
    schema: str
    url: str
    password: str
    create: Callable[[str, Sequence[str], Rows], None]  # table, column definitions or names, rows

    def open(self, **limits: Any) -> Connector:
        return open_source(*parse_source(self.url, self.password), limits=Limits(**limits))


def fill(estate: Estate) -> None:
    """People, an empty table, and one whose names are made to break statements."""
    types = {
        "postgresql": ("bigint PRIMARY KEY", "text", "varchar(50)", "date", "numeric(12,2)"),
        "mysql": ("bigint PRIMARY KEY", "varchar(80)", "varchar(50)", "date", "decimal(12,2)"),
        "sqlite": ("INTEGER PRIMARY KEY", "TEXT", "VARCHAR(50)", "DATE", "DECIMAL(12,2)"),
        "files": ("", "", "", "", ""),
    }[estate.kind]
    mark = _quote(estate.kind)
    estate.create("people", [f"{mark(n)} {t}" for n, t in zip(HEADER, types, strict=True)], PEOPLE)
    estate.create("empty", [f"{mark('a')} {_text(estate.kind)}"], [])
    estate.create(ODD_TABLE, [f"{mark(ODD_COLUMN)} {_text(estate.kind)}"], [["x"]])


def add_tables(estate: Estate, count: int) -> None:
    mark = _quote(estate.kind)
    for number in range(count):
        estate.create(f"more_{number}", [f"{mark('a')} {_text(estate.kind)}", f"{mark('b')} {_text(estate.kind)}"], [])


def _text(kind: str) -> str:
    return "varchar(50)" if kind == "mysql" else "text"


def _quote(kind: str) -> Callable[[str], str]:
    def quoted(name: str) -> str:
        if kind == "mysql":
            return "`" + name.replace("`", "``") + "`"
        return '"' + name.replace('"', '""') + '"'

    return quoted


@contextmanager
def postgresql(server: str, name: str) -> Iterator[Estate]:
    import psycopg2  # optional driver

    admin = psycopg2.connect(server)
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    parts = urlsplit(server)
    connection = psycopg2.connect(parts._replace(path=f"/{name}").geturl())
    connection.autocommit = True

    def create(table: str, columns: Sequence[str], rows: Rows) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {_quote('postgresql')(table)} ({', '.join(columns)})")
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                name = _quote("postgresql")(table).replace("%", "%%")
                cursor.execute(f"INSERT INTO {name} VALUES ({marks})", tuple(row))

    bare = f"postgresql://{parts.username}@{parts.hostname}:{parts.port or 5432}/{name}"
    yield Estate("postgresql", "public", bare, unquote(parts.password or ""), create)
    connection.close()
    admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@contextmanager
def mysql(server: str, name: str) -> Iterator[Estate]:
    import pymysql  # optional driver

    parts = urlsplit(server)
    password = unquote(parts.password or "")
    connection = pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username or "", password=password, charset="utf8mb4",
        init_command="SET sql_mode = '', time_zone = '+00:00'", autocommit=True,
    )  # fmt: skip
    connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    connection.select_db(name)

    def create(table: str, columns: Sequence[str], rows: Rows) -> None:
        safe = _quote("mysql")(table.replace("😀", "")), ", ".join(columns)  # names of MySQL end at U+FFFF
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {safe[0]} ({safe[1]})")
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                cursor.execute(f"INSERT INTO {safe[0].replace('%', '%%')} VALUES ({marks})", tuple(row))

    bare = f"mysql://{parts.username}@{parts.hostname}:{parts.port or 3306}/{name}"
    yield Estate("mysql", name, bare, password, create)
    connection.cursor().execute(f"DROP DATABASE {name}")
    connection.close()


@contextmanager
def sqlite(folder: Path) -> Iterator[Estate]:
    path = folder / "数据 库 100%.db"
    connection = sqlite3.connect(path)

    def create(table: str, columns: Sequence[str], rows: Rows) -> None:
        connection.execute(f"CREATE TABLE {_quote('sqlite')(table)} ({', '.join(columns)})")
        for row in rows:
            connection.execute(
                f"INSERT INTO {_quote('sqlite')(table)} VALUES ({', '.join('?' * len(row))})", tuple(row)
            )
        connection.commit()

    yield Estate("sqlite", "main", f"sqlite://{quote(str(path))}", "", create)
    connection.close()


@contextmanager
def files(folder: Path) -> Iterator[Estate]:
    root = folder / "文件 夹 100%"
    root.mkdir()

    def create(table: str, columns: Sequence[str], rows: Rows) -> None:
        names = [column.rsplit(" ", 1)[0].strip().strip('"').replace('""', '"') for column in columns]
        with (root / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL)
            writer.writerow(names)
            for row in rows:
                file.write(",".join(_field(value) for value in row) + "\r\n")

    yield Estate("files", "", f"files://{quote(str(root))}", "", create)


def _field(value: Any) -> str:
    """A null is written as nothing at all, an empty string in quotes."""
    return "" if value is None else '"' + str(value).replace('"', '""') + '"'
