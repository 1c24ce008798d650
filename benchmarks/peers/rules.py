"""40 rules on a table in PostgreSQL, by us, by Soda Core and by Great Expectations."""

from benchmarks import ours
from benchmarks.measuring import Case, measure
from benchmarks.peers import cases
from benchmarks.peers.environments import PEERS
from benchmarks.report import Goal, Outcome, ratio
from benchmarks.stage import Stage

PULLED, PUSHED = "ours, pulled", "ours, pushed"
LIMITS = {"soda": 1 / 3, "gx": 1 / 6}


def run(stage: Stage) -> Outcome:
    source = stage.postgresql()

    def peer(name: str, *, pairs_once: bool = False) -> Case:
        program = ["-m", f"benchmarks.peers.{name}_rules", stage.rules]
        return cases.case(stage, name, source, program, cases.rules_are_true(stage, pairs_once=pairs_once))

    peers, missing = cases.found(stage, {"soda": lambda: peer("soda", pairs_once=True), "gx": lambda: peer("gx")})
    own = [ours.rules(stage, PULLED, source, "pull"), ours.rules(stage, PUSHED, source, "push")]
    measured = measure([*own, *peers.values()], stage.repeat, stage.tell)
    goals: list[Goal] = []
    for name in peers:
        label = PEERS[name].label
        goals.append(ratio(f"{PULLED} / {label}", measured, PULLED, label, LIMITS[name]))
        goals.append(ratio(f"{PUSHED} / {label}", measured, PUSHED, label))
    return Outcome(f"40 rules on {stage.rows} x 15 in PostgreSQL, all counts exact", measured, goals, missing)
