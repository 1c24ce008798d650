"""The command line: what it prints, how it ends, and that it never ends in a traceback."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.__main__ import main

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "库 1.db"
    with sqlite3.connect(path) as database:
        database.executescript(
            """
            CREATE TABLE "人口" (id INTEGER PRIMARY KEY, sfzh TEXT, xb TEXT, je NUMERIC(30, 2));
            INSERT INTO "人口" VALUES (1, '11010519491231002X', '1', 1.10), (2, '110105194912310021', '2', 1.1),
                                    (3, NULL, '9', 2.5), (4, '11010519491231002X', NULL, NULL);
            CREATE TABLE "a.b" (x INTEGER);
            """
        )
    database.close()
    return f"sqlite://{path}"


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def call(*arguments: str) -> tuple[int, Any]:
        status = main(arguments)
        out, err = capfdbinary.readouterr()
        answer = json.loads(out)
        if status == 2:
            assert answer["error"]["message"] == err.decode().strip()
            assert "\n" not in err.decode().strip()
        else:
            assert err == b""
        return status, answer

    return call


def rules_file(tmp_path: Path, *rules: Any) -> str:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_snapshot_lists_the_tables(run: Run, source: str) -> None:
    status, answer = run("snapshot", source)
    assert status == 0
    assert [table["name"] for table in answer["tables"]] == ["a.b", "人口"]
    assert answer.keys() == {"kind", "tables", "tables_cut", "unreadable", "privileges", "statements"}


def test_profile_measures_each_column(run: Run, source: str) -> None:
    status, answer = run("profile", source, "--table", "人口")
    assert status == 0
    assert (answer["rows"], answer["plan"], answer["statements"]) == (4, "pull", 1)
    number, amount = answer["columns"][1], answer["columns"][3]
    assert (number["nulls"], number["distinct"], number["top"]) == (
        1,
        2,
        [["11010519491231002X", 2], ["110105194912310021", 1]],
    )
    assert number["identifiers"]["citizen_id"] == 2 / 3
    assert (amount["distinct"], amount["top"][0], amount["max"]) == (2, [1.1, 2], 2.5)


def test_check_ends_with_0_when_all_rules_pass_and_1_when_one_does_not(run: Run, source: str, tmp_path: Path) -> None:
    passing = {"id": "a", "kind": "in_set", "columns": ["xb"], "parameters": {"values": ["1", "2", "9"]}}
    failing = {"id": "b", "kind": "checksum", "columns": ["sfzh"], "parameters": {"scheme": "citizen_id"}}
    status, answer = run("check", source, "--table", "main.人口", "--rules", rules_file(tmp_path, passing))
    assert status == 0
    status, answer = run("check", source, "--table", "main.人口", "--rules", rules_file(tmp_path, passing, failing))
    assert status == 1
    assert answer["results"][1] == {
        "id": "b", "evaluated": 3, "failed": 1, "passed": False, "examples": ["110105194912310021"], "keys": [[2]],
        "observed": None, "error": None,
    }  # fmt: skip


def test_a_rule_whose_referenced_table_is_missing_fails_alone(run: Run, source: str, tmp_path: Path) -> None:
    gone = {"id": "gone", "kind": "reference", "columns": ["xb"], "parameters": {"table": "nosuch", "columns": ["x"]}}
    count = {"id": "count", "kind": "row_count", "parameters": {"min": 4, "max": 4}}
    status, answer = run("check", source, "--table", "人口", "--rules", rules_file(tmp_path, gone, count))
    assert status == 1
    assert [(result["passed"], result["error"] is None) for result in answer["results"]] == [
        (False, False),
        (True, True),
    ]


def test_names_with_dots(run: Run, source: str) -> None:
    assert run("profile", source, "--table", "a.b")[0] == 0  # no schema is called a
    assert run("profile", source, "--table", "main.a.b")[0] == 0
    assert run("profile", source, "--schema", "main", "--table", "a.b")[0] == 0
    status, answer = run("profile", source, "--schema", "main", "--table", "main.a.b")
    assert (status, answer["error"]["code"]) == (2, "no_such_table")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"id": "r", "kind": "nosuch", "columns": ["xb"]}, "kind"),
        ({"id": "r", "kind": "not_null"}, "columns"),
        ({"id": "r", "kind": "not_null", "columns": "xb"}, "columns"),
        ({"id": "r", "kind": "not_null", "columns": ["nosuch"]}, "columns"),
        ({"id": "r", "kind": "unique", "columns": ["xb", "je"]}, "columns"),
        ({"id": "r", "kind": "row_count", "columns": ["xb"], "parameters": {"min": 1}}, "columns"),
        ({"id": "r", "kind": "in_set", "columns": ["xb"]}, "parameters.values"),
        ({"id": "r", "kind": "in_set", "columns": ["xb"], "parameters": {"values": "1"}}, "parameters.values"),
        ({"id": "r", "kind": "in_set", "columns": ["xb"], "parameters": {"values": [None]}}, "parameters.values"),
        ({"id": "r", "kind": "in_set", "columns": ["xb"], "parameters": {"values": [1], "value": 1}}, "parameters.value"),
        ({"id": "r", "kind": "matches", "columns": ["xb"], "parameters": {"pattern": "(?=x)"}}, "parameters.pattern"),
        ({"id": "r", "kind": "matches", "columns": ["xb"], "parameters": {"pattern": "["}}, "parameters.pattern"),
        ({"id": "r", "kind": "length_between", "columns": ["xb"], "parameters": {"min": 3, "max": 2}}, "parameters.min"),
        ({"id": "r", "kind": "length_between", "columns": ["xb"], "parameters": {"min": "3"}}, "parameters.min"),
        ({"id": "r", "kind": "length_between", "columns": ["xb"], "parameters": {"min": True}}, "parameters.min"),
        ({"id": "r", "kind": "length_between", "columns": ["xb"], "parameters": {"max": -1}}, "parameters.max"),
        ({"id": "r", "kind": "between", "columns": ["je"], "parameters": {}}, "parameters.min"),
        ({"id": "r", "kind": "between", "columns": ["je"], "parameters": {"min": 2, "max": 1}}, "parameters.min"),
        ({"id": "r", "kind": "between", "columns": ["je"], "parameters": {"min": "10", "max": "9"}}, "parameters.min"),
        ({"id": "r", "kind": "between", "columns": ["je"], "parameters": {"min": "much"}}, "parameters.min"),
        ({"id": "r", "kind": "between", "columns": ["xb"], "parameters": {"min": 1, "max": "2"}}, "parameters.max"),
        ({"id": "r", "kind": "date_format", "columns": ["xb"], "parameters": {"format": "yyyy-MM-dd"}}, "parameters.format"),
        ({"id": "r", "kind": "date_format", "columns": ["xb"], "parameters": {"format": "YYYYYYYY"}}, "parameters.format"),
        ({"id": "r", "kind": "date_format", "columns": ["xb"], "parameters": {"format": "--"}}, "parameters.format"),
        ({"id": "r", "kind": "date_format", "columns": ["je"], "parameters": {"format": "YYYY"}}, "columns"),
        ({"id": "r", "kind": "checksum", "columns": ["xb"], "parameters": {"scheme": "isbn"}}, "parameters.scheme"),
        ({"id": "r", "kind": "reference", "columns": ["xb"], "parameters": {"table": "t", "columns": ["a", "b"]}}, "parameters.columns"),
        ({"id": "r", "kind": "freshness", "columns": ["xb"], "parameters": {"max_age": "1 day"}}, "parameters.max_age"),
        ({"id": "r", "kind": "freshness", "columns": ["xb"], "parameters": {"max_age": "PT"}}, "parameters.max_age"),
        ({"id": "r", "kind": "freshness", "columns": ["id"], "parameters": {"max_age": "P1D"}}, "columns"),
        ({"id": "r", "kind": "not_null", "columns": ["xb"], "mostly": 1.01}, "mostly"),
        ({"id": "r", "kind": "not_null", "columns": ["xb"], "mostly": "all"}, "mostly"),
        ({"id": "r", "kind": "not_null", "columns": ["xb"], "where": "1=1; DROP TABLE x"}, "where"),
        ({"id": "r", "kind": "not_null", "columns": ["xb"], "where": "nosuch = 1"}, "where"),
        ({"id": "r", "kind": "not_null", "columns": ["xb"], "where": 7}, "where"),
        ({"id": "r", "kind": "not_null", "columns": ["xb"], "severity": "high"}, "severity"),
        ({"id": "", "kind": "not_null", "columns": ["xb"]}, "id"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_by_its_name_and_field(
    run: Run, source: str, tmp_path: Path, rule: dict[str, Any], field: str
) -> None:
    status, answer = run("check", source, "--table", "人口", "--rules", rules_file(tmp_path, rule))
    assert (status, answer["error"]["code"]) == (2, "bad_rule")
    assert (answer["error"]["rule"], answer["error"]["field"]) == (rule["id"] or "#1", field)


def test_two_rules_of_one_id_are_refused(run: Run, source: str, tmp_path: Path) -> None:
    rule = {"id": "r", "kind": "not_null", "columns": ["xb"]}
    status, answer = run("check", source, "--table", "人口", "--rules", rules_file(tmp_path, rule, rule))
    assert (status, answer["error"]["rule"], answer["error"]["field"]) == (2, "r", "id")


def test_a_rules_file_that_is_none(run: Run, source: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    for text, code in (("{", "usage"), ('{"id": "x"}', "bad_rule"), ("[1]", "bad_rule"), ("NaN", "bad_rule")):
        path.write_text(text)
        status, answer = run("check", source, "--table", "人口", "--rules", str(path))
        assert (status, answer["error"]["code"]) == (2, code)
    status, answer = run("check", source, "--table", "人口", "--rules", str(tmp_path / "nosuch.json"))
    assert (status, answer["error"]["code"]) == (2, "file")


def test_what_cannot_be_done_is_told_in_one_line(run: Run, source: str, tmp_path: Path) -> None:
    for arguments, code in (
        ((), "usage"), (("profile", source), "usage"), (("drop", source), "usage"), (("profile", source, "--table", "nosuch"), "no_such_table"),
        (("profile", source, "--table", "人口", "--plan", "later"), "usage"), (("snapshot", "oracle://x"), "bad_parameter"),
        (("snapshot", f"sqlite://{tmp_path}/nosuch.db"), "no_such_path"), (("snapshot", "postgresql://u@127.0.0.1:1/d"), "unreachable"),
        (("profile", source, "--table", "人口", "--sketch"), "usage"),
    ):  # fmt: skip
        status, answer = run(*arguments)
        assert (status, answer["error"]["code"]) == (2, code), arguments


def test_a_password_in_the_url_is_refused_and_not_repeated(run: Run) -> None:
    status, answer = run("snapshot", "postgresql://user:geheim@127.0.0.1/d")
    assert status == 2
    assert "SCANNER_PASSWORD" in answer["error"]["message"]
    assert "geheim" not in json.dumps(answer)


def test_output_is_utf_8_in_any_locale_and_starts_without_django(source: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-X", "importtime", "-m", "scanner", "profile", source, "--table", "人口"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert "人口" not in json.loads(done.stdout.decode("utf-8"))
    imported = done.stderr.decode()
    assert "scanner.reading" in imported
    assert "django" not in imported
    assert "pandas.core" not in imported
