"""A short run of `make chaos` in the suite: each kind of fault once, two dozen jobs."""

import os
import subprocess
import sys

from datagene.embedded.layout import PROJECT
from tests.hostile.faults.chaos import overlaps, violations

KEPT = {
    "asked": 2, "jobs": 2, "succeeded": 2, "states": {}, "results": 2, "results of the last attempt": 2, "steps": 5,
    "distinct steps": 5, "steps asked": 5, "overlaps of a job": 0, "overlaps of a source": 0, "drained": 9.0,
    "clocks differ": 0.001,
}  # fmt: skip


def test_each_fault_once_and_nothing_is_lost_doubled_or_side_by_side() -> None:
    command = [sys.executable, "-m", "tests.hostile.faults.chaos", "--seed", "3", "--jobs", "24", "--faults", "8"]
    plain = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(command, cwd=PROJECT, env=plain, capture_output=True, text=True, timeout=300)
    assert (done.returncode, "every promise was kept" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_verdict_sees_each_broken_promise() -> None:
    assert violations(KEPT, 2) == []
    for name, value in {
        "asked": 1, "succeeded": 1, "results": 3, "results of the last attempt": 1, "steps": 6, "distinct steps": 4,
        "overlaps of a job": 1, "overlaps of a source": 1, "drained": 61.0, "clocks differ": 1.0,
    }.items():  # fmt: skip
        assert len(violations(KEPT | {name: value}, 2)) == 1, name


def test_attempts_side_by_side_are_counted() -> None:
    def note(token: int, at: float, key: str = "s") -> dict[str, object]:
        return {"key": key, "token": token, "at": at}

    apart = [note(1, 0.0), note(1, 1.0), note(2, 1.1), note(2, 2.0), note(3, 0.5, "other")]
    assert overlaps(apart, "key") == 0
    assert overlaps([*apart, note(4, 0.5), note(4, 0.6), note(5, 0.7)], "key") == 2  # both inside the first
