"""The benchmarks run, count what they should, and refuse a wrong answer. No time is judged here."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as parquet
import pytest

from benchmarks import measuring, registry, report
from benchmarks.__main__ import main
from benchmarks.data.making import main as make
from benchmarks.measuring import Case, Sample
from benchmarks.peers import cases, environments
from benchmarks.peers.environments import Peer
from datagene.embedded import mariadb
from scanner.values.citizen_id import is_citizen_id
from scanner.values.dates import is_date, parse_format
from scanner.values.uscc import is_uscc

SMALL = ["--rows", "1000", "--tables", "10", "--repeat", "1"]


@pytest.fixture(scope="module")
def data_directory() -> Iterator[Path]:
    """One for all tests here: the servers and the data in it are made once. Their account must be able to enter it."""
    folder = Path(tempfile.mkdtemp(prefix="datagene-bench-"))
    folder.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAGENE_DATA", str(folder / "data"))
        yield folder / "data"
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", registry.OURS)
def test_every_benchmark_runs_and_its_answers_are_right(
    data_directory: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    if name == "profile-mariadb" and not mariadb.available():
        pytest.skip("MariaDB is not on this machine")
    assert main([name, *SMALL]) == 0
    printed = capsys.readouterr().out
    assert "| goal | measured | limit | |" in printed
    assert "missed" not in printed  # goals speak of full size only


def test_a_wrong_count_fails_the_benchmark_by_the_name_of_the_rule(
    data_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules-parquet", *SMALL]) == 0
    (path,) = data_directory.glob("bench/population_1000_*/truth.json")
    truth = path.read_text(encoding="utf-8")
    changed = json.loads(truth)
    changed["rules"]["known-gzdw"]["failed"] += 1
    try:
        path.write_text(json.dumps(changed), encoding="utf-8")
        assert main(["rules-parquet", *SMALL]) == 1
    finally:
        path.write_text(truth, encoding="utf-8")
    assert re.search(r"known-gzdw: failed \d+ instead of \d+", capsys.readouterr().err)


def test_a_peer_that_cannot_be_installed_is_named_with_the_reason(
    data_directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(environments.PEERS, "datahub", Peer("DataHub", ("./no-such-wheel.whl",)))
    assert main(["peers-census", *SMALL]) == 0
    printed = capsys.readouterr()
    for said in (printed.out, printed.err):
        assert re.search(r"DataHub could not be installed here and was not measured: .*no-such-wheel", said)
    assert "| ours |" in printed.out


def test_the_counts_of_a_peer_are_held_against_what_was_planted() -> None:
    known = {"not-null-xm": 4, "unique-sfzh": 4, "rows": 0, "fresh-gxsj": 0}
    stage: Any = SimpleNamespace(rows=1000, truth={"rules": {rule: {"failed": count} for rule, count in known.items()}})
    told = {"not-null-xm": 4, "unique-sfzh": 2, "rows": 1000, "fresh-gxsj": "2026-01-01"}
    check = cases.rules_are_true(stage, pairs_once=True)
    check(f"a line before\n{json.dumps(told)}\n".encode())
    for rule in told:
        wrong = told | {rule: None}
        with pytest.raises(measuring.BenchmarkFault, match=f"wrong counts: {rule}: None"):
            check(json.dumps(wrong).encode())


def test_a_program_that_fails_is_told_with_what_it_said() -> None:
    case = Case("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(measuring.BenchmarkFault, match="broken ended with 1: no such thing"):
        measuring.run(case)


def test_the_seconds_of_a_server_count_living_and_buried_children() -> None:
    program = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n    while time.process_time() < 0.2: pass\n    os._exit(0)\n"
        "os.wait()\n"
        "if os.fork() == 0:\n    while time.process_time() < 0.2: pass\n    print('burnt', flush=True)\n    sys.stdin.read()\n    os._exit(0)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"burnt\n"
        assert measuring.seconds(server.pid) >= 0.38
        server.communicate()


def test_the_least_run_counts_and_one_missed_goal_is_named() -> None:
    runs = [Sample(3, 1.0, 0.5, 90), Sample(2, 1.5, 1.0, 80), Sample(9, 2, 2, 70)]
    measured = {name: measuring.Measured(name, runs[place:]) for place, name in enumerate(("mine", "other"))}
    outcome = report.Outcome("title", measured, [report.ratio("mine / other", measured, "mine", "other", 0.5)])
    text = report.shape(outcome, full=True)
    assert "| mine | 2.00 / 3.00 | 1.00 / 1.50 | 0.50 / 1.00 | 1.50 / 2.50 | 70 / 80 |" in text
    assert "| mine / other | 0.6 | 0.5 | **missed** |" in text


def test_results_are_written_between_the_marks_of_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "benchmarks.md"
    target.write_text(f"head\n{report.BEGIN}\nold\n{report.END}\ntail\n", encoding="utf-8")
    monkeypatch.setattr(report, "DOCUMENT", target)
    measured = {"mine": measuring.Measured("mine", [Sample(1, 1, 1, 1)])}
    report.keep(tmp_path, "census", report.Outcome("a title", measured), full=True, about={"runs": 3})
    report.keep(tmp_path, "census (PostgreSQL 15.1)", report.Outcome("old", measured), full=True, about={"runs": 1})
    report.keep(tmp_path, "small", report.Outcome("small", measured), full=False, about={})
    assert report.document(tmp_path, ["census", "small", "never-run"]) == ["census", "census (PostgreSQL 15.1)"]
    text = target.read_text(encoding="utf-8")
    assert text.startswith("head\n")
    assert text.endswith("\ntail\n")
    assert "### census: a title" in text
    assert "runs 3" in text
    assert "\nold\n" not in text


# What is planted, counted again by plain loops.

Row = dict[str, Any]


def _between(value: Any, parameters: dict[str, Any]) -> bool:
    if isinstance(value, date):  # moments are dates too; a bound is a day
        return (
            date.fromisoformat(parameters["min"])
            <= date(value.year, value.month, value.day)
            < date.fromisoformat(parameters["max"])
        )
    return bool(parameters["min"] <= value <= parameters["max"])


ONE_VALUE: dict[str, Callable[[Any, dict[str, Any]], bool]] = {
    "in_set": lambda value, parameters: value in parameters["values"],
    "matches": lambda value, parameters: re.search(parameters["pattern"], value) is not None,
    "length_between": lambda value, parameters: parameters["min"] <= len(value) <= parameters["max"],
    "between": _between,
    "checksum": lambda value, parameters: (is_citizen_id if parameters["scheme"] == "citizen_id" else is_uscc)(value),
    "date_format": lambda value, parameters: is_date(value, parse_format(parameters["format"])),
}
CONDITIONS: dict[str | None, Callable[[Row], bool]] = {
    None: lambda row: True,
    "csrq >= '20080101'": lambda row: row["csrq"] is not None and row["csrq"] >= "20080101",
    "sr >= 100000": lambda row: row["sr"] >= 100_000,
    "xb = '2'": lambda row: row["xb"] == "2",
}


def _count(rule: dict[str, Any], people: list[Row], referenced: dict[str, set[str]]) -> dict[str, int]:
    rows = [row for row in people if CONDITIONS[rule["where"]](row)]
    values = [tuple(row[name] for name in rule["columns"]) for row in rows]
    if rule["kind"] == "not_null":
        return {"evaluated": len(values), "failed": sum(None in value for value in values)}
    values = [value for value in values if None not in value]
    if rule["kind"] in ("freshness", "row_count"):
        return {"evaluated": len(values), "failed": 0}
    if rule["kind"] in ("unique", "compound_unique"):
        often = Counter(values)
        return {"evaluated": len(values), "failed": sum(often[value] > 1 for value in values)}
    if rule["kind"] == "reference":
        failed = sum(value[0] not in referenced[rule["parameters"]["table"]] for value in values)
        return {"evaluated": len(values), "failed": failed}
    passes = ONE_VALUE[rule["kind"]]
    return {"evaluated": len(values), "failed": sum(not passes(value[0], rule["parameters"]) for value in values)}


def test_planted_faults_are_what_plain_loops_count(tmp_path: Path) -> None:
    make(tmp_path / "data", 3_000)
    files = tmp_path / "data" / "files"
    people = parquet.read_table(files / "population.parquet").to_pylist()
    referenced = {
        name: set(parquet.read_table(files / f"{name}.parquet").column(0).to_pylist())
        for name in ("region", "enterprise")
    }
    rules = json.loads((tmp_path / "data" / "rules.json").read_text(encoding="utf-8"))
    truth = json.loads((tmp_path / "data" / "truth.json").read_text(encoding="utf-8"))
    assert len(rules) == 40
    assert truth["rules"] == {rule["id"]: _count(rule, people, referenced) for rule in rules}
    assert all(known["failed"] for rule, known in truth["rules"].items() if rule not in NEVER_BROKEN)
    for name, known in truth["columns"].items():
        values = [row[name] for row in people if row[name] is not None]
        top = [count for _, count in Counter(values).most_common(20)]
        assert known == {"nulls": len(people) - len(values), "distinct": len(set(values)), "top": top}, name


NEVER_BROKEN = ("not-null-id", "unique-id", "fresh-gxsj", "rows")  # a key holds the first two
