"""Every kind of rule over every value class: pulled, pushed and by plain loops over what was stored, on each engine."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.errors import RuleError
from scanner.model import Column, Rule, Table, ValueClass
from scanner.reading import read_table
from scanner.rules import RULE_KINDS, bind, parse_rule
from scanner.values.canonical import to_json
from tests.contracts import nasty
from tests.contracts.conftest import Engine, fill
from tests.contracts.test_measures import connector_of
from tests.scanner import naive

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
WHERES = (None, "t <> 'a' AND k > 0", "i IS NULL OR NOT 姓名 LIKE '张%'", "id > 130", "id < 0")
PATTERNS = (r"^[0-9]+$", r"^\p{Han}+$", r"(?i)^a", r"^.$", "1", r"\s")
SCHEMES = ("citizen_id", "uscc", "org_code", "luhn")


def declared(table: Table, rows: Sequence[nasty.Row]) -> Iterator[dict[str, Any]]:
    """A rule of every kind for every column that takes it, its parameters taken from the column's own values."""
    for column in table.columns:
        some = sorted({value for row in rows if (value := row[column.name]) is not None})
        shown = [to_json(value, column.value_class) for value in some]
        for kind in ("not_null", "unique"):
            yield {"kind": kind, "columns": [column.name]}
        if some:
            yield {"kind": "in_set", "columns": [column.name], "parameters": {"values": [*shown[::3], "never"]}}
            yield from bounds(column, shown)
        yield {
            "kind": "in_set",
            "columns": [column.name],
            "parameters": {"values": ["never", "a", "", 1, 0.1, True, "NaN"]},
        }
        yield {"kind": "length_between", "columns": [column.name], "parameters": {"min": 1, "max": 3}}
        yield {"kind": "length_between", "columns": [column.name], "parameters": {"min": 2}}
        yield from ({"kind": "matches", "columns": [column.name], "parameters": {"pattern": text}} for text in PATTERNS)
        yield from ({"kind": "checksum", "columns": [column.name], "parameters": {"scheme": text}} for text in SCHEMES)
        yield {"kind": "date_format", "columns": [column.name], "parameters": {"format": "YYYYMMDD"}}
        yield {"kind": "freshness", "columns": [column.name], "parameters": {"max_age": "P1Y"}}
        yield {
            "kind": "reference",
            "columns": [column.name],
            "parameters": {"table": "rules_other", "columns": [column.name]},
        }
    yield {"kind": "not_null", "columns": ["t", "i", "day"]}
    yield {"kind": "compound_unique", "columns": ["t", "姓名"]}
    yield {"kind": "compound_unique", "columns": ["姓名", "k"], "mostly": 0.01}
    yield {"kind": "compound_unique", "columns": ["day", "f", "clock"]}
    yield {
        "kind": "reference",
        "columns": ["姓名", "k"],
        "parameters": {"table": "rules_other", "columns": ["姓名", "k"]},
    }
    yield {"kind": "reference", "columns": ["i"], "parameters": {"table": "rules_other", "columns": ["f"]}}
    yield {"kind": "reference", "columns": ["f"], "parameters": {"table": "rules_other", "columns": ["k"]}}
    yield {"kind": "reference", "columns": ["day"], "parameters": {"table": "rules_other", "columns": ["ts"]}}
    yield {"kind": "reference", "columns": ["k"], "parameters": {"table": "rules_nasty", "columns": ["id"]}}
    yield {
        "kind": "reference",
        "columns": ["t"],
        "parameters": {"table": "rules_other", "columns": ['we"ird `%s` :x ?']},
    }
    yield {"kind": "row_count", "parameters": {"min": 10, "max": 100}}


def bounds(column: Column, shown: Sequence[Any]) -> Iterator[dict[str, Any]]:
    if column.value_class in (ValueClass.BOOLEAN, ValueClass.BINARY):
        return
    # in the order of the values, which is that of neither their JSON nor their text
    for parameters in ({"min": str(shown[0])}, {"max": str(shown[-1])}, {"min": str(shown[len(shown) // 2])}):
        yield {"kind": "between", "columns": [column.name], "parameters": parameters}
    if column.value_class in (ValueClass.TEXT, ValueClass.INTEGER, ValueClass.DECIMAL, ValueClass.FLOAT):
        yield {"kind": "between", "columns": [column.name], "parameters": {"min": -1.5, "max": 100}}
    if column.value_class is ValueClass.DATE:
        yield {"kind": "between", "columns": [column.name], "parameters": {"min": "2026-01-31 00:00:01"}}


def rules_of(table: Table, rows: Sequence[nasty.Row]) -> list[Rule]:
    """The rules that fit the table, each under one of the conditions and then without one."""
    found: list[Rule] = []
    for place, item in enumerate(declared(table, rows)):
        for where in {None, WHERES[place % len(WHERES)]}:
            rule = parse_rule({"id": f"{place} {item['kind']} {where}", "where": where, **item})
            try:
                bind(rule, table)
            except RuleError:  # a kind that is not for this class
                continue
            found.append(rule)
    return found


@pytest.fixture(scope="module", params=["mixed", "empty"])
def filled(engine: Engine, request: pytest.FixtureRequest) -> Mapping[str, list[nasty.Row]]:
    rows = nasty.rows(engine.dialect)
    held = {"rules_nasty": rows if request.param == "mixed" else [], "rules_other": rows[:40:2]}
    for name, some in held.items():
        fill(engine, name, some)
    return held


def judged(
    engine: Engine, plan: str, rules: Sequence[Rule], *, profile: bool = False
) -> tuple[Table, list[dict[str, Any]], int]:
    with connector_of(engine) as connector:
        table = connector.describe(engine.schema, "rules_nasty")
        reading = read_table(connector, table, profile=profile, rules=rules, plan=plan, now=NOW, tz=UTC)
        assert reading.plan == plan
        return table, [result.as_json() for result in reading.results], reading.statements


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_plan_judges_as_plain_loops_do(engine: Engine, filled: Mapping[str, list[nasty.Row]], plan: str) -> None:
    with connector_of(engine) as connector:
        tables = {name: connector.describe(engine.schema, name) for name in filled}
    rules = rules_of(tables["rules_nasty"], nasty.rows(engine.dialect))
    assert {rule.kind for rule in rules} == set(RULE_KINDS)
    _, results, _ = judged(engine, plan, rules)
    others = {name: (tables[name], filled[name]) for name in filled}
    wrong = {}
    for rule, found in zip(rules, results, strict=True):
        expected = naive.check(filled["rules_nasty"], tables["rules_nasty"], rule, now=NOW, others=others)
        if found != expected:
            wrong[rule.id, rule.columns] = {
                key: (found[key], expected[key]) for key in found if found[key] != expected[key]
            }
    assert wrong == {}


def test_the_profile_changes_no_verdict(engine: Engine, filled: Mapping[str, list[nasty.Row]]) -> None:
    with connector_of(engine) as connector:
        rules = rules_of(connector.describe(engine.schema, "rules_nasty"), nasty.rows(engine.dialect))[::7]
    alone, beside = (judged(engine, "push", rules, profile=profile)[1] for profile in (False, True))
    assert beside == alone


def test_rules_of_one_column_share_its_frequency_table(engine: Engine, filled: Mapping[str, list[nasty.Row]]) -> None:
    anything = {"kind": "matches", "columns": ["t"], "parameters": {"pattern": "(?s)^.*$"}}
    rules = [parse_rule({"id": str(number), **anything}) for number in range(5)]
    _, _, one = judged(engine, "push", rules[:1])
    _, results, many = judged(engine, "push", rules)
    assert all(result["passed"] for result in results)
    assert many == one
