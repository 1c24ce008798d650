"""One column that is in no source yet, asked about over HTTP against 5,000 elements."""

import json
from statistics import median
from typing import Any

from benchmarks.measuring import Case, measure, python
from benchmarks.programs.ask_over_http import ASKED
from benchmarks.report import Goal, Outcome
from benchmarks.stage import Stage

ELEMENTS = 5_000


def run(stage: Stage) -> Outcome:
    place = stage.catalogue(ELEMENTS)
    answers: list[dict[str, Any]] = []
    ask = python("-m", "benchmarks.programs.ask_over_http")
    case = Case(
        f"ask about {ASKED} new columns", ask, place.servers, place.secrets,
        check=lambda output: answers.append(json.loads(output)), slow=True,
    )  # fmt: skip
    measured = measure([case], stage.repeat, stage.tell)
    quiet = min(answers, key=lambda answer: sum(answer["taken"]))
    return Outcome(
        f"All suggestions for one new column over HTTP, {ELEMENTS} elements",
        measured,
        [
            Goal(f"processor ms of the server, slowest of {ASKED}", max(quiet["taken"]), 100),
            Goal("processor ms of the server, median", median(quiet["taken"])),
            Goal("processor ms of the first question after the registry has changed", quiet["anew"]),
            Goal("ms by the clock of that question", quiet["wall"]),
        ],
    )
