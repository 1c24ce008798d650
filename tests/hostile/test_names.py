"""Hostile names are names: listed, measured and checked exactly, executed never; and our own session cannot write."""

import os
from collections.abc import Iterator

import pytest

from scanner.errors import RuleError, SourceError
from scanner.model import Rule
from scanner.reading import read_table
from scanner.rules import parse_rule
from tests.contracts import sources
from tests.contracts.sources import Estate

NAMES = [
    "a'b", 'a"b', "a`b", "a; DROP TABLE canary; --", "a'; DROP TABLE canary; --", 'a"; DROP TABLE canary; --', "--", "/* a", "%s", "%(x)s", "100%", ":name", "?",
    "$1", "{x}", "a\nb", "a\tb", "\u202eab", "a[b]", "a\\b", "SELECT", "x" * 63, "人口 表",
]  # fmt: skip


@pytest.fixture(scope="module", params=["postgresql", "mysql", "sqlite"])
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    name = f"names_{os.getpid()}"
    if request.param == "sqlite":
        made = sources.sqlite(tmp_path_factory.mktemp("names"))
    elif request.param == "mysql":
        made = sources.mysql(request.getfixturevalue("mariadb_server"), name)
    else:
        made = sources.postgresql(request.getfixturevalue("postgres_server"), name)
    with made as found:
        mark, kind = sources._quote(found.kind), sources._text(found.kind)
        found.create("canary", [f"a {kind}"], [["alive"]])
        for name in NAMES:
            found.create(
                name, ["id int PRIMARY KEY", f"{mark(name)} {kind}"], [(1, "x"), (2, "y"), (3, None), (4, "x")]
            )
        yield found


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_hostile_names_are_listed_measured_and_checked_exactly(estate: Estate, plan: str) -> None:
    with estate.open() as connector:
        assert {table.name for table in connector.snapshot().tables} == {*NAMES, "canary"}
        for name in NAMES:
            table = connector.describe(estate.schema, name)
            quoted = '"' + name.replace('"', '""') + '"'
            control = any(sign < " " for sign in name)
            rules = [
                Rule("filled", "not_null", (name,)), Rule("once", "unique", (name,)), Rule("set", "in_set", (name,), {"values": ("x",)}),
                *([] if control else [Rule("some", "not_null", (name,), {}, where=f"{quoted} = 'x' OR {quoted} IS NULL")]),
            ]  # fmt: skip
            reading = read_table(connector, table, rules=rules, plan=plan)
            profile = reading.columns[1]
            assert (name, reading.rows, profile.name, profile.nulls, profile.distinct) == (name, 4, name, 1, 2)
            found = [(result.evaluated, result.failed, result.error) for result in reading.results]
            assert (name, found) == (name, [(4, 1, None), (3, 2, None), (3, 1, None), (3, 1, None)][: len(rules)])
        assert read_table(connector, connector.describe(estate.schema, "canary")).rows == 1


WRITES = [
    "INSERT INTO canary VALUES ('x')",
    "UPDATE canary SET a = 'x'",
    "DELETE FROM canary",
    "DROP TABLE canary",
    "CREATE TABLE made (a int)",
]


@pytest.mark.parametrize("sql", WRITES)
def test_our_own_session_cannot_write_though_the_account_may(estate: Estate, sql: str) -> None:
    with estate.open() as connector:
        if estate.kind != "sqlite":
            held = connector.test().privileges
            assert (held.superuser, held.can_write) == (True, True)  # flagged
        with pytest.raises(SourceError) as caught:
            connector.execute(sql)
        assert caught.value.code == "read_failed"
    with estate.open() as connector:
        assert read_table(connector, connector.describe(estate.schema, "canary")).columns[0].top == [("alive", 1)]


@pytest.mark.parametrize("pattern", ["(a", "a{2000}", "((a{100}){100}){100}", "(?=a)", "(a)\\1", "[", "x" * 20_000, ""])
def test_a_pattern_that_re2_does_not_run_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule({"id": "r", "kind": "matches", "columns": ["a"], "parameters": {"pattern": pattern}})
    assert caught.value.field == "parameters.pattern"


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_pattern_that_kills_others_is_counted(estate: Estate, plan: str) -> None:
    with estate.open() as connector:
        rule = Rule("slow", "matches", ("a",), {"pattern": r"^(a+)+(al|ali|alive)*$"})
        reading = read_table(connector, connector.describe(estate.schema, "canary"), rules=[rule], plan=plan)
    assert (reading.results[0].evaluated, reading.results[0].failed) == (1, 1)
