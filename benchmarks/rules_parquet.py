"""40 rules on a Parquet file against the same checks written by hand in polars."""

from benchmarks import ours
from benchmarks.measuring import Case, measure, python
from benchmarks.report import Goal, Outcome, ratio
from benchmarks.stage import Stage

POLARS, RULES = "by hand in polars", "40 rules"


def run(stage: Stage) -> Outcome:
    by_hand = python("-m", "benchmarks.programs.polars_rules", str(stage.folder / "files"))
    cases = [Case(POLARS, by_hand, check=ours.rules_are_true(stage)), ours.rules(stage, RULES, stage.files())]
    measured = measure(cases, stage.repeat, stage.tell)
    return Outcome(
        f"40 rules on {stage.rows} x 15 in Parquet, counts exact",
        measured,
        [
            ratio("40 rules / by hand in polars", measured, RULES, POLARS, 1.3),
            Goal("peak MiB", measured[RULES].least("peak"), 400),
        ],
    )
