"""The columns of a province matched to 5,000 elements, grouped and indexed; and one new column asked about."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import BenchmarkFault, Case, Measured, measure, python
from benchmarks.measuring import run as measured_once
from benchmarks.programs import make_columns
from benchmarks.report import Goal, Outcome
from benchmarks.stage import Stage

ELEMENTS = 5_000
MATCH, GROUP = "match", "group and index"


def run(stage: Stage) -> Outcome:
    """As many columns as `--rows` says."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "made"
        make_columns.main(folder, stage.rows, ELEMENTS)
        out, told = folder / "pred.csv", set()
        match = python("-m", "genes.engine", "match", "--out", str(out))
        match += ["--elements", str(folder / "elements.csv"), "--columns", str(folder / "columns.csv")]

        def same(_output: bytes) -> None:
            told.add(hashlib.sha256(out.read_bytes()).hexdigest())
            if len(told) > 1:
                raise BenchmarkFault("the same columns were matched in two ways")

        def grouped(output: bytes) -> None:
            if int(output.split()[0]) != stage.rows:
                raise BenchmarkFault(f"{stage.rows} columns were made: {output!r}")

        group = python("-m", "benchmarks.programs.group_and_index", str(out))
        cases = [Case(MATCH, match, check=same, slow=True), Case(GROUP, group, check=grouped, slow=True)]
        measured = {
            case.name: Measured(case.name, [measured_once(case) for _turn in range(stage.repeat)]) for case in cases
        }
        asked: list[float] = []
        ask = python("-m", "benchmarks.programs.suggest", str(folder / "elements.csv"))
        measured |= measure(
            [Case("ask about 400 new columns", ask, check=lambda output: asked.append(float(output)))], 1, stage.tell
        )
    both = [measured[MATCH], measured[GROUP]]
    return Outcome(
        f"{stage.rows} columns matched to {ELEMENTS} elements, grouped and indexed",
        measured,
        [
            Goal("processor seconds in all", sum(case.least("cpu") for case in both), 480),
            Goal("peak MiB", max(case.least("peak") for case in both), 6 * 1024),
            Goal("one new column, slowest of 400, ms", max(asked), 100),
        ],
    )
