"""One notation, one answer: in Python, PostgreSQL, DuckDB and JSON Schema alike."""

import io
import json
import re
import sys

import duckdb
import pytest
from django.db import connection

from standards import seeds
from standards.notation import NotationError, check, ddl_type, json_schema, main, parse, sql_check

VALUES = (
    "", " ", "a", "A1", "ab123", "a1123", "110105194912310021", "11010519491231002X", "20240229", "20230229", "00000101", "20241301",
    "2024-02-29", "2024-02-29 12:00:00", "2024-02-29T12:00:00", "20240229235960", "20240229235959", "12.3", "123.45", "-123.45", "123.456",
    "1234567890123456789", "+5", "1e5", "是", "true", "TRUE", "男", "汉字😀", "１２", "a\n", "123\n", "'; --", "%s", "\\", "121.4712", "张" * 51,
)  # fmt: skip
NOTATIONS = (
    "an..18", "an18", "a..3", "n1-2", "n..17,2", "n3,1 cm", "n..3,8", "an5(aannn)", "n8 YYYYMMDD", "YYYY-MM-DD", "YYYYMMDDhhmmss", "DT", "c..50",
    "C..10", "C", "I..4", "D16.2", "B", "n6 / c..50", "c..ul", "n2..3 mmHg", "BLOB / URL", "YYYYMM", "hhmmss", "an15-20",
)  # fmt: skip


@pytest.mark.parametrize(
    ("notation", "value", "valid"),
    [
        ("an..18", "11010519491231002X", True), ("an..18", "1" * 19, False), ("an18", "1", False), ("n1", "１", False),
        ("n..17,2", "123.45", True), ("n..17,2", "123.456", False), ("n..17,2", "1" * 16, False), ("n..17,2", "1" * 15 + ".99", True),
        ("an5(aannn)", "ab123", True), ("an5(aannn)", "a1123", False), ("n8 YYYYMMDD", "20240229", True), ("n8 YYYYMMDD", "20230229", False),
        ("n8 YYYYMMDD", "00000101", False), ("C..2", "汉字", True), ("C..2", "汉字元", False), ("c..2", "😀😀", True), ("D6.2", "123.45", True),
        ("D6.2", "1234.5", False), ("I..3", "-999", True), ("I..3", "1000", False), ("n6 / c..50", "上海", True), ("an3..8", "ab", False),
    ],
)  # fmt: skip
def test_values_are_judged(notation: str, value: str, valid: bool) -> None:
    verdict = check(notation, value)
    assert (verdict.valid, bool(verdict.text()), bool(verdict.text("en"))) == (valid, not valid, not valid)


@pytest.mark.parametrize(
    "notation", ["", "x5", "n0", "an8..3", "a5(nnnnn)", "an5(aan)", "n8 YYYYMM", "a..3,2", "5", "n..", "YYYYYYYY"]
)
def test_what_does_not_parse_says_so(notation: str) -> None:
    with pytest.raises(NotationError, match=r"\S") as caught:
        parse(notation)
    assert re.search("[\u4e00-\u9fff]", caught.value.text("zh"))
    assert caught.value.text("en") == str(caught.value)


def test_every_shipped_notation_parses() -> None:
    assert [row["notation"] for row in seeds.element_rows() if not parse(row["notation"])] == []


@pytest.mark.parametrize("notation", NOTATIONS)
def test_duckdb_agrees(notation: str) -> None:
    condition = sql_check(notation, '"值"', "duckdb")
    found = duckdb.execute(f'SELECT {condition} FROM (SELECT unnest(?) AS "值")', [list(VALUES)]).fetchall()
    assert [row[0] for row in found] == [check(notation, value).valid for value in VALUES]


@pytest.mark.django_db
@pytest.mark.parametrize("notation", NOTATIONS)
def test_postgresql_agrees(notation: str) -> None:
    condition = sql_check(notation, '"值"', "postgresql").replace("%", "%%")
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {condition} FROM unnest(%s::text[]) AS t("值")', [list(VALUES)])
        assert [row[0] for row in cursor.fetchall()] == [check(notation, value).valid for value in VALUES]


@pytest.mark.parametrize("notation", NOTATIONS)
def test_json_schema_agrees(notation: str) -> None:
    schema = json_schema(notation)
    shapes = schema.get("anyOf", [schema])

    def holds(value: str) -> bool:
        return any(
            shape.get("minLength", 0) <= len(value) <= shape.get("maxLength", len(value))
            and ("pattern" not in shape or re.fullmatch(shape["pattern"][1:-1], value) is not None)
            for shape in shapes
        )

    assert [holds(value) for value in VALUES] == [check(notation, value).valid for value in VALUES]


@pytest.mark.parametrize(
    ("notation", "postgresql", "mysql"),
    [
        ("an18", "char(18)", "char(18)"), ("c..200", "varchar(200)", "varchar(200)"), ("c..ul", "text", "longtext"),
        ("n..17,2", "numeric(17,2)", "decimal(17,2)"), ("DT", "timestamp", "datetime"), ("n8 YYYYMMDD", "char(8)", "char(8)"),
        ("BLOB / URL", "bytea", "longblob"), ("B", "boolean", "boolean"), ("n6 / c..50", "varchar(50)", "varchar(50)"),
    ],
)  # fmt: skip
def test_types_hold_every_value(notation: str, postgresql: str, mysql: str) -> None:
    assert (ddl_type(notation, "postgresql"), ddl_type(notation, "mysql")) == (postgresql, mysql)


def test_the_command_line_answers_and_says_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "an..18", "11010519491231002X"]) == 0
    assert '"valid": true' in capsys.readouterr().out
    assert main(["check", "an2", "abc"]) == 1
    assert "长度应为 2 个字符，实际 3 个" in capsys.readouterr().out
    assert main(["check", "nonsense", "abc"]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "encoding"), [("\udcff", "utf-8"), ("中", "ascii")])
def test_the_command_line_writes_what_the_terminal_cannot(
    value: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))
    assert main(["check", "an18", value]) == 1
    assert json.loads(written.getvalue())["results"][0]["value"] == value
