"""What the peers have in common: the environment they run in, and their counts held against the truth."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.measuring import BenchmarkFault, Case
from benchmarks.peers import environments
from benchmarks.peers.environments import PEERS, PeerMissing
from benchmarks.stage import Source, Stage

NEWEST = re.compile(r"2026-01-01|[0-9]+$")  # the newest moment itself, or its age


def case(stage: Stage, peer: str, source: Source, arguments: list[str], check: Callable[[bytes], None]) -> Case:
    """A program of the peer's environment, with a home of its own and nothing to report to its makers.

    Raises PeerMissing.
    """
    program = environments.python(stage, peer)
    home = stage.place.data / "environments" / "home"
    (home / ".soda").mkdir(parents=True, exist_ok=True)
    (home / ".soda" / "config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="ascii")
    silence = {"HOME": str(home), "DATAHUB_TELEMETRY_ENABLED": "false", "GX_ANALYTICS_ENABLED": "false"}
    command = [str(program), *arguments]
    return Case(PEERS[peer].label, command, source.servers, dict(source.secrets) | silence, check, slow=True)


def found(stage: Stage, peers: Mapping[str, Callable[[], Case]]) -> tuple[dict[str, Case], list[str]]:
    """The cases of the peers that are here, and what is to be said of those that are not."""
    cases: dict[str, Case] = {}
    missing: list[str] = []
    for name, make in peers.items():
        try:
            cases[name] = make()
        except PeerMissing as error:
            stage.tell(str(error))
            missing.append(f"**{error}**")
    return cases, missing


def rules_are_true(stage: Stage, *, pairs_once: bool = False) -> Callable[[bytes], None]:
    """Whether what a peer printed, {rule: count}, is what was planted.

    `pairs_once`: it counts the values that occur twice, not the rows that hold them. For freshness and the number of
    rows it prints what it saw.
    """

    def check(output: bytes) -> None:
        told: dict[str, Any] = json.loads(output.splitlines()[-1])
        wrong = []
        for rule, known in stage.truth["rules"].items():
            count = told.get(rule)
            if rule == "rows":
                right = count == stage.rows
            elif rule == "fresh-gxsj":
                right = NEWEST.match(str(count)) is not None
            else:
                expected = known["failed"] // 2 if pairs_once and rule.startswith("unique-") else known["failed"]
                right = count == expected
            if not right:
                wrong.append(f"{rule}: {count} ({known['failed']} planted)")
        if wrong:
            raise BenchmarkFault("wrong counts: " + "; ".join(wrong))

    return check
