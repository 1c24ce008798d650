"""A full profile of a table in MariaDB, pulled."""

from benchmarks import ours
from benchmarks.measuring import BenchmarkFault, Case, measure, python
from benchmarks.report import Goal, Outcome, ratio
from benchmarks.stage import Stage

TOUCH, PULLED = "touch every value", "profile, pulled"


def run(stage: Stage) -> Outcome:
    source = stage.mariadb()
    if source is None:
        raise BenchmarkFault("left out: this machine has no MariaDB (apt-get install -y mariadb-server)")
    touch = python("-m", "benchmarks.programs.touch_mariadb")
    cases = [
        ours.start(),
        Case(TOUCH, touch, source.servers, source.secrets, ours.prints(stage.rows)),
        ours.profile(stage, PULLED, source, "pull"),
    ]
    measured = measure(cases, stage.repeat, stage.tell)
    return Outcome(
        f"full profile of {stage.rows} x 15 in MariaDB, distinct and top values exact",
        measured,
        [
            Goal("processor seconds of the source", measured[PULLED].least("server"), 1.5),
            Goal("peak MiB of the reader", measured[PULLED].least("peak"), 400),
            ratio("pulled / touching every value", measured, PULLED, TOUCH),
        ],
    )
