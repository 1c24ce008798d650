"""SQLite types values, not columns: what a column really holds decides; and the file is never touched."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.connectors.registry import open_source
from scanner.connectors.sqlite import SQLite
from scanner.errors import SourceError
from scanner.model import ForeignKey, Index, ValueClass

SCHEMA = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'NULL', free);
CREATE TABLE child (a INT, b TEXT, parent REFERENCES parent, up INT GENERATED ALWAYS AS (a + 1), PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE INDEX by_name ON parent (name, lower(name));
CREATE UNIQUE INDEX by_free ON parent (free);
CREATE VIEW seen AS SELECT id, name || '!' AS loud FROM parent;
CREATE TABLE lost (x); CREATE VIEW broken AS SELECT * FROM lost; DROP TABLE lost;
INSERT INTO parent VALUES (1, 'a', 5), (2, 'b', 6);
"""

HELD: list[tuple[str, list[Any], ValueClass, list[str | None]]] = [
    ("INTEGER", [1, -5, None, 2**62], ValueClass.INTEGER, ["1", "-5", None, str(2**62)]),
    ("INTEGER", [1, "abc"], ValueClass.TEXT, ["1", "abc"]),
    ("INTEGER", [1, 1.5], ValueClass.DECIMAL, ["1", "1.5"]),
    ("BOOLEAN", [1, 0], ValueClass.INTEGER, ["1", "0"]),
    ("REAL", [1, 1e20, -0.0, float("inf")], ValueClass.FLOAT, ["1.0", "1e+20", "0.0", "Infinity"]),
    ("DECIMAL(10,2)", ["1.10", 1.10, 5, 1e20], ValueClass.DECIMAL, ["1.1", "1.1", "5", "1" + "0" * 20]),
    ("NUMERIC", [], ValueClass.DECIMAL, []),
    ("VARCHAR(5)", ["007", "", None, "longer than five"], ValueClass.TEXT, ["007", "", None, "longer than five"]),
    ("CHAR(4)", ["ab", "ab  "], ValueClass.TEXT, ["ab", "ab  "]),  # SQLite does not pad, so blanks are values
    ("DATE", ["2020-02-29", None], ValueClass.DATE, ["2020-02-29", None]),
    ("DATE", ["2020-02-30"], ValueClass.TEXT, ["2020-02-30"]),
    ("DATE", ["20200101"], ValueClass.INTEGER, ["20200101"]),
    ("DATETIME", ["2020-01-01 10:00:00", "2020-01-01T10:00:00.5"], ValueClass.TIMESTAMP,
     ["2020-01-01T10:00:00", "2020-01-01T10:00:00.500000"]),
    ("TIMESTAMP", ["2020-01-01 25:00:00"], ValueClass.TEXT, ["2020-01-01 25:00:00"]),
    ("TIME", ["10:00:00"], ValueClass.TIME, ["10:00:00"]),
    ("BLOB", [b"\x00\xff", b""], ValueClass.BINARY, ["00ff", ""]),
    ("TEXT", [b"ab", "ab"], ValueClass.TEXT, ["X'6162'", "ab"]),  # the blob and the text are two values
    ("", ["x", 1, None], ValueClass.TEXT, ["x", "1", None]),
    ("", [3, 4], ValueClass.INTEGER, ["3", "4"]),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "数据 #1?.db"
    with sqlite3.connect(found) as connection:
        connection.executescript(SCHEMA)
    connection.close()
    return found


@pytest.fixture
def source(path: Path) -> Iterator[SQLite]:
    with SQLite({"path": str(path)}) as connector:
        yield connector


def rows(source: SQLite, name: str) -> list[dict[str, Any]]:
    table = source.describe("main", name)
    return [row for batch in source.read(table, table.columns) for row in batch.to_pylist()]


def test_tables_keys_indexes_and_views(source: SQLite) -> None:
    snapshot = source.snapshot()
    child, parent, seen = snapshot.tables
    assert [(table.name, table.kind, table.row_estimate) for table in snapshot.tables] == [
        ("child", "table", 0), ("parent", "table", 2), ("seen", "view", None),
    ]  # fmt: skip
    assert child.primary_key == ("b", "a")
    assert [column.name for column in child.columns] == ["a", "b", "parent", "up"]
    assert child.foreign_keys == (ForeignKey(("parent",), "main", "parent", ("id",)),)
    assert parent.indexes == (Index("by_free", ("free",), True), Index("by_name", ("name", "(expression)"), False))
    assert [(c.type, c.nullable, c.default) for c in parent.columns] == [
        ("INTEGER", False, None), ("TEXT", False, "'NULL'"), ("", True, None),
    ]  # fmt: skip
    assert [column.name for column in seen.columns] == ["id", "loud"]


def test_a_broken_view_makes_only_itself_unreadable(source: SQLite) -> None:
    (item,) = source.snapshot().unreadable
    assert (item.object, item.reason, item.code) == ("main.broken", "no such table: main.lost", "read_failed")


@pytest.mark.parametrize(("declared", "values", "value_class", "texts"), HELD)
def test_the_values_decide_the_class(
    path: Path, declared: str, values: list[Any], value_class: ValueClass, texts: list[str | None]
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE held (v {declared})")
        connection.executemany("INSERT INTO held VALUES (?)", [(value,) for value in values])
    connection.close()
    with SQLite({"path": str(path)}) as source:
        (column,) = source.describe("main", "held").columns
        assert (column.type, column.value_class) == (declared, value_class)
        assert [row["v"] for row in rows(source, "held")] == texts


def test_text_that_is_not_utf8(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE old (t TEXT)")
        for written in ("张三".encode(), "张三".encode("gb18030"), b"\xff", b"a\0b"):
            connection.execute("INSERT INTO old VALUES (CAST(? AS TEXT))", (written,))
    connection.close()
    with SQLite({"path": str(path)}) as source:
        assert [row["t"] for row in rows(source, "old")] == ["张三", "张三", "\\xff", "a\0b"]


def test_the_file_is_opened_read_only(source: SQLite, path: Path) -> None:
    before = path.read_bytes()
    for sql in (
        "INSERT INTO parent VALUES (3, 'c', 1)",
        "PRAGMA query_only = OFF; DELETE FROM parent",
        "ATTACH '/tmp/x.db' AS x",
        "DROP TABLE parent",
        "VACUUM INTO '/tmp/x.db'",
    ):
        with pytest.raises(SourceError):
            source.execute(sql)
    source.execute("PRAGMA query_only = OFF")
    with pytest.raises(SourceError, match="readonly"):
        source.execute("DELETE FROM parent")
    assert path.read_bytes() == before
    assert sorted(os.listdir(path.parent)) == [path.name]
    assert source.snapshot().privileges.can_write is False


def test_a_database_that_is_being_written(path: Path) -> None:
    """A write-ahead log beside the file belongs to the data."""
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO parent VALUES (3, 'c', 7)")
    writer.commit()
    with SQLite({"path": str(path)}) as source:
        assert source.describe("main", "parent").name == "parent"
        assert len(rows(source, "parent")) == 3
    writer.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"no database at all" * 100, "not_sqlite"), (b"SQLite format 3\0" + b"\xff" * 500, "not_sqlite"), (b"", None)],
)
def test_what_is_no_database(tmp_path: Path, content: bytes, code: str | None) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(content)
    with SQLite({"path": str(file)}) as source:
        if code is None:  # an empty file is an empty database
            assert source.snapshot().tables == ()
        else:
            with pytest.raises(SourceError) as caught:
                source.snapshot()
            assert caught.value.code in (code, "read_failed")
            assert "x.db" in str(caught.value) or caught.value.code == "read_failed"


@pytest.mark.parametrize("name", ["missing.db", ".", "pipe"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with SQLite({"path": str(tmp_path / name)}) as source, pytest.raises(SourceError) as caught:
        source.test()
    assert caught.value.code == "no_such_path"


def test_a_damaged_table_is_an_error_and_not_an_end(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany("INSERT INTO parent VALUES (?, ?, ?)", [(n, "x" * 500, n) for n in range(10, 3000)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[40_000:200_000] = b"\xa5" * 160_000
    path.write_bytes(content)
    with SQLite({"path": str(path)}) as source, pytest.raises(SourceError) as caught:
        rows(source, "parent")
    assert caught.value.code == "read_failed"


def test_a_statement_without_end_is_ended(path: Path) -> None:
    from scanner.guard import Limits

    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with open_source("sqlite", {"path": str(path)}, limits=Limits(statement_seconds=0.2)) as source:
        with pytest.raises(SourceError, match="longer than allowed"):
            source.execute(endless)
        assert source.execute("SELECT 1") == [(1,)]


def test_a_python_function_for_the_push_plan(source: SQLite) -> None:
    source.register_function("twice", 1, lambda text: text * 2)
    assert source.execute("SELECT twice(name) FROM parent WHERE id = ?", [1]) == [("aa",)]


def test_a_copy_elsewhere_reads_the_same(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "100%" / "x.db"
    copy.parent.mkdir()
    shutil.copy(path, copy)
    with SQLite({"path": str(copy)}) as source:
        assert len(rows(source, "parent")) == 2
