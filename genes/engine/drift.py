"""How far the values of a column have moved from those it was bound with (drift), and in what.

A fingerprint holds shares, lengths and shapes, no values. Two are compared test by test; each test that speaks says how
sure it is (0…1), and the distance is the chance that at least one of them is right: 1 - Π(1 - severity). Differences that
the number of rows explains by chance, growth, and tests that one side does not know say nothing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genes.engine.values import TRUSTED_TESTS, CodeBook, Profile, facts

ALARM = 0.5  # distance from which a person should look
LEAST_ROWS = 10  # filled rows that a reading needs to speak of its values
_PATTERNS = 8
_FEW = 64  # distinct values of which every keyed hash is kept
Fingerprint = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """``key``: emptied, filled, masked, test_lost, test_gained, code_set_lost, codes, kind, form, patterns, length,
    magnitude or not_unique. ``about`` names the test or the code set; ``before`` and ``after`` are what was compared."""

    key: str
    severity: float
    before: Any
    after: Any
    about: str = ""


@dataclass(frozen=True)
class Drift:
    distance: float  # 0 as it was … 1 another thing
    reasons: Sequence[Reason] = ()  # gravest first

    @property
    def alarms(self) -> bool:
        return self.distance >= ALARM


def fingerprint(profile: Profile | None, book: CodeBook) -> dict[str, Any]:
    """What is kept of a column to compare it later: its facts and the shape of its values, fit for JSON."""
    profile = profile or {}
    rows, nulls, distinct = (int(profile.get(key) or 0) for key in ("rows", "nulls", "distinct"))
    length, patterns = profile.get("length"), list(profile.get("patterns") or ())
    sketch = profile.get("sketch") or {}
    hashes = [f"{value:016x}" for value in sketch.get("hashes") or ()] if 0 < distinct <= _FEW else []
    counted = sum(int(count) for _pattern, count in patterns) or 1
    return {
        **facts(profile, book).as_json(), "rows": rows, "filled": rows - nulls, "null_share": nulls / rows if rows else None,
        "unique_share": distinct / (rows - nulls) if rows > nulls else None, "kind": profile.get("value_class"),
        "length": dict(length) if length else None, "detected": dict(profile.get("detected") or {}) or None,
        "patterns": [[str(pattern)[:80], round(count / counted, 4)] for pattern, count in patterns[:_PATTERNS]],
        "magnitude": _magnitude(profile), "hashes": hashes, "key_id": sketch.get("key_id") if hashes else None,
    }  # fmt: skip


def _magnitude(profile: Profile) -> float | None:
    """Decimal places of the median before the point: no value, but enough to tell an amount from a day."""
    median = (profile.get("quantiles") or {}).get("0.5")
    if not isinstance(median, int | float) or not math.isfinite(median):
        return None
    return round(math.log10(1 + abs(median)), 1)


def compare(bound: Fingerprint, now: Fingerprint) -> Drift:
    """The distance of the fingerprint ``now`` from the one that the column was bound with."""
    found = [*_filled(bound, now)]
    if _rows(bound) >= LEAST_ROWS and _rows(now) >= LEAST_ROWS:
        if bool(bound.get("masked")) != bool(now.get("masked")):
            found.append(Reason("masked", 0.6, bool(bound.get("masked")), bool(now.get("masked"))))
        else:
            found += [reason for test in _TESTS for reason in test(bound, now)]
    distance = 1 - math.prod(1 - reason.severity for reason in found)
    return Drift(
        round(distance, 4), tuple(sorted(found, key=lambda reason: (-reason.severity, reason.key, reason.about)))
    )


def _codes(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    """A column of few values that holds other ones now, by their keyed hashes: two-digit codes look alike otherwise."""
    before, after = (set(side.get("hashes") or ()) for side in (bound, now))
    if not before or not after or bound.get("key_id") != now.get("key_id") or max(len(before), len(after)) > _FEW:
        return []
    apart = 1 - len(before & after) / min(len(before), len(after))
    return [Reason("codes", round(min(0.7, apart), 4), len(before), len(after))] if apart > 0.4 else []


def _magnitudes(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    before, after = bound.get("magnitude"), now.get("magnitude")
    if before is None or after is None or abs(before - after) < 1:
        return []
    return [Reason("magnitude", round(min(0.7, 0.35 * abs(before - after)), 4), before, after)]


def _rows(side: Fingerprint) -> int:
    return int(side.get("filled") or 0)


def _noise(before: float, after: float, bound: Fingerprint, now: Fingerprint) -> float:
    """Three standard errors of the difference of two shares: what chance alone may do."""
    left, right = max(_rows(bound), 1), max(_rows(now), 1)
    mean = min(0.99, max(0.01, (before * left + after * right) / (left + right)))
    return 3 * math.sqrt(mean * (1 - mean) * (1 / left + 1 / right))


def _moved(before: float, after: float, bound: Fingerprint, now: Fingerprint) -> float:
    """How far two shares differ beyond chance, 0…1."""
    return max(0.0, abs(before - after) - _noise(before, after, bound, now))


def _filled(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    before, after = bound.get("null_share"), now.get("null_share")
    if before is None or after is None:
        return []
    left, right = (max(int(side.get("rows") or 0), 1) for side in (bound, now))
    noise = 3 * math.sqrt(0.25 * (1 / left + 1 / right))
    moved = abs(before - after) - noise
    if moved < 0.2:
        return []
    return [
        Reason(
            "emptied" if after > before else "filled",
            round(min(0.9, moved * (0.9 if after > before else 0.5)), 4),
            before,
            after,
        )
    ]


def _identifiers(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    """Check characters and forms: one that was passed is passed no more, one that was not is passed now."""
    found = []
    before_of, after_of = bound.get("shares") or {}, now.get("shares") or {}
    for key in sorted(TRUSTED_TESTS & {*before_of, *after_of}):
        before, after = float(before_of.get(key, 0.0)), float(after_of.get(key, 0.0))
        moved = _moved(before, after, bound, now)
        if before >= 0.8 and moved >= 0.05:
            # A tenth of spoilt numbers is a matter of quality; a half is another column.
            found.append(Reason("test_lost", round(min(0.95, 1.6 * moved), 4), before, after, key))
        elif after >= 0.8 and moved >= 0.3:
            found.append(Reason("test_gained", round(min(0.9, moved), 4), before, after, key))
    return found


def _code_sets(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    """The set that the column was written in holds its values no more; small sets that share their codes say little."""
    before_of, after_of = bound.get("codes") or {}, now.get("codes") or {}
    told = {key: hit for key, hit in before_of.items() if hit[0] >= 0.8}
    if not told or not now.get("known"):
        return []
    kept = max((float(after_of.get(key, (0.0,))[0]) for key in told), default=0.0)
    key, (before, power) = max(told.items(), key=lambda item: (item[1][1], item[0]))
    few = math.sqrt(min(1.0, int(now["known"]) / 5))
    severity = (before - kept) * few * min(1.0, 0.5 + power / 5)
    return [Reason("code_set_lost", round(min(0.9, severity), 4), before, kept, key)] if before - kept >= 0.3 else []


def _kinds(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    """Another type of value, or dates written another way. Text that can be read as a date or a number counts as one."""
    before, after = (_spoken(side) for side in (bound, now))
    shapes = [_first(dict(map(tuple, side.get("patterns") or [("", 0)]))) for side in (bound, now)]
    codes = {before, after} == {"text", "integer"} and shapes[0] == shapes[1]
    if before and after and not codes and not _near(before, after):
        return [Reason("kind", 0.6, before, after)]
    written = [(side.get("detected") or {}).get("format") for side in (bound, now)]
    if written[0] and after and written[0] != written[1]:
        return [Reason("form", 0.75, written[0], written[1] or after)]
    return []


def _spoken(side: Fingerprint) -> str:
    return str((side.get("detected") or {}).get("type") or side.get("kind") or "")


def _near(before: str, after: str) -> bool:
    kin = ({"integer", "decimal", "float"}, {"date", "timestamp", "timestamptz", "datetime"})
    return before == after or any(before in group and after in group for group in kin)


def _patterns(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    """Total variation of the shapes. What is rare or beyond the first shapes is one rest on both sides."""
    left, right = (dict(map(tuple, side.get("patterns") or ())) for side in (bound, now))
    if not left or not right:
        return []
    shapes = {shape for shape in (*left, *right) if left.get(shape, 0.0) >= 0.02 or right.get(shape, 0.0) >= 0.02}
    apart = sum(_moved(left.get(shape, 0.0), right.get(shape, 0.0), bound, now) for shape in shapes) / 2
    shared = sum(min(left.get(shape, 0.0), right.get(shape, 0.0)) for shape in shapes)
    known = min(sum(left.values()), sum(right.values()))
    # Free text has as many shapes as rows: where the kept ones cover little, they say little.
    severity = apart * max(0.0, 2 * known - 1) if shared < 0.8 else 0.0
    return [Reason("patterns", round(min(0.75, severity), 4), _first(left), _first(right))] if severity >= 0.2 else []


def _first(shapes: Mapping[str, float]) -> str:
    return max(sorted(shapes), key=lambda shape: shapes[shape])


def _lengths(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    before, after = bound.get("length"), now.get("length")
    if not before or not after:
        return []
    span = max(1.0, (before["max"] - before["min"]) / 2)
    moved = abs(before["mean"] - after["mean"]) / span
    outside = after["mean"] < before["min"] - 0.5 or after["mean"] > before["max"] + 0.5
    severity = min(0.7, 0.35 * moved) if outside or moved >= 1.5 else 0.0
    return [Reason("length", round(severity, 4), dict(before), dict(after))] if severity >= 0.1 else []


def _uniqueness(bound: Fingerprint, now: Fingerprint) -> list[Reason]:
    """A key that repeats. A column that repeats less says nothing: small tables do."""
    before, after = bound.get("unique_share"), now.get("unique_share")
    if before is None or after is None or before < 0.98 or after > 0.6:
        return []
    return [Reason("not_unique", round(min(0.7, before - after), 4), before, after)]


_TESTS: tuple[Callable[[Fingerprint, Fingerprint], list[Reason]], ...] = (
    _identifiers, _code_sets, _codes, _kinds, _patterns, _lengths, _magnitudes, _uniqueness,
)  # fmt: skip
