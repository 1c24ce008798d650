"""A full profile of a table in PostgreSQL, pulled and pushed, against touching every value of it once."""

from benchmarks import ours
from benchmarks.measuring import measure
from benchmarks.report import Goal, Outcome, net_ratio, ratio
from benchmarks.stage import Stage

TOUCH, PULLED, PUSHED = "touch every value", "profile, pulled", "profile, pushed"


def run(stage: Stage) -> Outcome:
    source = stage.postgresql()
    cases = [
        ours.start(),
        ours.touch(stage, TOUCH, source),
        ours.profile(stage, PULLED, source, "pull"),
        ours.profile(stage, PUSHED, source, "push"),
    ]
    measured = measure(cases, stage.repeat, stage.tell)
    return Outcome(
        f"full profile of {stage.rows} x 15 in PostgreSQL, distinct and top values exact",
        measured,
        [
            ratio("pulled / touching every value", measured, PULLED, TOUCH, 8),
            net_ratio("pulled / touching every value, both without start-up", measured, PULLED, TOUCH),
            ratio("pushed / touching every value", measured, PUSHED, TOUCH, 10),
            Goal("processor seconds of the source, pulled", measured[PULLED].least("server"), 1.5),
            Goal("peak MiB of the reader, pulled", measured[PULLED].least("peak"), 400),
        ],
    )
