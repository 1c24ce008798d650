"""A full profile of a Parquet file against DuckDB's own scan of it."""

from benchmarks import ours
from benchmarks.measuring import Case, measure, python
from benchmarks.report import Goal, Outcome, net_ratio, ratio
from benchmarks.stage import Stage

SCAN, PROFILE = "DuckDB's scan", "profile"


def run(stage: Stage) -> Outcome:
    source = stage.files()
    scan = python("-m", "benchmarks.programs.scan_parquet", str(stage.folder / "files" / "population.parquet"))
    cases = [ours.start(), Case(SCAN, scan, check=ours.prints(stage.rows)), ours.profile(stage, PROFILE, source)]
    measured = measure(cases, stage.repeat, stage.tell)
    return Outcome(
        f"full profile of {stage.rows} x 15 in Parquet, distinct and top values exact",
        measured,
        [
            ratio("profile / DuckDB's scan", measured, PROFILE, SCAN, 4),
            net_ratio("the same, both without start-up", measured, PROFILE, SCAN),
            Goal("peak MiB", measured[PROFILE].least("peak"), 400),
        ],
    )
