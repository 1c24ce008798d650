"""Folders of files: nothing is guessed from a first block, nothing outside the folder is read, nothing collides silently."""

import datetime
import decimal
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanner.connectors.files import Files
from scanner.errors import SourceError
from scanner.guard import Limits

Write = Callable[[str, bytes | str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "共享 文件夹"
    found.mkdir()
    return found


@pytest.fixture
def write(folder: Path) -> Write:
    def written(name: str, content: bytes | str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def source(folder: Path) -> Iterator[Files]:
    with Files({"path": str(folder)}) as connector:
        yield connector


def rows(source: Files, name: str, schema: str = "") -> list[dict[str, Any]]:
    table = source.describe(schema, name)
    return [row for batch in source.read(table, table.columns) for row in batch.to_pylist()]


def types(source: Files, name: str, schema: str = "") -> dict[str, str]:
    return {column.name: column.type for column in source.describe(schema, name).columns}


def refused(source: Files) -> dict[str, tuple[str, str]]:
    return {item.object: (item.code, item.reason) for item in source.snapshot().unreadable}


# -- encodings ---------------------------------------------------------------------------------------------------------

TEXT = "姓名,n\n张三,1\n李四😀,2\n"


@pytest.mark.parametrize(
    "content",
    [TEXT.encode(), "\ufeff".encode() + TEXT.encode(), TEXT.encode("gb18030"), TEXT.encode("utf-16"),
     TEXT.replace("\n", "\r\n").encode(), TEXT.replace("\n", "\r").encode(), TEXT.rstrip().encode("gb18030")],
)  # fmt: skip
def test_the_same_table_in_every_encoding(source: Files, write: Write, content: bytes) -> None:
    write("people.csv", content)
    assert rows(source, "people") == [{"姓名": "张三", "n": "1"}, {"姓名": "李四😀", "n": "2"}]


def test_chinese_far_behind_the_first_block(source: Files, write: Write) -> None:
    lines = ["id,name", *(f"{number},x" for number in range(600_000)), "600000,张三丰"]
    write("late.csv", "\n".join(lines).encode("gb18030"))
    found = rows(source, "late")
    assert (len(found), found[-1]) == (600_001, {"id": "600000", "name": "张三丰"})


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("姓名\n张三\n".encode() + "李四丁\n".encode("gb18030") + "王五\n".encode(), 3),
        ("姓名\n张三丰\n赵六一\n".encode("gb18030") + "李四\n".encode(), 4),
        (b"name\n" + b"x\n" * 50 + b"\xff\xff\xff\n", 52),
    ],
)
def test_mixed_encodings_are_refused_by_file_and_line(source: Files, write: Write, content: bytes, line: int) -> None:
    write("sub/mixed.csv", content)
    write("good.csv", TEXT)
    code, reason = refused(source)["sub/mixed.csv"]
    assert code == "bad_encoding"
    assert reason == f"sub/mixed.csv is neither UTF-8 nor GB18030 (line {line})"
    assert [table.label for table in source.snapshot().tables] == ["good"]
    with pytest.raises(SourceError, match=r"sub/mixed\.csv"):
        source.describe("sub", "mixed")


# -- fields and rows ---------------------------------------------------------------------------------------------------


def test_nothing_is_a_null_and_quotes_are_a_blank(source: Files, write: Write) -> None:
    write("x.csv", 'a,b\n,1\n"",2\nNA,3\nnull,4\n" ",5\nNaN,6\n')
    assert [row["a"] for row in rows(source, "x")] == [None, "", "NA", "null", " ", "NaN"]


def test_quotes_line_ends_and_delimiters_in_values(source: Files, write: Write) -> None:
    write("x.csv", 'a,b\r\n"1,""x""\r\ny",\\\r\n"\t",\'\r\n')
    assert rows(source, "x") == [{"a": '1,"x"\r\ny', "b": "\\"}, {"a": "\t", "b": "'"}]


@pytest.mark.parametrize(("name", "mark"), [("x.tsv", "\t"), ("x.csv", ";"), ("x.csv", "\t"), ("x.csv", "|")])
def test_other_delimiters(source: Files, write: Write, name: str, mark: str) -> None:
    write(name, f"a{mark}b\n1{mark}x,y\n")
    assert rows(source, "x") == [{"a": "1", "b": "x,y"}]


def test_short_rows_are_filled_and_long_ones_refused_unless_empty(source: Files, write: Write) -> None:
    write("short.csv", 'a,b,c\n1\n2,""\n3,4,5,,\n')
    found = sorted(rows(source, "short"), key=lambda row: row["a"])
    assert found == [{"a": "1", "b": None, "c": None}, {"a": "2", "b": "", "c": None}, {"a": "3", "b": "4", "c": "5"}]
    write("long.csv", "a,b\n1,2\n1,2,3\n")
    assert refused(source)["long.csv"] == ("bad_csv", "long.csv is no readable table: row 3 has 3 fields, the header 2")


def test_headers_without_names_or_with_the_same(source: Files, write: Write) -> None:
    write("x.csv", "a,,a, b \n1,2,3,4\n")
    assert rows(source, "x") == [{"a": "1", "column_2": "2", "a_2": "3", "b": "4"}]


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "a,b\r\n", "\ufeffa,b\n\n"])
def test_a_header_alone_is_an_empty_table(source: Files, write: Write, content: str) -> None:
    write("x.csv", content)
    assert (source.snapshot().tables[0].row_estimate, rows(source, "x")) == (0, [])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"a,b\n1,\0\n"])
def test_what_is_no_table_at_all(source: Files, write: Write, content: bytes) -> None:
    write("x.csv", content)
    assert refused(source)["x.csv"][0] in ("bad_csv", "bad_encoding")


# -- types -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-5", "0", "999999999999999"], "integer"),
        (["1", "01"], "text"),
        (["1", "+1"], "text"),
        (["330102199001011234"], "text"),
        (["1", "1.10", "-0.5"], "decimal"),
        (["1", ".5"], "text"),
        (["1e5"], "text"),
        (["1,5"], "text"),
        (["1", " 2"], "text"),
        (["1", '""'], "text"),
        (["1", "NA"], "text"),
        (["2020-02-29", "1900-01-01"], "date"),
        (["2020-02-30"], "text"),
        (["2020-1-1"], "text"),
        (["20200101"], "integer"),
        (["2020-01-01 10:00:00"], "text"),
        (["2020-01-01T10:00:00", "2020-01-01T10:00:00.000001"], "timestamp"),
        (["2020-01-01T24:00:00"], "text"),
        (["true"], "text"),
    ],
)
def test_a_column_is_typed_only_when_every_value_is_written_so(
    source: Files, write: Write, values: list[str], kind: str
) -> None:
    quoted = [value if value == '""' or "," not in value else f'"{value}"' for value in values]
    write("x.csv", "\n".join(["v,w", *(f"{value},x" for value in quoted), ",x"]))
    assert types(source, "x")["v"] == kind


def test_one_text_far_behind_makes_the_column_text(source: Files, write: Write) -> None:
    write("x.csv", "n\n" + "7\n" * 3_000_000 + "x\n")
    assert types(source, "x") == {"n": "text"}
    assert source.describe("", "x").row_estimate == 3_000_001


def test_decimals_are_numbers_by_value(source: Files, write: Write) -> None:
    write("x.csv", "n\n1.10\n1.1\n100.00\n-0.0\n3\n")
    assert [row["n"] for row in rows(source, "x")] == ["1.1", "1.1", "100", "0", "3"]


# -- the folder --------------------------------------------------------------------------------------------------------


def test_sub_folders_are_schemas(source: Files, write: Write) -> None:
    write("a.csv", "x\n1\n")
    write("子/b/c.d.csv", "x\n2\n")
    assert [(table.schema, table.name) for table in source.snapshot().tables] == [("", "a"), ("子/b", "c.d")]
    assert rows(source, "c.d", "子/b") == [{"x": "2"}]


def test_two_files_of_one_stem_are_two_tables(source: Files, write: Write) -> None:
    write("a.csv", "x\n1\n")
    write("a.tsv", "x\n2\n")
    write("b.csv", "x\n3\n")
    assert [table.name for table in source.snapshot().tables] == ["a", "a.tsv", "b"]
    assert (rows(source, "a"), rows(source, "a.tsv")) == ([{"x": "1"}], [{"x": "2"}])


def test_names_in_gb18030(source: Files, folder: Path) -> None:
    place = os.fsencode(folder) + "/人口".encode("gb18030")
    os.mkdir(place)
    with open(place + "/户籍.csv".encode("gb18030"), "wb") as file:
        file.write("姓名\n张三\n".encode("gb18030"))
    assert [(table.schema, table.name) for table in source.snapshot().tables] == [("人口", "户籍")]
    assert rows(source, "户籍", "人口") == [{"姓名": "张三"}]


@pytest.mark.parametrize("times", [2, 12_000_000])
def test_a_quote_that_is_never_closed(source: Files, write: Write, times: int) -> None:
    write("x.csv", 'a,b\n1,x\n1,"2\n' + "3,4\n" * times)
    code, reason = refused(source)["x.csv"]
    assert code == "bad_csv"
    assert "quote" in reason
    assert "closed" in reason


def test_quotes_within_values_are_no_quotes(source: Files, write: Write) -> None:
    write("y.csv", 'a,b\n"two\nlines",2\n5" pipe,1\n')
    assert [row["a"] for row in rows(source, "y")] == ["two\nlines", '5" pipe']


def test_hidden_and_other_files_are_passed_over(source: Files, write: Write) -> None:
    for name in (".hidden.csv", "~$open.xlsx", "notes.txt", "picture.png", ".git/x.csv", "README"):
        write(name, "x\n1\n")
    write("old.xls", "x")
    snapshot = source.snapshot()
    assert snapshot.tables == ()
    assert [(item.object, item.code) for item in snapshot.unreadable] == [("old.xls", "unsupported")]


def test_links_lead_nowhere_but_inside(source: Files, write: Write, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("x\n1\n")
    write("real.csv", "x\n1\n")
    os.symlink(outside / "secret.csv", folder / "out.csv")
    os.symlink(folder / "real.csv", folder / "in.csv")
    os.symlink(outside, folder / "linked")
    os.symlink(folder / "gone.csv", folder / "dangling.csv")
    os.mkfifo(folder / "pipe.csv")
    snapshot = source.snapshot()
    assert [table.label for table in snapshot.tables] == ["in", "real"]
    assert {item.object: item.code for item in snapshot.unreadable} == {
        "out.csv": "outside_folder", "dangling.csv": "no_such_path", "pipe.csv": "no_such_path",
    }  # fmt: skip
    assert str(outside) not in str(snapshot.unreadable)


def test_a_file_that_turns_bad_is_unreadable_and_not_gone(source: Files, write: Write) -> None:
    write("people.csv", TEXT)
    assert [table.name for table in source.snapshot().tables] == ["people"]
    write("people.csv", b"\xff\xff\xff\n")
    assert source.snapshot().tables == ()
    (hidden,) = source.still_there([("", "people"), ("", "never")])
    assert (hidden.object, hidden.code) == ("people", "bad_encoding")


def test_a_changed_file_is_read_anew(source: Files, write: Write) -> None:
    write("x.csv", "n\n1\n")
    assert types(source, "x") == {"n": "integer"}
    write("x.csv", "n,m\nabc,1\n")
    assert types(source, "x") == {"n": "text", "m": "integer"}


@pytest.mark.parametrize("name", ["missing", "file.csv"])
def test_what_is_no_folder(folder: Path, write: Write, name: str) -> None:
    write("file.csv", "x\n1\n")
    with Files({"path": str(folder / name)}) as source, pytest.raises(SourceError) as caught:
        source.snapshot()
    assert caught.value.code == "no_such_path"


def test_too_many_columns_or_bytes(folder: Path, write: Write) -> None:
    write("wide.csv", ",".join(f"c{number}" for number in range(11)) + "\n")
    write("long.csv", "a\n" + "1\n" * 1000)
    with Files({"path": str(folder)}, limits=Limits(columns=10, file_bytes=1000)) as source:
        snapshot = source.snapshot()
        assert [(item.object, item.code) for item in snapshot.unreadable] == [("long.csv", "too_large")]
        assert [(table.name, len(table.columns), table.cut) for table in snapshot.tables] == [("wide", 10, 1)]


# -- Parquet -----------------------------------------------------------------------------------------------------------

MOMENT = datetime.datetime(2020, 1, 1, 1, 2, 3, 500_000)
PARQUET: list[tuple[Any, list[Any], str, list[str | None]]] = [
    (pa.uint64(), [2**64 - 1, None], "integer", ["18446744073709551615", None]),
    (pa.float32(), [0.1, float("nan")], "float", ["0.1", "NaN"]),
    (pa.float64(), [1e16, -0.0, float("-inf")], "float", ["1e+16", "0.0", "-Infinity"]),
    (pa.decimal128(38, 4), [decimal.Decimal("1.1000"), decimal.Decimal("-0.0001")], "decimal", ["1.1", "-0.0001"]),
    (pa.bool_(), [True, False, None], "boolean", ["true", "false", None]),
    (pa.date32(), [datetime.date(1, 1, 1)], "date", ["0001-01-01"]),
    (pa.timestamp("ms"), [MOMENT], "timestamp", ["2020-01-01T01:02:03.500000"]),
    (pa.timestamp("ns"), [datetime.datetime(2020, 1, 1)], "timestamp", ["2020-01-01T00:00:00"]),
    (pa.timestamp("us", "Asia/Shanghai"), [datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)], "timestamptz",
     ["2020-01-01T00:00:00+00:00"]),
    (pa.time64("us"), [datetime.time(1, 2, 3)], "time", ["01:02:03"]),
    (pa.binary(), [b"\0\xff", b""], "binary", ["00ff", ""]),
    (pa.string(), ["", "中", None], "text", ["", "中", None]),
    (pa.dictionary(pa.int8(), pa.large_string()), ["a", "b", "a"], "text", ["a", "b", "a"]),
    (pa.list_(pa.int64()), [[1, None], None], "text", ["[1, null]", None]),
    (pa.struct([("a", pa.string())]), [{"a": "中"}], "text", ['{"a": "中"}']),
    (pa.null(), [None], "text", [None]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "value_class", "texts"), PARQUET)
def test_parquet_values(
    source: Files, folder: Path, kind: Any, values: list[Any], value_class: str, texts: list[str | None]
) -> None:
    pq.write_table(pa.table({"v": pa.array(values, kind)}), folder / "p.parquet")
    table = source.describe("", "p")
    assert (table.columns[0].value_class.value, table.row_estimate) == (value_class, len(values))
    assert [row["v"] for row in rows(source, "p")] == texts


def test_what_is_no_parquet(source: Files, write: Write, folder: Path) -> None:
    write("text.parquet", "a,b\n1,2\n")
    pq.write_table(pa.table({"a": list(range(10_000))}), folder / "cut.parquet")
    (folder / "cut.parquet").write_bytes((folder / "cut.parquet").read_bytes()[:-50])
    assert {name: code for name, (code, _) in refused(source).items()} == {
        "text.parquet": "not_parquet", "cut.parquet": "not_parquet",
    }  # fmt: skip


# -- SQL over files ----------------------------------------------------------------------------------------------------


def test_sql_reaches_the_described_table_and_nothing_else(source: Files, write: Write) -> None:
    write("子/a.csv", "x,y\n1.10,\n2,b\n")
    table = source.describe("子", "a")
    assert source.execute('SELECT count(*), max("x") FROM "子"."a" WHERE "y" = ?', ["b"]) == [(1, "2")]
    (batch,) = source.query('SELECT "x" FROM "子"."a" ORDER BY 1', (), [table.columns[0]])
    assert batch.column(0).to_pylist() == ["1.1", "2"]
    for sql in (
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "COPY (SELECT 1) TO '/tmp/x'", "ATTACH '/tmp/x.db'",
        "SET threads = 1", "INSTALL httpfs", "DELETE FROM \"子\".\"a\"", "SELECT 1; SELECT 2", "SELECT * FROM table",
    ):  # fmt: skip
        with pytest.raises(SourceError):
            source.execute(sql)
