"""What a bound column is held to: the checks that follow from its data element, on real rows and on the declaration.

Of one column one check of values is made, the strictest that the element allows: check character, else code set, else
representation. A column of dates cannot hold anything but dates, so its type already is the check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genes.choices import Aspect
from scanner.model import ValueClass
from scanner.rules.kinds import SCHEMES
from standards.notation import Notation, NotationError, parse

CODES = 50_000  # a longer code set is checked by its representation only
REPEATS = 1_000  # RE2 repeats no more often
_SCHEMES = {name for name, _label in SCHEMES}
_TEMPORAL = {item.value for item in ValueClass if item.is_temporal}
_NUMERIC = {ValueClass.INTEGER.value, ValueClass.DECIMAL.value, ValueClass.FLOAT.value}


@dataclass(frozen=True, slots=True)
class Codes:
    """``ever``: codes of the edition in force; ``today``: those of them that hold today, when some have ended."""

    ever: tuple[str, ...]
    today: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of the scanner without its id and column; ``kind`` "" says that the type of the column already is the check."""

    aspect: Aspect
    kind: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    today: Mapping[str, Any] | None = None  # parameters of the same kind for codes that hold today


def check_of(*, notation: str, check_scheme: str, codes: Codes | None, value_class: str) -> Check | None:
    """The check of a column's values; None where the element says nothing that could be checked."""
    if check_scheme in _SCHEMES:
        return Check(Aspect.CHECKSUM, "checksum", {"scheme": check_scheme})
    if codes and 0 < len(codes.ever) <= CODES:
        today = {"values": list(codes.today)} if codes.today is not None else None
        return Check(Aspect.CODES, "in_set", {"values": list(codes.ever)}, today)
    shapes = _shapes(notation)
    if not shapes or value_class == ValueClass.BINARY:
        return None
    if value_class in _TEMPORAL | {ValueClass.BOOLEAN.value}:
        wanted = "boolean" if value_class == ValueClass.BOOLEAN else "date"
        return Check(Aspect.NOTATION) if any(shape.kind == wanted for shape in shapes) else None
    return _by_notation(shapes)


def _shapes(notation: str) -> tuple[Notation, ...]:
    try:
        return parse(notation)
    except NotationError:
        return ()


def _by_notation(shapes: Sequence[Notation]) -> Check | None:
    only = shapes[0]
    if len(shapes) == 1 and not only.pattern:
        limits = {"min": only.least or None, "max": only.most}
        limits = {name: value for name, value in limits.items() if value is not None}
        return Check(Aspect.NOTATION, "length_between", limits) if limits else None
    patterns = [_pattern(shape) for shape in shapes]
    return Check(Aspect.NOTATION, "matches", {"pattern": f"^(?:{'|'.join(patterns)})$"})


def _pattern(shape: Notation) -> str:
    """A full match, its length included where RE2 can count so far."""
    if shape.mask or shape.kind in ("number", "date", "boolean"):
        return shape.pattern
    unit = shape.pattern.removesuffix("*") or r"(?s:.)"
    least = min(shape.least, REPEATS)
    most = "" if shape.most is None or shape.most > REPEATS else str(shape.most)
    return f"{unit}{{{least},{most}}}"


def declared(
    *, notation: str, codes: Codes | None, value_class: str, length: int | None
) -> dict[Aspect, dict[str, Any]]:
    """Where the declaration of a column cannot hold what the element allows; nothing where it can."""
    found: dict[Aspect, dict[str, Any]] = {}
    shapes = _shapes(notation)
    if value_class in _NUMERIC and codes and any(code[:1] == "0" and code != "0" for code in codes.ever):
        found[Aspect.TYPE] = {"reason": "leading_zeros", "type": value_class}
    elif value_class in _TEMPORAL and shapes and all(shape.kind != "date" for shape in shapes):
        found[Aspect.TYPE] = {"reason": "temporal", "type": value_class}
    elif value_class in _NUMERIC and shapes and all(shape.kind in ("text", "letters", "date") for shape in shapes):
        found[Aspect.TYPE] = {"reason": "number", "type": value_class}
    widest = max(
        (shape.most or 0 for shape in shapes if shape.kind not in ("number", "date", "boolean", "binary")), default=0
    )
    if length is not None and value_class == ValueClass.TEXT and 0 < length < widest:
        found[Aspect.LENGTH] = {"declared": length, "needed": widest}
    return found
