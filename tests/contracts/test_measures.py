"""Every measure of every value class: pulled, pushed and by plain loops over what was stored, on each engine."""

from typing import Any

import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.model import Reading, Table
from scanner.reading import read_table
from scanner.source import parse_source
from tests.contracts import nasty
from tests.contracts.conftest import Engine, fill
from tests.scanner import naive

KEY = b"a key of a sketch, 16 bytes or more"


def connector_of(engine: Engine) -> Connector:
    kind, parameters, secrets = parse_source(engine.url, engine.password)
    return open_source(kind, parameters, secrets)


def read(engine: Engine, name: str, plan: str, **more: Any) -> tuple[Table, Reading]:
    with connector_of(engine) as connector:
        table = connector.describe(engine.schema, name)
        return table, read_table(connector, table, plan=plan, **more)


@pytest.fixture(scope="module", params=["mixed", "empty", "nulls"])
def filled(engine: Engine, request: pytest.FixtureRequest) -> tuple[Engine, str, list[nasty.Row]]:
    rows = nasty.rows(engine.dialect)
    if request.param == "empty":
        rows = []
    if request.param == "nulls":
        rows = [{name: value if name == "id" else None for name, value in row.items()} for row in rows[:3]]
    name = f"measures_{request.param}"
    fill(engine, name, rows)
    return engine, name, rows


def profiles(reading: Reading) -> dict[str, Any]:
    return {column.name: column.as_json() for column in reading.columns}


def same(found: Any, expected: Any) -> bool:
    """Equal, and of one type: 1 is not 1.0 and not True. Edges of a histogram may be written either way."""
    return bool(found == expected) and (isinstance(found, dict) or repr(found) == repr(expected))


def differences(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """(column, measure) → what was found and what was expected."""
    assert list(found) == list(expected)
    return {
        f"{column}.{measure}": (found[column][measure], expected[column][measure])
        for column in expected
        for measure in expected[column]
        if not same(found[column][measure], expected[column][measure])
    }


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_plan_measures_what_plain_loops_measure(filled: tuple[Engine, str, list[nasty.Row]], plan: str) -> None:
    engine, name, rows = filled
    table, reading = read(engine, name, plan)
    assert (reading.rows, reading.plan) == (len(rows), plan)
    assert differences(profiles(reading), {found["name"]: found for found in naive.profile(rows, table)}) == {}


def test_both_plans_sketch_alike(filled: tuple[Engine, str, list[nasty.Row]]) -> None:
    engine, name, _ = filled
    (_, pulled), (_, pushed) = (read(engine, name, plan, sketch_key=KEY) for plan in ("pull", "push"))
    assert [column.sketch for column in pushed.columns] == [column.sketch for column in pulled.columns]
    assert all(column.sketch for column in pushed.columns)


def test_the_push_plan_sends_no_more_than_a_statement_a_column(filled: tuple[Engine, str, list[nasty.Row]]) -> None:
    engine, name, _ = filled
    table, reading = read(engine, name, "push")
    loading = engine.dialect == "duckdb"  # a file is loaded before it can be asked
    assert reading.statements <= 1 + loading + len(table.columns)


@pytest.mark.parametrize("together", [1 << 20, 1])
def test_streamed_columns_measure_as_grouped_ones(
    filled: tuple[Engine, str, list[nasty.Row]], monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    engine, name, rows = filled
    monkeypatch.setattr("scanner.push.reading.SAMPLE", -1)
    monkeypatch.setattr("scanner.push.frequencies.MANY", -1)
    monkeypatch.setattr("scanner.push.reading.MOST_STREAMED", together)
    table, reading = read(engine, name, "push")
    assert (reading.rows, reading.plan) == (len(rows), "push")
    assert differences(profiles(reading), {found["name"]: found for found in naive.profile(rows, table)}) == {}
