"""The estate is the same on every machine, and the scanner finds in it exactly what was planted."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from demo.build import TRUTH, Built, build, truth
from demo.spec import sources
from demo.writers.databases import READER, WRITER
from scanner.connectors.registry import open_source
from scanner.reading import read_table
from scanner.rules import parse_rule

PLANTED = json.loads(TRUTH.read_text(encoding="utf-8"))


def test_truth_is_what_the_generator_plants() -> None:
    assert truth() == PLANTED


def test_estate_is_as_large_and_as_mixed_as_promised() -> None:
    everywhere = [source for source in sources() if source.kind != "mysql"]
    tables = [table for source in everywhere for table in source.tables]
    assert len(everywhere) >= 12
    assert len({source.agency for source in everywhere}) >= 8
    assert len({source.kind for source in everywhere}) >= 4
    assert len(tables) >= 120
    assert sum(table.rows for table in tables) >= 500_000


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[dict[str, Built]]:
    server = _keywords(postgres_server)
    passwords = {READER: "planted-reader", WRITER: "planted-writer"}
    built = build(tmp_path_factory.mktemp("estate"), server, None, passwords)
    yield {item.spec.key: item for item in built}
    connection = psycopg2.connect(make_dsn(**server))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for item in built:
            if item.kind == "postgresql":
                cursor.execute(f"drop database if exists {item.spec.key} with (force)")
    connection.close()


@pytest.mark.parametrize("key", [source.key for source in sources() if source.kind != "mysql"])
def test_scanner_finds_exactly_the_planted_faults(estate: dict[str, Built], key: str) -> None:
    item = estate[key]
    rules = [entry for entry in PLANTED if entry["source"] == key]
    found: list[dict[str, Any]] = []
    with open_source(item.kind, item.parameters, item.secrets) as connector:
        for (schema, name), entries in groupby(rules, key=lambda entry: (entry["schema"], entry["table"])):
            planted = list(entries)
            parsed = [
                parse_rule({"id": str(i), "kind": e["kind"], "columns": e["columns"], "parameters": e["parameters"]})
                for i, e in enumerate(planted)
            ]
            reading = read_table(connector, connector.describe(schema, name), profile=False, rules=parsed)
            for entry, result in zip(planted, reading.results, strict=True):
                found.append(entry | {"rows": reading.rows, "failed": result.failed})
    assert found == rules


def _keywords(url: str) -> dict[str, Any]:
    parts = parse_dsn(url)
    return {**parts, "port": int(parts.get("port", 5432)), "dbname": "postgres"}
