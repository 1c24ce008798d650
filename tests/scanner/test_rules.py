"""Every kind of rule judges as plain loops do, on random nasty rows, with and without a condition."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scanner.model import Rule, Table, ValueClass
from scanner.reading import read_table
from scanner.rules import RULE_KINDS, parse_rule
from tests.scanner import naive
from tests.scanner.nasty_values import values
from tests.scanner.rows import RowsConnector, table_of

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
CLASSES = {"key": ValueClass.INTEGER} | {held.value: held for held in ValueClass}
TABLE = table_of("t", CLASSES, ["key"])
OTHER = table_of(
    "other",
    {"text": ValueClass.TEXT, "integer": ValueClass.INTEGER, "float": ValueClass.FLOAT, "decimal": ValueClass.DECIMAL},
)
WHERES = (None, "key > 20", "text IS NOT NULL AND integer >= 0", "boolean = TRUE OR decimal > 1")

DECLARED: tuple[Mapping[str, Any], ...] = (
    *({"kind": "not_null", "columns": [held.value]} for held in ValueClass),
    {"kind": "not_null", "columns": ["text", "integer"]},
    *({"kind": "unique", "columns": [held.value]} for held in ValueClass),
    {"kind": "compound_unique", "columns": ["boolean", "date"]},
    {"kind": "compound_unique", "columns": ["text", "boolean", "integer"], "mostly": 0.2},
    {"kind": "in_set", "columns": ["text"], "parameters": {"values": ["", "张三", 7, 1.5, "007", True]}},
    {"kind": "in_set", "columns": ["integer"], "parameters": {"values": ["1", 2, 3.0, "0x1", 18446744073709551615]}},
    {"kind": "in_set", "columns": ["decimal"], "parameters": {"values": ["1.50", 0.1, "NaN", "1e60", Decimal("99999999999999999999999999999999999999999.990")]}},
    {"kind": "in_set", "columns": ["float"], "parameters": {"values": [1, 0.1, "Infinity", -1.5, "123456789.1250"]}},
    {"kind": "in_set", "columns": ["boolean"], "parameters": {"values": [True]}},
    {"kind": "in_set", "columns": ["date"], "parameters": {"values": ["2024-02-29", "9999-12-31", "1970-01-01 00:00:00"]}},
    {"kind": "in_set", "columns": ["binary"], "parameters": {"values": ["", "0A", "ff"]}},
    {"kind": "matches", "columns": ["text"], "parameters": {"pattern": "[0-9]{3}"}},
    {"kind": "matches", "columns": ["text"], "parameters": {"pattern": "^.$"}},
    {"kind": "matches", "columns": ["text"], "parameters": {"pattern": r"(?i)^[\p{Han}a-e]*$"}},
    {"kind": "matches", "columns": ["text"], "parameters": {"pattern": r"^\s*$"}},
    {"kind": "matches", "columns": ["integer"], "parameters": {"pattern": r"^-?\d$"}},
    {"kind": "length_between", "columns": ["text"], "parameters": {"min": 1, "max": 8}},
    {"kind": "length_between", "columns": ["text"], "parameters": {"max": 0}},
    {"kind": "length_between", "columns": ["binary"], "parameters": {"min": 2}},
    {"kind": "between", "columns": ["integer"], "parameters": {"min": -10, "max": "20240229"}, "skip": True},
    {"kind": "between", "columns": ["integer"], "parameters": {"min": -9223372036854775808, "max": 10.5}},
    {"kind": "between", "columns": ["decimal"], "parameters": {"min": -0.1, "max": 100}},
    {"kind": "between", "columns": ["decimal"], "parameters": {"min": "12345678901234567.885"}},
    {"kind": "between", "columns": ["decimal"], "parameters": {"max": "-0.10"}},
    {"kind": "between", "columns": ["float"], "parameters": {"min": -1.5, "max": 0.1}},
    {"kind": "between", "columns": ["float"], "parameters": {"min": 0}},
    {"kind": "between", "columns": ["text"], "parameters": {"min": -12.5, "max": 7}},
    {"kind": "between", "columns": ["text"], "parameters": {"min": "A", "max": "张"}},
    {"kind": "between", "columns": ["date"], "parameters": {"min": "1970-01-01", "max": "2024-02-29"}},
    {"kind": "between", "columns": ["date"], "parameters": {"min": "1990-01-01 12:00:00"}},
    {"kind": "between", "columns": ["timestamp"], "parameters": {"min": "2020-06-01", "max": "2022-01-01 08:30:00"}},
    {"kind": "between", "columns": ["timestamptz"], "parameters": {"min": "2020-06-01T00:00:00+08:00"}},
    {"kind": "between", "columns": ["time"], "parameters": {"min": "08:30", "max": "20:00:00"}},
    {"kind": "date_format", "columns": ["text"], "parameters": {"format": "YYYY-MM-DD"}},
    {"kind": "date_format", "columns": ["text"], "parameters": {"format": "YYYY年MM月DD日"}},
    {"kind": "date_format", "columns": ["text"], "parameters": {"format": "YYYY/M/D"}},
    {"kind": "date_format", "columns": ["integer"], "parameters": {"format": "YYYYMMDD"}, "mostly": 0.01},
    *({"kind": "checksum", "columns": ["text"], "parameters": {"scheme": scheme}} for scheme in ("citizen_id", "uscc", "org_code", "luhn")),
    {"kind": "checksum", "columns": ["integer"], "parameters": {"scheme": "luhn"}},
    {"kind": "reference", "columns": ["text"], "parameters": {"table": "s.other", "columns": ["text"]}},
    {"kind": "reference", "columns": ["text", "integer"], "parameters": {"table": "other", "columns": ["text", "integer"]}},
    {"kind": "reference", "columns": ["decimal"], "parameters": {"table": "s.other", "columns": ["integer"]}},
    {"kind": "reference", "columns": ["integer"], "parameters": {"table": "s.other", "columns": ["float"]}},
    {"kind": "reference", "columns": ["integer"], "parameters": {"table": "s.t", "columns": ["key"]}},
    {"kind": "row_count", "parameters": {"min": 50}},
    {"kind": "row_count", "parameters": {"max": 3}},
    {"kind": "freshness", "columns": ["date"], "parameters": {"max_age": "P1D"}},
    {"kind": "freshness", "columns": ["timestamp"], "parameters": {"max_age": "P1Y"}},
    {"kind": "freshness", "columns": ["timestamptz"], "parameters": {"max_age": "PT6H"}},
    {"kind": "freshness", "columns": ["text"], "parameters": {"max_age": "P2D"}},
)  # fmt: skip


def rules_for(seed: int) -> list[Rule]:
    """Every declared rule, each under one of the conditions."""
    chance = random.Random(seed)
    declared = [{key: value for key, value in rule.items() if key != "skip"} for rule in DECLARED if "skip" not in rule]
    return [
        parse_rule({"id": f"{place}", "where": chance.choice(WHERES), **rule}) for place, rule in enumerate(declared)
    ]


def rows_for(table: Table, count: int, seed: int, *, nasty: bool) -> list[naive.Row]:
    columns = {column.name: values(column.value_class, count, seed, nasty=nasty) for column in table.columns}
    if "key" in columns:
        columns["key"] = [str(place) for place in random.Random(seed).sample(range(count), count)]
    return [{name: column[place] for name, column in columns.items()} for place in range(count)]


def check(
    table: Table, rows: Sequence[naive.Row], rules: Sequence[Rule], *others: tuple[Table, Sequence[naive.Row]]
) -> list[dict[str, Any]]:
    connector = RowsConnector({item[0].name: item for item in ((table, rows), *others)})
    reading = read_table(connector, table, profile=False, rules=rules, now=NOW, tz=UTC)
    assert reading.rows == len(rows)
    return [result.as_json() for result in reading.results]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("nasty", [True, False])
def test_every_rule_judges_as_plain_loops_do(seed: int, nasty: bool) -> None:
    count = (0, 1, 30, 120, 250, 400)[seed]
    rows, other = rows_for(TABLE, count, seed, nasty=nasty), rows_for(OTHER, 40, seed, nasty=nasty)
    rules = rules_for(seed)
    found = check(TABLE, rows, rules, (OTHER, other))
    others = {"s.other": (OTHER, other), "other": (OTHER, other), "s.t": (TABLE, rows)}
    for rule, result in zip(rules, found, strict=True):
        assert result == naive.check(rows, TABLE, rule, now=NOW, others=others), rule


def test_every_kind_is_among_the_rules_tested() -> None:
    assert {rule["kind"] for rule in DECLARED} == set(RULE_KINDS)


def test_every_kind_and_parameter_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    for kind in RULE_KINDS.values():
        assert f"\n### `{kind.name}`" in text
        section = text.split(f"\n### `{kind.name}`", 1)[1].split("\n### ", 1)[0]
        for parameter in kind.parameters:
            assert f"`{parameter.name}`" in section, (kind.name, parameter.name)
