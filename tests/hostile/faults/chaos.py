"""`make chaos`: the platform's own ledger under faults, drawn by a seed, and what became of every job.

    python -m tests.hostile.faults.chaos [--seed 7] [--jobs 200] [--faults 34]

Two real workers of three processes each, beat, and servers of their own. Exit code 1 when anything was lost, done
twice, done side by side, or was slow to recover.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import django

from tests.hostile.faults import stack as stacks
from tests.hostile.faults.stack import LEASE, Celery, Stack, until

SOURCES, WORKERS, CHILDREN = 40, 2, 3
DRAIN_WITHIN = 60  # seconds after the last fault
# How often each fault comes in a run of 34; shorter runs take as many of each as fits, and each at least once.
FAULTS = {
    "worker tree": 8, "worker main": 6, "pool child": 6, "frozen child": 5, "broker": 3, "broker and wiped": 3,
    "postmaster -9": 2, "postmaster -QUIT": 1,
}  # fmt: skip
T = TypeVar("T")


@dataclass
class Run:
    """One run: the stack, its workers, and the dice."""

    seed: int
    jobs: int
    faults: int
    stack: Stack
    celery: Celery
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    asked: set[Any] = field(default_factory=set)
    ended: int = 0  # workers that ended without being killed: their children were killed while they started

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def drawn(self) -> list[str]:
        """The faults in their order: each kind by its weight, and at least once."""
        total = sum(FAULTS.values())
        counts = {name: max(1, round(weight * self.faults / total)) for name, weight in FAULTS.items()}
        drawn = [name for name, count in counts.items() for _ in range(count)]
        self.chance.shuffle(drawn)
        return drawn

    def go(self) -> dict[str, Any]:
        self.workers = [self.celery.worker(CHILDREN) for _ in range(WORKERS)]
        beat = self.celery.beat()
        drawn = self.drawn()
        self.ask(self.jobs // 4)
        until(lambda: len(self.owners()) >= WORKERS, what="work beginning")
        share = -(-(self.jobs - len(self.asked)) // len(drawn))
        for number, name in enumerate(drawn, 1):
            self.ask(min(share, self.jobs - len(self.asked)))
            time.sleep(self.chance.uniform(0.3, 2.0))
            self.tend()
            print(f"  {number:3} {name}", flush=True)
            getattr(self, name.partition(" ")[0])(*name.split()[1:])
        drained = -time.monotonic() + self.await_all()
        assert beat.poll() is None, "beat has ended"
        return self.verdict(len(drawn), drained)

    def tend(self) -> None:
        """What systemd and the supervisor do: a worker that has ended is started again."""
        for at, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.ended += 1
                self.workers[at] = self.celery.worker(CHILDREN)

    # -- work ------------------------------------------------------------------------------------------------------

    def ask(self, count: int) -> None:
        """Create jobs as a request does, with the patience of a client that is told to come again."""
        from core import jobs  # Django is set up by now

        for number in range(len(self.asked), len(self.asked) + count):
            key = f"source:{number % SOURCES}"
            steps = self.chance.randint(2, 16)
            made = patiently(
                lambda number=number, key=key, steps=steps: jobs.create_job(  # type: ignore[misc]
                    actor=None, kind="hostile.work", params={"steps": steps, "key": key}, target=key, exclusive_key=key,
                    idem_key=f"chaos:{number}",
                )
            )  # fmt: skip
            self.asked.add(made.pk)

    def owners(self) -> dict[int, Any]:
        """Process → the job it works on."""
        from core.models import Job

        here = socket.gethostname() + ":"
        running = patiently(lambda: list(Job.objects.filter(state="running").values_list("lease_owner", "pk")))
        return {int(owner.removeprefix(here)): job for owner, job in running}

    def await_all(self) -> float:
        from core.models import Job

        still = Job.objects.exclude(state__in=["succeeded", "failed", "cancelled"])
        deadline = time.monotonic() + 3 * DRAIN_WITHIN
        while patiently(still.exists) and time.monotonic() < deadline:
            self.tend()
            time.sleep(0.2)
        return time.monotonic()

    # -- faults ----------------------------------------------------------------------------------------------------

    def worker(self, what: str) -> None:
        """All processes of a worker, or its main process alone: the children are orphans with jobs in their hands."""
        at = self.chance.randrange(WORKERS)
        if what == "tree":
            stacks.kill_tree(self.workers[at])
        else:
            self.workers[at].kill()
            self.workers[at].wait()
        time.sleep(self.chance.uniform(0.0, 1.0))
        self.workers[at] = self.celery.worker(CHILDREN)

    def pool(self, _child: str) -> None:
        _signal(self.busy_child(), signal.SIGKILL)

    def frozen(self, _child: str) -> None:
        """Stopped past its lease: when it wakes, its job belongs to somebody else."""
        pid = self.busy_child()
        _signal(pid, signal.SIGSTOP)
        time.sleep(LEASE * 1.5)
        _signal(pid, signal.SIGCONT)

    def busy_child(self) -> int:
        """A process that holds a job, else any child."""
        mine = {pid for worker in self.workers for pid in stacks.children(worker)}
        busy = sorted(mine & set(self.owners()))
        return self.chance.choice(busy or sorted(mine) or [0])

    def broker(self, *wiped: str) -> None:
        self.stack.kill_broker(wipe=bool(wiped))
        time.sleep(self.chance.uniform(0.0, 2.0))
        self.stack.valkey.start()

    def postmaster(self, how: str) -> None:
        self.stack.kill_database(signal.SIGKILL if how == "-9" else signal.SIGQUIT)
        time.sleep(self.chance.uniform(0.0, 2.0))
        self.stack.postgres.start()

    # -- what became of it -----------------------------------------------------------------------------------------

    def verdict(self, faults: int, drained: float) -> dict[str, Any]:
        from django.db import connection

        from core.models import Job

        rows = list(Job.objects.filter(kind="hostile.work"))
        notes = [json.loads(line) for line in self.celery.trace.read_text().splitlines()]
        with connection.cursor() as cursor:
            cursor.execute("SELECT job, token FROM hostile_result")
            results = cursor.fetchall()
            cursor.execute("SELECT job, step FROM hostile_item")
            items = cursor.fetchall()
            before = time.time()
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            skew = abs(float(cursor.fetchone()[0]) - before)
        tokens = {row.pk: row.lease_token for row in rows}
        return {
            "seed": self.seed, "jobs": len(rows), "faults": faults,
            "asked": len(self.asked & set(tokens)), "succeeded": sum(row.state == "succeeded" for row in rows),
            "results": len(results), "results of the last attempt": sum(tokens[job] == token for job, token in results),
            "steps": len(items), "distinct steps": len(set(items)),
            "steps asked": sum(row.params["steps"] for row in rows),
            "attempts": len({(note["job"], note["token"]) for note in notes}),
            "states": dict(Counter(f"{row.state} {row.error_code}".strip() for row in rows)),
            "overlaps of a job": overlaps(notes, "job"), "overlaps of a source": overlaps(notes, "key"),
            "drained": drained, "clocks differ": skew, "dispatches": sum(row.dispatches for row in rows),
        }  # fmt: skip


def overlaps(notes: Sequence[dict[str, Any]], by: str) -> int:
    """How many attempts ran while another of the same job, or source, did."""
    spans: dict[tuple[str, int], tuple[float, float]] = {}
    for note in notes:
        begin, end = spans.get((note[by], note["token"]), (note["at"], note["at"]))
        spans[(note[by], note["token"])] = (min(begin, note["at"]), max(end, note["at"]))
    found, busy_until = 0, dict[str, float]()
    for (group, _token), (begin, end) in sorted(spans.items(), key=lambda item: item[1]):
        found += begin < busy_until.get(group, 0)
        busy_until[group] = max(end, busy_until.get(group, 0))
    return found


def violations(run: dict[str, Any], asked: int) -> list[str]:
    """What the platform promised and did not keep, in words."""
    broken = {
        f"{asked} jobs were asked for and answered, {run['asked']} are in the ledger": run["asked"] != asked,
        f"{run['succeeded']} of {run['jobs']} jobs succeeded: {run['states']}": run["succeeded"] != run["jobs"],
        f"{run['results']} results of {run['jobs']} jobs": run["results"] != run["jobs"],
        "a result is not of the attempt that finished": run["results of the last attempt"] != run["jobs"],
        f"{run['steps']} steps done, {run['distinct steps']} distinct, {run['steps asked']} asked": not (
            run["steps"] == run["distinct steps"] == run["steps asked"]
        ),
        f"{run['overlaps of a job']} attempts ran beside another of their job": run["overlaps of a job"] > 0,
        f"{run['overlaps of a source']} attempts ran beside another of their source": run["overlaps of a source"] > 0,
        f"drained {run['drained']:.0f} s after the last fault": run["drained"] > DRAIN_WITHIN,
        f"the clocks of machine and database differ by {run['clocks differ']:.3f} s": run["clocks differ"] > 0.05,
    }
    return [text for text, is_so in broken.items() if is_so]


def patiently(act: Callable[[], T], seconds: float = 60) -> T:
    """Again and again while the database is away, as whoever is answered 503 does."""
    from django.db import InterfaceError, OperationalError, connection

    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.2)


def _signal(pid: int, number: signal.Signals) -> None:
    if pid and Path(f"/proc/{pid}").exists():
        os.kill(pid, number)


def table(run: dict[str, Any]) -> str:
    columns = {
        "seed": run["seed"], "faults": run["faults"], "succeeded": f"{run['succeeded']}/{run['jobs']}",
        "results": run["results"], "attempts": run["attempts"], "messages": run["dispatches"],
        "overlap job/source": f"{run['overlaps of a job']} / {run['overlaps of a source']}",
        "drained": f"{run['drained']:.0f} s",
    }  # fmt: skip
    return (
        "| "
        + " | ".join(columns)
        + " |\n|"
        + "---|" * len(columns)
        + "\n| "
        + " | ".join(map(str, columns.values()))
        + " |"
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--faults", type=int, default=34)
    given = parser.parse_args(arguments)
    with stacks.directory() as place:
        stack = Stack(place)
        celery = Celery(place, stack.url, stack.broker)
        os.environ.update(celery.environment)
        try:
            django.setup()
            _prepare()
            print(
                f"seed {given.seed}: {given.jobs} jobs, {SOURCES} sources, {WORKERS} workers of {CHILDREN}", flush=True
            )
            run = Run(given.seed, given.jobs, given.faults, stack, celery)
            found = run.go()
        finally:
            celery.stop()
            stack.stop()
            if os.environ.get("CHAOS_LOG"):
                Path(os.environ["CHAOS_LOG"]).write_bytes(celery.log.read_bytes())
        print(table(found))
        broken = violations(found, given.jobs)
        print("\n".join(f"VIOLATION: {text}" for text in broken) or "every promise was kept")
        return 1 if broken else 0


def _prepare() -> None:
    from django.core.management import call_command
    from django.db import connection

    from tests.hostile.faults.kinds import TABLES

    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(TABLES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
