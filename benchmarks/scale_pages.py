"""How the platform stands a province: every page and REST list over the metadata that `manage.py seed_scale` made.

python -m benchmarks.scale_pages [--person NAME …] [--only TEXT] [--repeat N] [--deep] [--json FILE]

Over the database of DATABASE_URL; `python -m benchmarks scale` makes one and runs this over it (benchmarks/scale.py).

Each address is asked for once to warm it and then N times, in this process, through the whole middleware. A request's
time is processor time: this process and the database's of our connection (where it runs on this machine), so that
a neighbour on the machine does not count; the wall clock stands beside it. Parallel workers of the database are off.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT, SEARCH_LIMIT = 300.0, 200.0  # ms, p95
DEEP = 1000  # pages
DEEP_LISTS = ("/api/v1/tables/?limit=50", "/api/v1/columns/?limit=50", "/api/v1/columns/?limit=50&ordering=-first_seen")
PEOPLE = ("scale_all", "scale_city", "scale_one", "scale_audit", "scale_security")


@dataclass(slots=True)
class Measured:
    """What one address cost, request by request."""

    path: str
    limit: float
    times: list[float] = field(default_factory=list)  # ms of processor: application and database
    database: list[float] = field(default_factory=list)  # the database's part
    wall: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    status: int = 200

    @property
    def typical(self) -> float:
        return statistics.median(self.times)


class Database:
    """The process that serves our connection: its processor time, and the statements sent to it."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.statements = connection, 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.schedule = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
        self.connection.execute_wrappers.append(self._count)

    def _count(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.statements += 1
        return execute(*args)

    def milliseconds(self) -> float:
        return int(self.schedule.read_text().split()[0]) / 1e6 if self.schedule.exists() else 0.0


def measure(client: Any, database: Database, path: str, limit: float, repeat: int) -> Measured:
    found = Measured(path, limit)
    for number in range(repeat + 1):
        database.statements = 0
        began = (time.process_time(), database.milliseconds(), time.perf_counter())
        response = client.get(path)
        response.content  # noqa: B018  streamed or not, all of it
        own, base, wall = (
            time.process_time() - began[0],
            database.milliseconds() - began[1],
            time.perf_counter() - began[2],
        )
        found.status = response.status_code
        if number or found.status != 200:  # the first one warms
            found.times.append(1000 * own + base)
            found.database.append(base)
            found.wall.append(1000 * wall)
            found.queries.add(database.statements)
        if found.status != 200:
            break
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Rate limits and logs are not what is measured."""
    import logging

    from django.test.utils import override_settings

    logging.disable(logging.CRITICAL)
    with override_settings(API_CALLS_PER_MINUTE=1 << 30):
        yield
    logging.disable(logging.NOTSET)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(person: str, families: dict[str, list[Measured]]) -> list[Measured]:
    """Print a line a family; the addresses over their limit."""
    print(f"\n{person}\n{'':32}{'cases':>6}{'p50':>7}{'p95':>7}{'max':>7}{'db p95':>8}{'wall p95':>9}  queries")
    slow = []
    for family, cases in families.items():
        good = [case for case in cases if case.status == 200]
        if not good:
            continue
        times = [value for case in good for value in case.times]
        base, wall = [v for case in good for v in case.database], [v for case in good for v in case.wall]
        queries = sorted(set().union(*(case.queries for case in good)))
        print(
            f"{family:32}{len(good):6}{percentile(times, 0.5):7.0f}{percentile(times, 0.95):7.0f}{max(times):7.0f}"
            f"{percentile(base, 0.95):8.0f}{percentile(wall, 0.95):9.0f}  {queries[0]}–{queries[-1]}"
        )
        slow += [case for case in good if case.typical > case.limit]
    odd = [case for cases in families.values() for case in cases if case.status not in (200, 403)]
    for case in odd:
        print(f"status {case.status}: {case.path}")
    for case in sorted(slow, key=lambda case: -case.typical):
        print(f"over {case.limit:.0f} ms: {case.typical:7.0f} ({statistics.median(case.database):.0f} db) {case.path}")
    return slow


def deep(client: Any, database: Database, address: str) -> tuple[float, float]:
    """A list walked by its own `next` links, a thousand pages; ms of a page among the first ten and the last ten."""
    path, first, last = address, list[float](), list[float]()
    for number in range(1, DEEP + 1):
        if number <= 10 or number > DEEP - 10:
            (first if number <= 10 else last).extend(measure(client, database, path, LIMIT, 1).times)
        path = client.get(path).json()["next"]
        if path is None:
            break
    found = statistics.median(first), statistics.median(last or [0])
    print(f"{address}: pages 1–10 {found[0]:.0f} ms, pages {DEEP - 9}–{DEEP} {found[1]:.0f} ms")
    return found


def summary(families: dict[str, list[Measured]]) -> dict[str, Any]:
    """By family what the tables of docs/benchmarks.md show."""
    found = {}
    for family, cases in families.items():
        good = [case for case in cases if case.status == 200]
        if good:
            typical = [case.typical for case in good]
            queries = set().union(*(case.queries for case in good))
            found[family] = {
                "cases": len(good), "search": good[0].limit == SEARCH_LIMIT, "p50": percentile(typical, 0.5),
                "p95": percentile(typical, 0.95), "max": max(typical), "slowest": max(good, key=lambda c: c.typical).path,
                "database": percentile([statistics.median(case.database) for case in good], 0.95),
                "queries": [min(queries), max(queries)],
                "over": sorted(([case.typical, case.path] for case in good if case.typical > case.limit), reverse=True),
            }  # fmt: skip
    return found


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__.splitlines()[0])
    parser.add_argument("--person", action="append", help=f"one of {', '.join(PEOPLE)}; all when absent")
    parser.add_argument("--only", default="", help="families whose name holds this")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--deep", action="store_true", help="walk a thousand pages of the large REST lists")
    parser.add_argument("--verbose", action="store_true", help="a line for each address")
    parser.add_argument("--json", type=Path, help="write all of it there")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datagene.settings")
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    from accounts.models import Person
    from benchmarks import scale_cases
    from datagene import gunicorn

    gunicorn.post_worker_init(None)

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    database, over = Database(connection), 0
    kept: dict[str, Any] = {}
    deeper: dict[str, Any] = {}
    with quiet():
        for person in options.person or PEOPLE:
            client = Client(raise_request_exception=False)
            client.force_login(Person.objects.get(username=person))
            if options.deep:
                deeper |= {address: deep(client, database, address) for address in DEEP_LISTS}
                if not options.json:
                    continue
            families: dict[str, list[Measured]] = defaultdict(list)
            for case in scale_cases.all_cases():
                if options.only in f"{case.family} {case.path}":
                    limit = SEARCH_LIMIT if case.search else LIMIT
                    families[case.family].append(measure(client, database, case.path, limit, options.repeat))
                    if options.verbose:
                        last = families[case.family][-1]
                        print(f"{last.typical:7.0f} {statistics.median(last.database):7.0f} {last.path}", flush=True)
            over += len(report(person, families))
            kept[person] = summary(families)
    if options.json:
        options.json.write_text(json.dumps({"people": kept, "deep": deeper}, ensure_ascii=False), encoding="utf-8")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
