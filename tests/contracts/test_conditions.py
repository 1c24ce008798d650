"""Every rendering of a condition selects the rows that Python says it should, on each engine, over every value class."""

from collections.abc import Iterator

import duckdb
import pytest

from scanner.model import Column
from scanner.where import Condition, parse
from tests.contracts import nasty
from tests.contracts.conftest import Engine, fill

TEXT = [
    "t = 'a'", "t <> 'a'", "t < 'a'", "t >= 'ａ'", "t <= 'a '", "t IN ('a', 'A ', '张三')", "t NOT IN ('a', '')", "t = ''", "t > ''", "t = '\u3000'",
    "t LIKE 'a%'", "t LIKE '%'", "t LIKE '_'", "t LIKE '__'", "t LIKE '%\\%'", "t LIKE '\\_'", "t LIKE '%[a]%'", "t LIKE '*'", "t LIKE '?'", "t LIKE '_家野'",
    "t LIKE '%家%'", "t NOT LIKE '%a%'", "t LIKE 'line%'", "t LIKE ''", "t LIKE '😀'", "t = 'it''s'", "t BETWEEN 'A' AND 'a'", "t LIKE '%\"%'",
    "t LIKE 'A\\%'", "t LIKE '|%'", "t = '\\'", "t = '100%'", '"we""ird `%s` :x ?" <= \'A\'', "`we\"ird ``%s`` :x ?` LIKE '_'", '姓名 = \'张三\'', "t = 姓名", "t < 姓名", "void IS NULL", "void = 'x'", "NOT void = 'x'",
]  # fmt: skip
NUMBERS = [
    "i = 42", "i > 9007199254740992", "i < 9007199254740993", "i IN (1, 1.0, -1)", "i = 9223372036854775807", "i < 9223372036854775808", "i >= -9223372036854775808",
    "i <> 0", "k BETWEEN -7 AND 12", "i > 0.5", "i < k", "i = k OR k <> i", "f = 0.1", "f > 0.3", "f = 0", "f < 1e22", "f >= 1e22", "f <> 5e-324", "f < i", "f = 'Infinity'",
    "f < 'Infinity'", "f <> 'NaN'", "f < 'NaN'", "f >= '-Infinity'", "f IN (0.1, 'NaN', 1e-7)", "i = 'NaN'", "i < 'Infinity'", "NOT f > 0", "i = 12345678901234567890123",
]  # fmt: skip
TIMES = [
    "day = '2026-01-31'", "day < DATE '2026-01-01'", "day >= '2026-01-31'", "day <> '1970-01-01'", "day < '2026-01-31 00:00:01'", "day <= ts", "day = ts", "ts = '2026-01-31'",
    "ts > '2026-01-31 12:30:00'", "ts >= '2026-01-31T12:30:00.5'", "ts <> '1999-12-31 23:59:59.999999'", "clock < '12:30'", "clock = TIME '12:30:00.5'", "clock >= '08:05:09.000001'",
    "ts BETWEEN '1999-01-01' AND '2026-01-31 12:30'", "day IN ('2026-01-31', '2024-02-29')", "day IN ('2026-01-31', '2024-02-29 00:00:00')", "NOT day > '2000-01-01'",
    "day = '0000-00-00'", "day > '0000-00-00'", "day NOT IN ('0000-00-00', '2026-01-31')", "raw = 'FF00'", "raw <> ''", "raw > '0a'", "raw IN ('00', 'deadbeef')",
]  # fmt: skip
MIXED = [
    "t = 'a' AND i > 0 OR day IS NULL",
    "NOT (t = 'a' OR i IS NULL) AND NOT (f > 0 AND ts IS NOT NULL)",
    "(t IS NULL OR t <> '') AND (i < 0 OR NOT i = 42)",
]
ONLY = {
    "postgresql": [
        "padded = 'ab'", "padded = 'ab   '", "padded <> 'AB'", "padded LIKE '__'", "padded < 't'", "j = '[1, 2]'", "d = 1.10", "d < 1.05", "d > 9007199254740992", "d IN (1, -1.05)",
        "d = 9999999999999999999999999999.9999999999", "huge > 1", "huge = 'NaN'", "huge < 'NaN'", "huge >= 'Infinity'", "huge <= '-Infinity'", "huge < d", "huge IN ('NaN', 2, -2.50)",
        "r = 0.1", "r < 0.1", "r = 'NaN'", "r <= f", "d > f", "b = TRUE", "b <> TRUE", "b = 0", "b < TRUE", "tz >= '2026-01-31 08:00:00+08:00'", "tz = '2026-01-31'", "tz < '2026-01-31T12:30Z'",
        "day < '0001-01-01'", "ts <= '0001-01-01'",
    ],
    "mysql": [
        "padded = 'ab'", "padded = 'ab   '", "padded <> 'AB'", "padded LIKE '__'", "u > 9223372036854775807", "u = 18446744073709551615", "u < 0", "d = 1.10", "d < 1.05", "d > 9007199254740992",
        "d = 9999999999999999999999999999.9999999999", "d IN (1, -1.05)", "r = 0.1", "r < 0.1", "r <= f", "u > i", "clock > '99:00:00'", "clock < '00:00'",
    ],
    "sqlite": [],
}  # fmt: skip
ONLY["mysql"].remove("clock > '99:00:00'")


@pytest.fixture(scope="module", params=["postgresql", "mysql", "sqlite"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engines with SQL of their own; files are read by DuckDB, which has its own test below."""
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[tuple[Engine, list[nasty.Row]]]:
    rows = nasty.rows(engine.dialect)
    fill(engine, "conditions", rows)
    yield engine, rows
    engine.connection.commit()


def expected_ids(condition: Condition, rows: list[nasty.Row]) -> list[int]:
    return [int(row["id"] or 0) for row in rows if condition.matches(row)]


def reference(engine: Engine, column: Column) -> str:
    quoted = nasty.quoted(engine.dialect, column.name)
    return quoted if engine.dialect == "sqlite" else quoted.replace("%", "%%")


def test_an_engine_selects_what_python_selects(filled: tuple[Engine, list[nasty.Row]]) -> None:
    engine, rows = filled
    table = nasty.table(engine.dialect, engine.schema, "conditions")
    wrong = {}
    for text in [*TEXT, *NUMBERS, *TIMES, *MIXED, *ONLY[engine.dialect]]:
        condition = parse(text, table)
        sql, parameters = condition.sql(engine.dialect, lambda column: reference(engine, column))
        mark = "?" if engine.dialect == "sqlite" else "%s"
        found = [
            row[0]
            for row in engine.run(
                f"SELECT id FROM conditions WHERE {sql} AND id > {mark} ORDER BY id", [*parameters, 0]
            )
        ]
        if found != expected_ids(condition, rows):
            wrong[text] = (
                sql,
                [rows[i - 1][condition.columns[0]] for i in set(found) ^ set(expected_ids(condition, rows))],
            )
    assert wrong == {}


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite"])
def test_duckdb_over_canonical_text_selects_what_python_selects(dialect: str) -> None:
    rows = nasty.rows(dialect)
    table = nasty.table(dialect, "s", "conditions")
    wrong = {}
    with duckdb.connect() as session:
        names = [column.name for column in table.columns]
        session.execute(
            f"CREATE TABLE conditions ({', '.join(nasty.quoted('duckdb', name) + ' VARCHAR' for name in names)})"
        )
        session.executemany(
            f"INSERT INTO conditions VALUES ({', '.join('?' * len(names))})",
            [[row[name] for name in names] for row in rows],
        )
        for text in [*TEXT, *NUMBERS, *TIMES, *MIXED, *ONLY[dialect]]:
            condition = parse(text, table)
            sql, parameters = condition.duckdb(lambda column: nasty.quoted("duckdb", column.name))
            found = session.execute(f"SELECT id::INTEGER FROM conditions WHERE {sql} ORDER BY 1", parameters).fetchall()
            if [row[0] for row in found] != expected_ids(condition, rows):
                wrong[text] = found
    assert wrong == {}
