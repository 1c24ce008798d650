"""How a table is read: once, only what is needed, leaving nothing behind, telling what went wrong."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest

from scanner import planner
from scanner.errors import SourceError
from scanner.model import Column, Rule, Table, ValueClass
from scanner.reading import read_table
from scanner.rules import parse_rule
from scanner.rules.durations import parse_duration
from scanner.rules.freshness import is_fresh
from tests.scanner.rows import RowsConnector, table_of

TABLE = table_of(
    "t", {"id": ValueClass.INTEGER, "a": ValueClass.TEXT, "b": ValueClass.TEXT, "c": ValueClass.DECIMAL}, ["id"]
)
ROWS = [{"id": str(place), "a": str(place % 7), "b": None, "c": "1.5"} for place in range(100)]
OTHER = table_of("other", {"x": ValueClass.TEXT, "y": ValueClass.TEXT})


def rule(kind: str, *columns: str, where: str | None = None, **parameters: object) -> Rule:
    return parse_rule(
        {
            "id": f"{kind}-{columns}-{parameters}-{where}",
            "kind": kind,
            "columns": list(columns),
            "parameters": parameters,
            "where": where,
        }
    )


def connector() -> RowsConnector:
    return RowsConnector({"t": (TABLE, ROWS), "other": (OTHER, [{"x": "1", "y": "2"}])})


def test_one_statement_serves_the_profile_and_all_rules_and_each_referenced_table_one_more() -> None:
    source = connector()
    rules = [
        rule("not_null", "a"), rule("unique", "a"), rule("in_set", "a", values=["1"]), rule("matches", "a", pattern="1"),
        rule("reference", "a", table="s.other", columns=["x"]), rule("reference", "a", table="other", columns=["y"]),
        rule("reference", "a", table="s.t", columns=["id"]),
    ]  # fmt: skip
    reading = read_table(source, TABLE, rules=rules)
    assert source.reads == [("t", ("id", "a", "b", "c")), ("other", ("x", "y"))]
    assert reading.statements == 2
    assert len(reading.columns) == 4
    assert [result.error for result in reading.results] == [None] * 7


def test_rules_alone_read_their_columns_the_conditions_and_the_key() -> None:
    source = connector()
    read_table(source, TABLE, profile=False, rules=[rule("not_null", "b", where="c > 1")])
    assert source.reads == [("t", ("id", "b", "c"))]


def test_counting_rows_reads_no_column() -> None:
    source = connector()
    reading = read_table(source, TABLE, profile=False, rules=[rule("row_count", min=100, max=100)])
    assert source.reads == [("t", ())]
    assert (reading.rows, reading.results[0].observed, reading.results[0].passed) == (100, 100, True)


def test_a_rule_that_cannot_run_says_so_and_the_others_run() -> None:
    rules = [
        rule("not_null", "gone"), rule("reference", "a", table="nosuch", columns=["x"]),
        rule("reference", "a", table="other", columns=["nosuch"]), rule("not_null", "a"),
    ]  # fmt: skip
    results = read_table(connector(), TABLE, rules=rules).results
    assert [result.error is None for result in results] == [False, False, False, True]
    assert [result.passed for result in results] == [False, False, False, True]
    assert results[1].error == "there is no table nosuch"
    assert "no column 'nosuch'" in str(results[2].error)


class _Breaking(RowsConnector):
    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        for place, batch in enumerate(super().read(table, columns)):
            if place == 3:
                raise SourceError("connection_lost", host="h", port=1, object=table.label)
            yield batch


def test_an_error_of_the_source_comes_through_as_it_is_and_nothing_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for profile in (True, False):
        with pytest.raises(SourceError) as caught:
            read_table(_Breaking({"t": (TABLE, ROWS)}), TABLE, profile=profile, rules=[rule("row_count", min=1)])
        assert caught.value.code == "connection_lost"
        assert list(tmp_path.iterdir()) == []


def test_a_referenced_table_that_breaks_fails_its_rules_only() -> None:
    class Half(RowsConnector):
        def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
            if table.name == "other":
                raise SourceError("no_permission", object=table.label)
            yield from super().read(table, columns)

    source = Half({"t": (TABLE, ROWS), "other": (OTHER, [])})
    results = read_table(
        source, TABLE, rules=[rule("reference", "a", table="other", columns=["x"]), rule("not_null", "a")]
    ).results
    assert [result.error for result in results] == ["the account may not read s.other", None]


def test_a_reading_stops_when_it_is_told_to() -> None:
    class Stop(Exception):
        pass

    calls = 0

    def should_stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Stop

    with pytest.raises(Stop):
        read_table(connector(), TABLE, should_stop=should_stop)
    assert calls == 4


def test_names_of_any_kind() -> None:
    names = {
        'a"b': ValueClass.TEXT,
        "select": ValueClass.TEXT,
        "v": ValueClass.TEXT,
        "n": ValueClass.INTEGER,
        "表 1": ValueClass.TEXT,
        "'; --": ValueClass.TEXT,
    }
    table = table_of("t", names, ['a"b'])
    rows = [{name: str(place) for name in names} for place in range(3)]
    rules = [rule("unique", name) for name in names] + [
        rule("compound_unique", 'a"b', "'; --", where="\"表 1\" <> '0' AND n > 0")
    ]
    reading = read_table(RowsConnector({"t": (table, rows)}), table, rules=rules)
    assert [column.distinct for column in reading.columns] == [3] * 6
    assert [result.evaluated for result in reading.results] == [3] * 6 + [2]


def test_a_table_of_two_thousand_columns() -> None:
    names = {f"c{place}": (ValueClass.TEXT, ValueClass.INTEGER)[place % 2] for place in range(2000)}
    table = table_of("wide", names)
    rows = [{name: str(place) for name in names} for place in range(3)]
    reading = read_table(RowsConnector({"wide": (table, rows)}), table)
    assert {(column.distinct, column.min in ("0", 0)) for column in reading.columns} == {(3, True)}


def test_the_planner_pulls_unless_a_table_is_very_large() -> None:
    source = connector()
    large = Table("s", "t", row_estimate=planner.PUSH_ABOVE_ROWS + 1)
    assert planner.choose(source, Table("s", "t")) == "pull"
    assert planner.choose(source, large) == "pull"  # this source has no engine to push to
    assert planner.choose(source, large, "push") == "push"
    source.dialect = "postgresql"  # type: ignore[misc]
    assert planner.choose(source, large) == "push"
    assert planner.choose(source, large, "pull") == "pull"
    with pytest.raises(SourceError) as caught:
        planner.choose(source, large, "later")
    assert caught.value.code == "bad_parameter"


@pytest.mark.parametrize(
    ("newest", "age", "fresh"),
    [
        ("2024-03-01", "PT1H", True),  # the day has not ended
        ("2024-02-29", "PT12H", True),
        ("2024-02-29", "PT11H59M", False),
        ("2024-02-28", "P1D", False),
        ("2024-03-01T12:00:00", "PT0S", True),
        ("2024-03-01T11:59:59", "PT0S", False),
        ("2024-03-01T04:00:00+00:00", "PT0S", True),
        ("2024-02-01T12:00:00", "P1M", True),
        ("2024-02-01T11:59:59", "P1M", False),
        ("2023-03-01T12:00:00", "P1Y", True),
        ("2030-01-01", "PT0S", True),
        ("Infinity", "P1D", True),
        ("-Infinity", "P1D", False),
        ("-0043-03-15", "P1D", False),
        ("12345-01-01", "P1D", True),
        ("0000-00-00", "P1D", False),
        ("9999-12-31", "P1D", True),
    ],
)
def test_freshness_of_a_moment(newest: str, age: str, fresh: bool) -> None:
    shanghai = timezone(timedelta(hours=8))
    now = datetime(2024, 3, 1, 4, tzinfo=UTC)  # noon in Shanghai
    assert is_fresh(newest, parse_duration(age), now, shanghai) is fresh


def test_durations() -> None:
    assert parse_duration("P1Y2M3W4DT5H6M7.5S").months == 14
    assert parse_duration("P3W4DT5H").rest == timedelta(days=25, hours=5)
    assert parse_duration("P1M").before(datetime(2024, 3, 31, tzinfo=UTC)) == datetime(2024, 2, 29, tzinfo=UTC)
    assert parse_duration("P9999Y").before(datetime(2024, 3, 31, tzinfo=UTC)) == datetime.min.replace(tzinfo=UTC)
    for text in ("", "P", "PT", "P1DT", "1D", "P1H", "P-1D", "P1.5D", "p1d", "P1D "):
        with pytest.raises(ValueError, match="ISO 8601"):
            parse_duration(text)
