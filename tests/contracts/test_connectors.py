"""What every connector promises, held against the real engine: one estate, one set of answers."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import KINDS, connector_class, open_source
from scanner.errors import SourceError
from scanner.model import Table
from tests.contracts import sources
from tests.contracts.sources import Estate

MAKERS = {"postgresql": sources.postgresql, "mysql": sources.mysql, "sqlite": sources.sqlite, "files": sources.files}
SERVERS = {"postgresql": "postgres_server", "mysql": "mariadb_server"}


@pytest.fixture(scope="module", params=KINDS)
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    kind = request.param
    with ExitStack() as stack:
        if kind in SERVERS:
            made = MAKERS[kind](request.getfixturevalue(SERVERS[kind]), f"contract_{os.getpid()}")
        else:
            made = MAKERS[kind](Path(tmp_path_factory.mktemp(kind)))
        found = stack.enter_context(made)
        sources.fill(found)
        yield found


@pytest.fixture
def source(estate: Estate) -> Iterator[Connector]:
    with estate.open() as connector:
        yield connector


def rows_of(connector: Connector, table: Table) -> list[dict[str, Any]]:
    batches = list(connector.read(table, table.columns))
    for batch in batches:
        assert set(batch.schema.types) == {pa.string()}
        assert batch.schema.names == [column.name for column in table.columns]
    return [row for batch in batches for row in batch.to_pylist()]


def test_every_kind_is_here() -> None:
    assert set(KINDS) == set(MAKERS)
    for kind in KINDS:
        found = connector_class(kind)
        assert (found.kind, bool(found.label)) == (kind, True)


def test_the_connection_test_names_the_server_and_counts(estate: Estate, source: Connector) -> None:
    report = source.test()
    assert (report.schemas, report.tables) == (1, 3)
    assert report.server
    assert report.latency_ms >= 0


def test_the_snapshot_shows_the_tables_with_their_columns(estate: Estate, source: Connector) -> None:
    snapshot = source.snapshot()
    odd = sources.ODD_TABLE.replace("😀", "") if estate.kind == "mysql" else sources.ODD_TABLE
    assert [table.name for table in snapshot.tables if table.name != odd] == ["empty", "people"]
    assert {table.schema for table in snapshot.tables} == {estate.schema}
    people = next(table for table in snapshot.tables if table.name == "people")
    assert [column.name for column in people.columns] == list(sources.HEADER)
    assert [column.position for column in people.columns] == [1, 2, 3, 4, 5]
    assert people.primary_key == (() if estate.kind == "files" else ("id",))
    assert people.columns[0].primary_key == (estate.kind != "files")
    assert snapshot.unreadable == ()


def test_a_described_table_is_the_one_of_the_snapshot(source: Connector) -> None:
    for table in source.snapshot().tables:
        described = source.describe(table.schema, table.name)
        assert described.columns == table.columns
        assert described.primary_key == table.primary_key


def test_rows_come_as_canonical_text_the_same_from_every_engine(estate: Estate, source: Connector) -> None:
    people = source.describe(estate.schema, "people")
    assert sorted(rows_of(source, people), key=lambda row: int(row["id"])) == sources.EXPECTED


def test_some_columns_in_another_order(estate: Estate, source: Connector) -> None:
    people = source.describe(estate.schema, "people")
    wanted = [people.columns[4], people.columns[0]]
    found = [row for batch in source.read(people, wanted) for row in batch.to_pylist()]
    assert sorted(found, key=lambda row: int(row["id"])) == [
        {"score": row["score"], "id": row["id"]} for row in sources.EXPECTED
    ]


def test_rows_are_counted_without_columns(estate: Estate, source: Connector) -> None:
    for name, count in (("people", 4), ("empty", 0)):
        table = source.describe(estate.schema, name)
        assert sum(batch.num_rows for batch in source.read(table, [])) == count


def test_names_made_to_break_statements_are_names(estate: Estate, source: Connector) -> None:
    name = next(table.name for table in source.snapshot().tables if table.name.startswith("We"))
    table = source.describe(estate.schema, name)
    assert rows_of(source, table) == [{sources.ODD_COLUMN: "x"}]


def test_reading_is_one_statement(estate: Estate, source: Connector) -> None:
    people = source.describe(estate.schema, "people")
    before = source.statements
    rows_of(source, people)
    assert source.statements == before + 1


def test_small_batches_hold_the_same_rows(estate: Estate) -> None:
    with estate.open(batch_rows=1) as connector:
        people = connector.describe(estate.schema, "people")
        assert sorted(rows_of(connector, people), key=lambda row: int(row["id"])) == sources.EXPECTED


def test_a_reader_that_stops_early_can_go_on_with_something_else(estate: Estate) -> None:
    with estate.open(batch_rows=1) as connector:
        people = connector.describe(estate.schema, "people")
        reading = iter(connector.read(people, people.columns))
        next(reading)
        reading.close()  # type: ignore[attr-defined]  # every connector reads by a generator
        assert len(rows_of(connector, people)) == 4


def test_a_table_that_is_not_there_is_named(estate: Estate, source: Connector) -> None:
    for name in ("missing", "peoplex", "people\0", ""):
        with pytest.raises(SourceError) as caught:
            source.describe(estate.schema, name)
        assert caught.value.code == "no_such_table"
    assert source.still_there([(estate.schema, "missing")]) == ()


def test_statements_do_not_grow_with_the_tables(estate: Estate) -> None:
    with estate.open() as connector:
        few = connector.snapshot()
        sources.add_tables(estate, 30)
        many = connector.snapshot()
    assert len(many.tables) == len(few.tables) + 30
    assert many.statements == few.statements <= 9


def test_nothing_can_be_written(estate: Estate, source: Connector) -> None:
    source.describe(estate.schema, "people")
    for sql in ("DELETE FROM people", "CREATE TABLE x (a int)", "DROP TABLE people"):
        with pytest.raises(SourceError):
            source.execute(sql)
    people = source.describe(estate.schema, "people")
    assert len(rows_of(source, people)) == 4


def test_a_source_keeps_its_secrets(estate: Estate) -> None:
    with estate.open() as connector:
        sealed = open_source(estate.kind, connector.values, {"password": "s3cr3t-口令"})
        assert "s3cr3t" not in repr(sealed)
        assert "s3cr3t" not in str(vars(sealed).get("values"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("options", "-c x"), ("local_infile", True), ("hostaddr", "1.2.3.4"), ("password", "x"), ("query", "?x=1")],
)
def test_only_known_parameters_pass(estate: Estate, name: str, value: Any) -> None:
    with estate.open() as connector, pytest.raises(SourceError) as caught:
        open_source(estate.kind, {**connector.values, name: value})
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", name)


def test_closing_twice_is_harmless_and_a_closed_source_opens_again(estate: Estate) -> None:
    connector = estate.open()
    connector.close()
    assert connector.test().tables >= 3
    connector.close()
    connector.close()
