"""Results as tables and goals: printed, kept in the cache folder, and written into docs/benchmarks.md."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measuring import PROJECT, Measured

DOCUMENT = PROJECT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: written by `python -m benchmarks --document` -->", "<!-- end of results -->"
COLUMNS = (
    ("wall s", "wall", 2),
    ("cpu client", "client", 2),
    ("cpu server", "server", 2),
    ("cpu all", "cpu", 2),
    ("peak MiB", "peak", 0),
)
LIBRARIES = ("duckdb", "pyarrow", "numpy", "psycopg2-binary", "PyMySQL", "polars")


@dataclass(frozen=True, slots=True)
class Goal:
    """`value` should be at most `limit`. Without a limit it is for information."""

    text: str
    value: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    title: str
    measured: Mapping[str, Measured]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()


def ratio(text: str, measured: Mapping[str, Measured], mine: str, other: str, limit: float | None = None) -> Goal:
    """Processor seconds of one case over those of another, of the same run."""
    return Goal(text, measured[mine].least("cpu") / max(measured[other].least("cpu"), 0.01), limit)


def net_ratio(text: str, measured: Mapping[str, Measured], mine: str, other: str) -> Goal:
    """The same without what starting costs; for information."""
    start = measured["start-up"].least("cpu")
    return Goal(text, (measured[mine].least("cpu") - start) / max(measured[other].least("cpu") - start, 0.01))


def shape(outcome: Outcome, *, full: bool) -> str:
    """The outcome as Markdown; goals are judged at full size only."""
    lines = [f"| | {' | '.join(head for head, _, _ in COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for case in outcome.measured.values():
        lines.append(f"| {case.name} | {' | '.join(_cell(case, what, places) for _, what, places in COLUMNS)} |")
    if outcome.goals:
        lines += ["", "| goal | measured | limit | |", "|---|---|---|---|"]
        lines += [
            f"| {goal.text} | {goal.value:.3g} | {_limit(goal)} | {_verdict(goal, full)} |" for goal in outcome.goals
        ]
    for note in outcome.notes:
        lines += ["", note]
    return "\n".join(lines)


def _cell(case: Measured, what: str, places: int) -> str:
    least = f"{case.least(what):.{places}f}"
    return least if len(case.samples) == 1 else f"{least} / {case.median(what):.{places}f}"


def _limit(goal: Goal) -> str:
    return "" if goal.limit is None else f"{goal.limit:.3g}"


def _verdict(goal: Goal, full: bool) -> str:
    if goal.limit is None or not full:
        return ""
    return "met" if goal.value <= goal.limit else "**missed**"


def keep(folder: Path, name: str, outcome: Outcome, *, full: bool, about: Mapping[str, Any]) -> None:
    """Remember the outcome for `document`."""
    (folder / "results").mkdir(exist_ok=True)
    kept = {"title": outcome.title, "text": shape(outcome, full=full), "full": full, "about": dict(about)}
    kept["measured"] = {case.name: [asdict(sample) for sample in case.samples] for case in outcome.measured.values()}
    path = folder / "results" / f"{name}.json"
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")


def document(folder: Path, order: Sequence[str]) -> list[str]:
    """Write the kept outcomes of full size into DOCUMENT, in this order; the names of those written."""
    written: list[str] = []
    parts = [f"Libraries: {_libraries()}."]
    results = folder / "results"
    for path in (
        path for name in order for path in [results / f"{name}.json", *sorted(results.glob(f"{name} (*.json"))]
    ):
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if not kept["full"]:
                continue
            about = ", ".join(f"{what} {value}" for what, value in kept["about"].items())
            parts += [f"### {path.stem}: {kept['title']}", kept["text"], f"<sub>{about}</sub>"]
            written.append(path.stem)
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text("\n\n".join([before + BEGIN, *parts, END]) + after, encoding="utf-8")
    return written


def about(repeat: int, servers: Mapping[str, str]) -> dict[str, Any]:
    """When, on what machine and with what versions."""
    return {
        "measured": date.today().isoformat(),
        "at commit": _commit(),
        "on": f"{os.cpu_count()} processors ({_processor()})",
        "load": f"{os.getloadavg()[0]:.1f}",
        "runs": repeat,
        "Python": sys.version.split()[0],
    } | {name: said.split(" ", 1)[1] for name, said in servers.items()}


def _libraries() -> str:
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def _commit() -> str:
    asked = ["git", "-C", str(PROJECT), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"  # a copy without its history


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
