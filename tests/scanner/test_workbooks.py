"""Workbooks: typed cells, headers as people draw them, and files made to harm whoever opens them."""

import datetime
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from scanner.connectors import workbook
from scanner.connectors.files import Files
from scanner.errors import SourceError
from scanner.guard import Limits


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Files]:
    with Files({"path": str(tmp_path)}) as connector:
        yield connector


def save(path: Path, sheets: dict[str, list[list[Any]]], merged: dict[str, list[str]] | None = None) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in (merged or {}).get(name, ()):
            sheet.merge_cells(cells)
    book.save(path)
    return path


def repack(path: Path, changes: dict[str, bytes | None]) -> None:
    """The same archive with members added, replaced or (None) left out."""
    with zipfile.ZipFile(path) as archive:
        members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | changes).items():
            if content is not None:
                archive.writestr(name, content)


def rows(source: Files, name: str) -> list[dict[str, Any]]:
    table = source.describe("", name)
    return [row for batch in source.read(table, table.columns) for row in batch.to_pylist()]


def test_each_sheet_is_a_table_and_an_empty_one_is_none(source: Files, tmp_path: Path) -> None:
    save(tmp_path / "书.xlsx", {"人 口": [["a"], [1]], "空": [], "b.c": [["x"]]})
    snapshot = source.snapshot()
    assert [(table.name, table.row_estimate) for table in snapshot.tables] == [("书.b.c", 0), ("书.人 口", 1)]
    assert snapshot.unreadable == ()
    assert rows(source, "书.人 口") == [{"a": "1"}]


@pytest.mark.parametrize(
    ("cells", "kind", "texts"),
    [
        ([1, 20, None, -3.0], "integer", ["1", "20", None, "-3"]),
        ([1, 2.5, 0.1], "decimal", ["1", "2.5", "0.1"]),
        (["001", "2"], "text", ["001", "2"]),
        (["330102199001011234"], "text", ["330102199001011234"]),
        ([1, "x", True, datetime.date(2020, 1, 1)], "text", ["1", "x", "true", "2020-01-01"]),
        ([True, False], "boolean", ["true", "false"]),
        ([datetime.date(2020, 2, 29), datetime.datetime(1999, 12, 31)], "date", ["2020-02-29", "1999-12-31"]),
        (
            [datetime.datetime(2020, 1, 1, 10, 30), datetime.date(2020, 1, 2)],
            "timestamp",
            ["2020-01-01T10:30:00", "2020-01-02T00:00:00"],
        ),
        ([datetime.time(8, 30)], "time", ["08:30:00"]),
        (["中\n文", " x ", "\u3000"], "text", ["中\n文", " x ", "\u3000"]),
    ],
)
def test_cells_keep_their_type(source: Files, tmp_path: Path, cells: list[Any], kind: str, texts: list[Any]) -> None:
    save(tmp_path / "b.xlsx", {"s": [["k", "v"], *([1, cell] for cell in cells)]})
    column = source.describe("", "b.s").columns[1]
    assert (column.type, column.comment) == (kind, "")
    assert [row["v"] for row in rows(source, "b.s")] == texts


def test_lost_digits_are_said_and_not_shown_as_exact(source: Files, tmp_path: Path) -> None:
    save(tmp_path / "b.xlsx", {"s": [["id", "n"], [330102199001011234, 1], [5, 2]]})
    column, other = source.describe("", "b.s").columns
    assert (column.type, column.comment, other.comment) == ("float", workbook.LOST_DIGITS, "")
    lost, kept = (row["id"] for row in rows(source, "b.s"))
    assert re.fullmatch(r"3\.30102199001011\d*e\+17", lost)
    assert kept == "5.0"


HEADERS: list[tuple[list[list[Any]], list[str], list[str], int]] = [
    ([["某市人口表", None, None], ["a", "b", "c"], [1, 2, 3]], ["A1:C1"], ["a", "b", "c"], 1),
    ([["某市人口表"], ["a", "b", "c"], [1, 2, 3]], [], ["a", "b", "c"], 1),
    ([[None, None], ["a", "b"], [1, 2], [3, 4]], [], ["a", "b"], 2),
    (
        [["姓名", "出生", None], [None, "年", "月"], ["x", 1990, 1]],
        ["A1:A2", "B1:C1"],
        ["姓名", "出生/年", "出生/月"],
        1,
    ),
    ([["a", None, "a"], [1, 2, 3]], [], ["a", "column_2", "a_2"], 1),
    ([["a\nb", 2020.0], [1, 2]], [], ["a b", "2020"], 1),
    ([["only"], ["x"], ["y"]], [], ["only"], 2),
]


@pytest.mark.parametrize(("cells", "merged", "names", "count"), HEADERS)
def test_headers_as_people_draw_them(
    source: Files, tmp_path: Path, cells: list[list[Any]], merged: list[str], names: list[str], count: int
) -> None:
    save(tmp_path / "b.xlsx", {"s": cells}, {"s": merged})
    table = source.describe("", "b.s")
    assert ([column.name for column in table.columns], table.row_estimate) == (names, count)


SHEET = "xl/worksheets/sheet1.xml"
MAIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
FAR = (
    MAIN
    + b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
ENTITY = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + MAIN + b"</sheetData></worksheet>"

HOSTILE: list[tuple[dict[str, bytes | None], str, str]] = [
    ({SHEET: FAR}, "file_rejected", "cells"),
    ({SHEET: FAR.replace(b'"', b"'")}, "file_rejected", "cells"),
    ({SHEET: ENTITY}, "file_rejected", "entity"),
    ({SHEET: ENTITY.decode().encode("utf-16")}, "file_rejected", "entity"),
    ({"xl/big.bin": b"0" * (50 << 20)}, "file_rejected", "packed"),
    ({"../evil.xml": b"x"}, "file_rejected", "leads out"),
    ({"/etc/evil.xml": b"x"}, "file_rejected", "leads out"),
    ({"xl\\..\\..\\evil.xml": b"x"}, "file_rejected", "leads out"),
    ({f"xl/{number}": b"" for number in range(2001)}, "file_rejected", "parts"),
    ({"xl/workbook.xml": None}, "not_a_workbook", "not an Excel workbook"),
    ({SHEET: MAIN + b"<row"}, "not_a_workbook", "not an Excel workbook"),
    ({"xl/workbook.xml": b"not xml"}, "not_a_workbook", "not an Excel workbook"),
]


@pytest.mark.parametrize(("changes", "code", "says"), HOSTILE)
def test_a_hostile_workbook_is_rejected_and_the_rest_is_read(
    source: Files, tmp_path: Path, changes: dict[str, bytes | None], code: str, says: str
) -> None:
    repack(save(tmp_path / "bad.xlsx", {"s": [["a"], [1]]}), changes)
    save(tmp_path / "good.xlsx", {"s": [["a"], [1]]})
    snapshot = source.snapshot()
    ((item),) = snapshot.unreadable
    assert (item.object, item.code) == ("bad.xlsx", code)
    assert says in item.reason
    assert [table.name for table in snapshot.tables] == ["good.s"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + b"\xff" * 200, b"\xd0\xcf\x11\xe0" * 200])
def test_a_workbook_that_is_none(source: Files, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.xlsx").write_bytes(content)
    (item,) = source.snapshot().unreadable
    assert (item.object, item.code, item.reason) == (
        "b.xlsx",
        "not_a_workbook",
        "b.xlsx is not an Excel workbook (xlsx)",
    )


def test_a_damaged_archive(source: Files, tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"s": [[f"c{n}" for n in range(50)]] * 100})
    content = bytearray(path.read_bytes())
    for at in range(300, len(content) - 1200, 97):
        content[at] ^= 0xFF
    path.write_bytes(content)
    (item,) = source.snapshot().unreadable
    assert item.code in ("not_a_workbook", "file_rejected")


def test_a_child_that_needs_too_much_is_ended_and_nothing_else(tmp_path: Path) -> None:
    """Past the guard a parser may still be lured: memory and time end the child, never the worker."""
    path = save(tmp_path / "b.xlsx", {"s": [["a"], [1]]})
    for limits in (Limits(workbook_memory=64 << 20), Limits(workbook_seconds=0.01)):
        with pytest.raises(SourceError) as caught:
            workbook.Workbook(path, "b.xlsx", limits)
        assert (caught.value.code, caught.value.params["path"]) == ("file_rejected", "b.xlsx")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    folder = tmp_path / "folder"
    folder.mkdir()
    save(folder / "b.xlsx", {"s": [["a"], [1]]})
    (folder / "bad.xlsx").write_bytes(b"x")
    with Files({"path": str(folder)}) as source:
        assert rows(source, "b.s") == [{"a": "1"}]
    assert list(scratch.iterdir()) == []
