"""What the codes of a set must obey, said once for the pages, REST and the command line; free of Django and of any language."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple


@dataclass(frozen=True)
class CodeRow:
    line: int
    code: str
    name: str
    parent: str = ""
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it is no longer valid
    note: str = ""


class Fault(NamedTuple):
    """``kind`` is empty, ends_early, twice, overlaps, missing or circle; ``facts`` fill its sentence."""

    line: int
    field: str
    kind: str
    facts: Mapping[str, Any] = {}


def faults(rows: Sequence[CodeRow]) -> Iterator[Fault]:
    """Empty cells, dates that end before they start, one code valid twice at a time, parents that are missing or go round."""
    by_code: dict[str, list[CodeRow]] = defaultdict(list)
    for row in rows:
        for key in ("code", "name"):
            if not getattr(row, key):
                yield Fault(row.line, key, "empty")
        if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
            yield Fault(row.line, "valid_to", "ends_early")
        if row.code:
            by_code[row.code].append(row)
    for same in by_code.values():
        yield from _overlapping(same)
    yield from links(rows, "parent")


def links(rows: Sequence[CodeRow], key: str) -> Iterator[Fault]:
    """Parents, or what else a code leads to in its field ``key``, that are not in the set or lead in a circle."""
    lines: dict[str, int] = {}
    targets: dict[str, str] = {}
    for row in rows:
        if row.code:
            lines.setdefault(row.code, row.line)
            if getattr(row, key):
                targets.setdefault(row.code, getattr(row, key))
    for row in rows:
        if (target := getattr(row, key)) and target not in lines:
            yield Fault(row.line, key, "missing", {"code": row.code, "target": target})
    settled: set[str] = set()  # codes from which the way ends
    for code in lines:
        way: list[str] = []
        while code in lines and code not in settled and code not in way:
            way.append(code)
            code = targets.get(code, "")
        if code in way:
            circle = [*way[way.index(code) :], code]
            yield Fault(max(lines[item] for item in circle), key, "circle", {"codes": " → ".join(circle)})
        settled.update(way)


def _overlapping(rows: Sequence[CodeRow]) -> Iterator[Fault]:
    """Rows of one code whose times of validity touch."""
    ordered = sorted(rows, key=lambda row: (row.valid_from or date.min, row.line))
    for earlier, later in itertools.pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to > (later.valid_from or date.min):
            first, second = sorted((earlier.line, later.line))
            dated = any((row.valid_from, row.valid_to) != (None, None) for row in (earlier, later))
            facts = {"code": earlier.code, "line": first}
            yield Fault(second, "valid_from", "overlaps", facts) if dated else Fault(second, "code", "twice", facts)
