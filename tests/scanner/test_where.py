"""A condition means the same in Python, PostgreSQL, MariaDB, SQLite and DuckDB, and nothing but a condition gets through."""

import itertools

import duckdb
import pytest

from scanner.errors import RuleError
from scanner.model import Column, Table, ValueClass
from scanner.where import parse
from scanner.where.evaluate import like
from scanner.where.order import comparison_key, duckdb_key, text_key
from tests.contracts import nasty

PEOPLE = Table(
    "public",
    "people",
    columns=(
        Column("name", 1, "text", ValueClass.TEXT),
        Column("年龄", 2, "integer", ValueClass.INTEGER),
        Column("born", 3, "date", ValueClass.DATE),
        Column("alive", 4, "boolean", ValueClass.BOOLEAN),
        Column('odd "name', 5, "text", ValueClass.TEXT),
        Column("date", 6, "date", ValueClass.DATE),
        Column("CODE", 7, "text", ValueClass.TEXT),
        Column("code", 8, "text", ValueClass.TEXT),
    ),
)

HOSTILE = [
    "name = 'x'; DROP TABLE people", "name = 'x' -- comment", "name = 'x' /* comment */", "/*! name = 'x' */", "name = 'x' # comment",
    "name IN (SELECT name FROM people)", "EXISTS (SELECT 1)", "(SELECT 1) = 年龄", "name = (SELECT 'x')", "1 = 1", "'a' = 'a'", "TRUE", "NOT TRUE",
    "pg_sleep(10) IS NULL", "lower(name) = 'x'", "name = lower('X')", "CAST(name AS int) = 1", "name::int = 1", "name || 'x' = 'y'",
    "年龄 + 1 = 2", "年龄 = -(-1)", "年龄 = --1", "年龄 = 0x10", "年龄 = 1e99999", "年龄 = $1", "年龄 = ?", "年龄 = %s", "年龄 = :x", "@@version = 'x'",
    "name = N'x'", "name = E'\\\\x'", "name = $$x$$", "name = U&'x'", "name = X'41'", "name = 'x' 'y'", "name = 'x' COLLATE \"C\"",
    "name ILIKE 'x'", "name ~ 'x'", "name RLIKE 'x'", "name GLOB 'x'", "name SIMILAR TO 'x'", "name LIKE name", "name LIKE 'x' ESCAPE '!'",
    "people.name = 'x'", "name = NULL", "name IN (NULL)", "name IN ()", "name IN (name)", "name IS 'x'", "name IS NOT DISTINCT FROM 'x'",
    "name = 'x' XOR name = 'y'", "name = 'x' AND", "AND name = 'x'", "(name = 'x'", "name = 'x')", "()", "", " ", "name", "NOT", "name = 'x", 'name = "x',
    "CASE WHEN name = 'x' THEN 1 END = 1", "(name, CODE) = ('a', 'b')", "name = ANY ('{x}')", "年龄 BETWEEN 1", "年龄 BETWEEN 1 OR 2",
    "missing = 1", '"NAME" = \'x\'', "Code = 'x'", "年龄 = 'abc'", "年龄 = DATE '2026-01-01'", "name = 1", "name = DATE '2026-01-01'", "name = TRUE",
    "born = '2026-02-30'", "born = '20260131'", "born = 1", "born = '2026-01-01T00:00:00+08:00'", "alive = 'maybe'", "年龄 < name", "born < name",
    "name = 'x\0'", "name = 'x\x1b'", "name = '\ud800'", "name\0 = 'x'", "(" * 60 + "name = 'x'" + ")" * 60, "NOT " * 3000 + "name = 'x'",
    "(" * 3000 + "name = 'x'" + ")" * 3000, "name = '" + "x" * 20_000 + "'", "name = 'x' LIMIT 1", "name = 'x' UNION SELECT 1", "name = 'x' INTO OUTFILE '/x'",
    "name == 'x'", "name <=> 'x'", "name = 'x' SETTINGS max_execution_time = 0", "name（= 'x'", "年龄 = " + "9" * 60,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_condition_is_refused_by_name(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text, PEOPLE, rule="r-1")
    assert (caught.value.rule, caught.value.field) == ("r-1", "where")


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite", "duckdb"])
def test_no_written_value_enters_the_sql(dialect: str) -> None:
    condition = parse(
        "name = 'x''; DROP TABLE people; --' OR name LIKE '%%s%' OR 年龄 = 77177 OR born > '2026-01-31'", PEOPLE
    )
    sql, parameters = condition.sql(dialect, lambda column: f"<{column.position}>")
    assert not any(part in sql for part in ("DROP", "77177", "2026", "%%"))
    assert len(parameters) == 4
    assert sql.replace("%s", "?").count("?") == 4


def test_columns_are_found_bare_quoted_and_in_any_case() -> None:
    condition = parse(
        "\"odd \"\"name\" = 'a' AND NAME = 'b' AND `年龄` > 1 AND date < DATE '2026-01-01' AND CODE <> code AND name IS NULL",
        PEOPLE,
    )
    assert condition.columns == ('odd "name', "name", "年龄", "date", "CODE", "code")


def test_messages_say_what_is_wrong() -> None:
    def message(text: str) -> str:
        with pytest.raises(RuleError) as caught:
            parse(text, PEOPLE)
        return caught.value.detail

    assert message("lower(name) = 'x'") == "functions are not allowed: lower("
    assert message("name IN (SELECT 1)") == "sub-selects are not allowed"
    assert message("name = 'x' -- y") == "comments are not allowed"
    assert message("name = NULL") == "nothing compares with NULL: write IS NULL or IS NOT NULL"
    assert message("missing = 1") == "'missing' is no column of public.people"


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("name = 'a' OR 年龄 > 3", {"name": None, "年龄": "4"}, True),
        ("name = 'a' AND 年龄 > 3", {"name": None, "年龄": "4"}, False),
        ("NOT (name = 'a')", {"name": None}, False),
        ("name NOT IN ('a', 'b')", {"name": None}, False),
        ("name NOT IN ('a', 'b')", {"name": "c"}, True),
        ("name NOT LIKE 'a%'", {"name": "A"}, True),
        ("年龄 NOT BETWEEN 1 AND 3", {"年龄": "10"}, True),
        ("年龄 BETWEEN '2' AND 10.0", {"年龄": "9"}, True),
        ("18 <= 年龄", {"年龄": "18"}, True),
        ("born BETWEEN '2026-01-01' AND date", {"born": "2026-01-31", "date": "2026-01-31"}, True),
        ("born < TIMESTAMP '2026-01-31 00:00:01'", {"born": "2026-01-31"}, True),
        ("alive = TRUE", {"alive": "true"}, True),
        ("name = 'it''s'", {"name": "it's"}, True),
        ("name IS NOT NULL", {"name": ""}, True),
        ("NOT name IS NULL AND 年龄 <> 3", {"name": "", "年龄": "3"}, False),
        ("年龄 < 'Infinity'", {"年龄": "99"}, True),
        ("born <> '0000-00-00'", {"born": "2026-01-31"}, True),
    ],
)
def test_conditions_judge_rows(text: str, row: dict[str, str | None], expected: bool) -> None:
    assert parse(text, PEOPLE).matches(row) is expected


PLAIN = Table(
    "",
    "plain",
    columns=(
        Column("i", 1, "bigint", ValueClass.INTEGER),
        Column("n", 2, "numeric(18,4)", ValueClass.DECIMAL),
        Column("d", 3, "date", ValueClass.DATE),
        Column("t", 4, "timestamp", ValueClass.TIMESTAMP),
        Column("x", 5, "text", ValueClass.TEXT),
    ),
)
PLAIN_ROWS: list[dict[str, str | None]] = [
    dict(zip("indtx", row, strict=True))
    for row in (
        ("9", "-0.5", "2026-01-31", "2026-01-31T00:00:00", "10"),
        ("10", "10", "0001-01-01", "2026-01-31T00:00:00.000001", "9"),
        ("-9223372036854775808", "99999999999999.9999", "9999-12-31", "0001-01-01T00:00:00", ""),
        ("9223372036854775807", "-99999999999999.9999", None, "9999-12-31T23:59:59.999999", None),
        (None, None, "2026-02-01", None, "中"),
    )
]


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "i > 9", "i = 10.0", "i <> 10.5", "i > 9.5", "i IN (9, 10.0, 0.1)", "n < 0", "n >= 99999999999999.9999", "n = i", "n < i", "i < 1e19",
        "n > -0.50", "n < 0.00000000000000000001", "n > 'Infinity'", "d > '2026-01-31'", "d = t", "d < t", "d >= TIMESTAMP '2026-01-31 00:00:00'",
        "t > '2026-01-31T00:00:00'", "t IN ('0001-01-01T00:00:00')", "d <> '0000-00-00'", "x > '1' AND i > 1", "NOT (i > 9 OR x = '10')",
        "i BETWEEN -9223372036854775808 AND 9", "i IS NULL OR x LIKE '1%'",
    ],
)  # fmt: skip
def test_conditions_over_plain_values_mean_the_same(text: str, plain: bool) -> None:
    condition = parse(text, PLAIN)
    sql, parameters = condition.duckdb(lambda column: column.name, lambda column: plain and column.name != "x")
    with duckdb.connect() as session:
        session.execute("CREATE TABLE plain (place INT, i VARCHAR, n VARCHAR, d VARCHAR, t VARCHAR, x VARCHAR)")
        for place, row in enumerate(PLAIN_ROWS):
            session.execute("INSERT INTO plain VALUES (?, ?, ?, ?, ?, ?)", [place, *row.values()])
        found = session.execute(f"SELECT place FROM plain WHERE {sql} ORDER BY place", parameters).fetchall()
    assert [place for (place,) in found] == [place for place, row in enumerate(PLAIN_ROWS) if condition.matches(row)]


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("abc", "a%", True), ("abc", "%c", True), ("abc", "a_c", True), ("abc", "_", False), ("", "%", True), ("", "", True), ("a", "", False),
        ("a%c", "a\\%c", False), ("a\\bc", "a\\%c", True), ("😀x", "_x", True), ("ab" * 500, "%a" * 40 + "%z", False), ("aab", "%ab", True), ("A", "a", False),
    ],
)  # fmt: skip
def test_like_has_two_signs_and_no_escape(text: str, pattern: str, expected: bool) -> None:
    assert like(text, pattern) is expected


SPECIMENS = [
    (ValueClass.DECIMAL, {*nasty.DECIMALS, *nasty.HUGE, *nasty.INTEGERS}),
    (ValueClass.TIME, {*nasty.TIMES, "-12:00:00", "838:59:59", "100:00:00", "-00:00:01", "-12:00:00.500000"}),
    (ValueClass.DATE, {*nasty.DATES, *nasty.BEFORE_CHRIST, "0000-00-00", "2026-00-00", "-0043-03-16"}),
    (
        ValueClass.TIMESTAMP,
        {
            *nasty.MOMENTS,
            "-0043-03-15T12:00:00",
            "-0043-03-15T12:00:00.500000",
            "Infinity",
            "-Infinity",
            "10000-01-01T00:00:00",
        },
    ),
]


@pytest.mark.parametrize(("value_class", "values"), SPECIMENS)
def test_the_key_of_duckdb_is_the_key_of_python_and_sorts_by_value(value_class: ValueClass, values: set[str]) -> None:
    with duckdb.connect() as session:
        for value in values:
            found = session.execute(
                f"SELECT {duckdb_key('v', value_class)} FROM (SELECT ?::VARCHAR AS v)", [value]
            ).fetchall()
            assert found == [(text_key(value, value_class),)]
    if value_class.is_number:
        for one, other in itertools.product(values, values):
            by_value = comparison_key(one, value_class) < comparison_key(other, value_class)  # type: ignore[operator]
            assert by_value == (text_key(one, value_class) < text_key(other, value_class))
    if value_class is ValueClass.DATE:
        ordered = sorted(values, key=lambda value: text_key(value, value_class))
        assert ordered[:4] == ["0000-00-00", "-Infinity", "-0044-03-15", "-0043-03-15"]
        assert ordered[-2:] == ["10000-01-01", "Infinity"]
