"""The platform over the metadata of a province: every page and list, and a census of 10,000 tables into it.

Takes an hour, so it runs only by its name: `python -m benchmarks scale`. `--province 1000` is a smaller one.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.data import province
from benchmarks.measuring import BenchmarkFault, Case, Measured, environment, python
from benchmarks.measuring import run as measured_once
from benchmarks.report import Goal, Outcome
from benchmarks.scale_pages import LIMIT, SEARCH_LIMIT
from benchmarks.stage import Stage

PEOPLE = ("scale_all", "scale_one")  # of the whole province, and of one small agency
SETTLED = 0.3  # of a census: by then the catalogue is read and compared


def run(stage: Stage) -> Outcome:
    answers: list[dict[str, Any]] = []
    with stage.province_copy() as copy:
        source = stage.estate(max(10, stage.province // 10))
        command = python("-m", "benchmarks.programs.scale_census", source.secrets["PGDATABASE"])
        keep = lambda output: answers.append(json.loads(output))  # noqa: E731
        cases = [
            Case(f"census of {stage.province // 10} tables, {what}", command, copy.servers, copy.secrets, keep)
            for what in ("all new", "all as they were")
        ]
        measured = {case.name: Measured(case.name, [measured_once(case)]) for case in cases}
    if answers[0]["created"] != answers[0]["tables"] or answers[1]["created"]:
        raise BenchmarkFault(f"the census did not write down what is there: {answers}")
    pages = _pages(stage)
    return Outcome(
        f"{stage.province} tables, {stage.province * 20} columns: pages, lists, searches, and a census into them",
        measured,
        [*_census_goals(answers, measured), *_page_goals(pages)],
        _tables(pages["people"]),
    )


def _pages(stage: Stage) -> Any:
    place = stage.province_database()
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "pages.json"
        command = python("-m", "benchmarks.scale_pages", "--repeat", str(stage.repeat), "--json", str(answer), "--deep")
        command += [word for person in PEOPLE for word in ("--person", person)]
        done = subprocess.run(
            command, env=environment() | province.settings(place.secrets), capture_output=True, text=True
        )
        if not answer.exists():
            raise BenchmarkFault(f"the pages could not be measured: {done.stderr.strip()[-1500:]}")
        stage.tell(done.stdout)
        return json.loads(answer.read_text(encoding="utf-8"))


def _census_goals(answers: Sequence[Mapping[str, Any]], measured: Mapping[str, Measured]) -> list[Goal]:
    """Worker and database take turns, so their processor seconds are the seconds of a quiet machine."""
    memory = answers[0]["memory"]
    settled = memory[int(len(memory) * SETTLED)]
    return [
        *(Goal(f"processor seconds of the {name}", case.least("cpu"), 300) for name, case in measured.items()),
        Goal(f"MiB held at its end / after {SETTLED:.0%} of it", memory[-1] / settled, 1.1),
    ]


def _page_goals(pages: Mapping[str, Any]) -> list[Goal]:
    goals = []
    for person, families in pages["people"].items():
        for search, what, limit in (
            (False, "pages and lists", LIMIT),
            (True, "searches and suggestions", SEARCH_LIMIT),
        ):
            of_kind = {family: row for family, row in families.items() if row["search"] == search}
            worst = max(of_kind, key=lambda family: of_kind[family]["p95"])
            goals.append(
                Goal(f"{person}: p95 ms of {what}, the slowest family ({worst})", of_kind[worst]["p95"], limit)
            )
    goals += [
        Goal(f"page 1,000 / page 1 of `{address}`", last / max(first, 1), 1.2)
        for address, (first, last) in pages["deep"].items()
    ]
    return goals


def _tables(people: Mapping[str, Any]) -> list[str]:
    notes = []
    for person, families in people.items():
        lines = [
            f"| {person} | addresses | p50 | p95 | max | database p95 | queries |",
            "|---|---|---|---|---|---|---|",
        ]
        for family, row in families.items():
            figures = " | ".join(f"{row[name]:.0f}" for name in ("p50", "p95", "max", "database"))
            least, most = row["queries"]
            lines.append(f"| {family} | {row['cases']} | {figures} | {least}–{most} |")
        notes.append("\n".join(lines))
        over = sorted((found for row in families.values() for found in row["over"]), reverse=True)
        if over:
            notes.append(
                f"Over the limit ({person}): " + ", ".join(f"`{path}` {ms:.0f} ms" for ms, path in over[:20]) + "."
            )
    return notes
