"""Profile and rules in one reading against the rules alone, from PostgreSQL and from Parquet."""

from benchmarks import ours
from benchmarks.measuring import measure
from benchmarks.report import Outcome, ratio
from benchmarks.stage import Stage


def run(stage: Stage) -> Outcome:
    sources = {"PostgreSQL": stage.postgresql(), "Parquet": stage.files()}
    cases = []
    for name, source in sources.items():
        cases.append(ours.rules(stage, f"{name}: 40 rules", source))
        cases.append(ours.profile_and_rules(stage, f"{name}: profile and 40 rules", source))
    measured = measure(cases, stage.repeat, stage.tell)
    return Outcome(
        f"profile and 40 rules of {stage.rows} x 15 in one reading",
        measured,
        [
            ratio(f"{name}: both / rules alone", measured, f"{name}: profile and 40 rules", f"{name}: 40 rules", 1.6)
            for name in sources
        ],
    )
