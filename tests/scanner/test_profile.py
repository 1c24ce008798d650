"""The engine measures what plain loops measure, on values of every class that have broken readers before."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from scanner.model import Table, ValueClass
from scanner.reading import read_table
from tests.scanner import naive
from tests.scanner.nasty_values import MAKERS, TEXTS, values
from tests.scanner.rows import RowsConnector, table_of


def engine(table: Table, rows: Sequence[naive.Row]) -> list[dict[str, Any]]:
    reading = read_table(RowsConnector({table.name: (table, rows)}), table)
    assert reading.rows == len(rows)
    assert (reading.plan, reading.statements) == ("pull", 1)
    return [column.as_json() for column in reading.columns]


def assert_same(table: Table, rows: Sequence[naive.Row]) -> None:
    for found, expected in zip(engine(table, rows), naive.profile(rows, table), strict=True):
        assert {key: found[key] for key in expected} == expected
        assert found.keys() == expected.keys()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("nasty", [True, False])
def test_every_measure_is_what_plain_loops_say(seed: int, nasty: bool) -> None:
    count = (1, 3, 40, 100, 300, 1000)[seed]
    table = table_of("t", {held.value: held for held in ValueClass})
    columns = {held.value: values(held, count, seed, nasty=nasty) for held in ValueClass}
    rows = [{name: column[place] for name, column in columns.items()} for place in range(count)]
    assert_same(table, rows)


def test_all_nasty_texts_together() -> None:
    assert_same(table_of("t", {"x": ValueClass.TEXT}), [{"x": text} for text in TEXTS])


@pytest.mark.parametrize("held", list(MAKERS))
def test_a_column_of_nulls_and_an_empty_table(held: ValueClass) -> None:
    table = table_of("t", {"x": held})
    assert_same(table, [{"x": None}] * 9)
    assert_same(table, [])


def test_a_column_of_one_value() -> None:
    for held, value in (
        (ValueClass.DECIMAL, "-1.5"),
        (ValueClass.TEXT, ""),
        (ValueClass.DATE, "9999-12-31"),
        (ValueClass.INTEGER, "7"),
    ):
        assert_same(table_of("t", {"x": held}), [{"x": value}] * 3)


@pytest.mark.parametrize("seed", range(6))
def test_quantiles_selected_in_memory_are_those_sorted(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.measures.order.SELECT_FROM", 0)
    ordered = [held for held in ValueClass if held.is_number or held.is_temporal]
    table = table_of("t", {held.value: held for held in ordered})
    columns = {held.value: values(held, 100 + seed, seed, nasty=seed == 5) for held in ordered}
    assert_same(table, [{name: column[place] for name, column in columns.items()} for place in range(100)])


@pytest.mark.parametrize("at_a_time", [1, 7, 30])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_sorted_in_parts_measures_the_same(seed: int, at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.measures.sorted_numbers.MOST_SORTED", at_a_time)
    monkeypatch.setattr("scanner.measures.frequency.MOST_SORTED", at_a_time)
    monkeypatch.setattr("scanner.measures.frequency.MOST_GROUPED", at_a_time)
    _count_nothing_together(monkeypatch)
    ordered = [held for held in ValueClass if held.is_number or held.is_temporal or held is ValueClass.TEXT]
    table = table_of("t", {held.value: held for held in ordered})
    columns = {held.value: values(held, 60, seed, nasty=False) for held in ordered}
    for column in columns.values():
        column += column[:1] * 30 + column[1:9]  # one value fills several parts
    assert_same(table, [{name: column[at] for name, column in columns.items()} for at in range(98)])


@pytest.mark.parametrize("held", [ValueClass.INTEGER, ValueClass.FLOAT, ValueClass.DATE])
def test_one_value_in_many_parts(held: ValueClass, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.measures.sorted_numbers.MOST_SORTED", 3)
    great = {
        ValueClass.INTEGER: str(2**63 - 1),
        ValueClass.FLOAT: "1.7976931348623157e+308",
        ValueClass.DATE: "9999-12-31",
    }
    small = {ValueClass.INTEGER: "5", ValueClass.FLOAT: "-0.5", ValueClass.DATE: "0001-01-01"}
    rows = [{"x": great[held]}] * 20 + [{"x": small[held]}] * 11
    assert_same(table_of("t", {"x": held}), rows)


def _count_nothing_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every column passes for one of mostly different values, each with a pattern of its own."""
    for name, value in (("SAMPLE", 1), ("MANY", -1), ("REPEATS", math.inf)):
        monkeypatch.setattr(f"scanner.measures.frequency.{name}", value)
    monkeypatch.setattr("scanner.measures.content._SAMPLE", 1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("repeats", [0, 20])
def test_columns_of_mostly_different_values_measure_the_same(
    seed: int, repeats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _count_nothing_together(monkeypatch)
    table = table_of("t", {held.value: held for held in ValueClass})
    columns = {held.value: values(held, 60, seed, nasty=bool(seed % 2)) for held in ValueClass}
    for column in columns.values():
        column += column[:repeats]
    assert_same(table, [{name: column[at] for name, column in columns.items()} for at in range(60 + repeats)])


@pytest.mark.parametrize("ambiguous", [[], ["a{9}", "aaaaaaaaa", "b{9}b{9}"]])
def test_patterns_of_a_column_of_wild_ones(ambiguous: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _count_nothing_together(monkeypatch)
    wild = [f"{'汉' * (at % 5)}{'x1Y-' * (at % 7)}{'9' * at}{'é' * (at % 3)}" for at in range(120)]
    assert_same(table_of("t", {"x": ValueClass.TEXT}), [{"x": text} for text in [*wild, *wild[:9], *TEXTS, *ambiguous]])
