"""40 rules on a table in PostgreSQL, pulled and pushed; what they find is what was planted."""

from benchmarks import ours
from benchmarks.measuring import measure
from benchmarks.report import Goal, Outcome, ratio
from benchmarks.stage import Stage

TOUCH, PULLED, PUSHED = "touch every value", "40 rules, pulled", "40 rules, pushed"


def run(stage: Stage) -> Outcome:
    source = stage.postgresql()
    cases = [
        ours.start(),
        ours.touch(stage, TOUCH, source),
        ours.rules(stage, PULLED, source, "pull"),
        ours.rules(stage, PUSHED, source, "push"),
    ]
    measured = measure(cases, stage.repeat, stage.tell)
    return Outcome(
        f"40 rules on {stage.rows} x 15 in PostgreSQL, counts exact",
        measured,
        [
            Goal("processor seconds of the source, pulled", measured[PULLED].least("server"), 1.5),
            Goal("peak MiB of the reader, pulled", measured[PULLED].least("peak"), 400),
            ratio("pulled / touching every value", measured, PULLED, TOUCH),
            ratio("pushed / touching every value", measured, PUSHED, TOUCH),
        ],
    )
