"""Which rules a profile speaks for, pure: profiles of a table's columns in, proposals with their evidence out.

A proposal is made where almost all values keep a rule, so that the few that break it are the finding. What the
source's own constraints already enforce (primary keys, NOT NULL) is not proposed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scanner.model import ColumnProfile, ValueClass

ENOUGH = 30  # values below which a regularity may be chance
NEARLY_ALL = 0.9  # share of values that must carry an identifier or a date format
FEW_NULLS = 0.01
NEARLY_UNIQUE = 0.99
CODE_LIST = 20  # values a code list may have: as many as a profile keeps with their counts
RARE = 0.005  # a value of a code list that is rarer than this is taken for a fault
CHECKSUMS = ("citizen_id", "uscc", "org_code", "luhn")
MOBILE = r"^1[3-9]\d{9}$"


@dataclass(frozen=True, slots=True)
class Proposed:
    """One rule worth having. ``evidence`` is a key of ``quality.evidence``, ``facts`` its numbers."""

    kind: str
    column: str
    parameters: dict[str, Any]
    evidence: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the source itself enforces for a column."""

    nullable: bool = True
    unique: bool = False


def propose(profiles: Sequence[ColumnProfile], constraints: dict[str, Constraint]) -> list[Proposed]:
    """Proposals for the columns of one table, in column order."""
    return [
        proposal
        for profile in profiles
        if profile.rows - profile.nulls >= ENOUGH
        for proposal in _of_column(profile, constraints.get(profile.name, Constraint()))
    ]


def _of_column(profile: ColumnProfile, constraint: Constraint) -> Iterator[Proposed]:
    facts: dict[str, Any]
    if constraint.nullable and profile.nulls <= FEW_NULLS * profile.rows:
        facts = {"nulls": profile.nulls, "rows": profile.rows}
        yield Proposed("not_null", profile.name, {}, "few_nulls", facts)
    identifier = next((key for key in CHECKSUMS if profile.identifiers.get(key, 0) >= NEARLY_ALL), None)
    mobile = profile.identifiers.get("mobile", 0) >= NEARLY_ALL
    if identifier:
        facts = {"share": _percent(profile.identifiers[identifier]), "scheme": identifier}
        yield Proposed("checksum", profile.name, {"scheme": identifier}, "identifier", facts)
    elif mobile:
        facts = {"share": _percent(profile.identifiers["mobile"])}
        yield Proposed("matches", profile.name, {"pattern": MOBILE}, "mobile", facts)
    if not constraint.unique and _is_key(profile, identifier):
        facts = {"distinct": profile.distinct, "filled": profile.rows - profile.nulls}
        yield Proposed("unique", profile.name, {}, "nearly_unique", facts)
    if identifier or mobile:
        return
    date_format = _date_format(profile)
    if date_format:
        yield date_format
    elif (values := _code_list(profile)) is not None:
        yield Proposed("in_set", profile.name, {"values": values}, "code_list", {"values": len(values)})
    elif (length := _fixed_length(profile)) is not None:
        yield Proposed(
            "length_between", profile.name, {"min": length, "max": length}, "fixed_length", {"length": length}
        )
    elif _rarely_negative(profile):
        yield Proposed("between", profile.name, {"min": 0}, "rarely_negative", {"min": str(profile.min)})


def _is_key(profile: ColumnProfile, identifier: str | None) -> bool:
    """Nearly unique, and of a form that a key has: an identifier, or short text of one pattern, or an integer."""
    filled = profile.rows - profile.nulls
    if not profile.exact or profile.distinct < NEARLY_UNIQUE * filled:
        return False
    if identifier:
        return identifier != "luhn"
    if profile.value_class == ValueClass.INTEGER:
        return profile.distinct == filled
    return profile.value_class == ValueClass.TEXT and _pattern_share(profile) >= NEARLY_ALL and _longest(profile) <= 40


def _date_format(profile: ColumnProfile) -> Proposed | None:
    """Dates kept as text: their one format, or the leading one of several, which is itself worth finding."""
    found = profile.detected or {}
    if found.get("type") not in ("date", "timestamp") or not found.get("format"):
        return None
    if found.get("share", 0) < NEARLY_ALL:
        return None
    form = str(found["format"])
    shares = {str(name): float(share) for name, share in found.get("formats", ())} or {form: found["share"]}
    if shares[form] >= NEARLY_ALL:
        facts = {"share": _percent(shares[form]), "format": form}
        return Proposed("date_format", profile.name, {"format": form}, "date_text", facts)
    listed = "、".join(f"{name} {_percent(share)}%" for name, share in list(shares.items())[:4])
    return Proposed("date_format", profile.name, {"format": form}, "mixed_dates", {"formats": listed})


def _code_list(profile: ColumnProfile) -> list[Any] | None:
    filled = profile.rows - profile.nulls
    if profile.value_class != ValueClass.TEXT or not 2 <= profile.distinct <= CODE_LIST:
        return None
    if filled < 20 * profile.distinct or _longest(profile) > 20 or profile.blanks >= RARE * filled:
        return None  # amounts, remarks and half-filled fields are no code lists
    kept = [value for value, count in profile.top if count >= RARE * filled and str(value).strip()]
    return sorted(kept, key=str) if len(kept) >= 2 else None


def _fixed_length(profile: ColumnProfile) -> int | None:
    """The one length that nearly all values have, where they are made of digits and letters."""
    if profile.value_class != ValueClass.TEXT or not profile.length or not profile.patterns:
        return None
    minimum, maximum = profile.length["min"], profile.length["max"]
    one_length = minimum == maximum and minimum >= 4 and "汉" not in profile.patterns[0][0]
    return int(minimum) if one_length else None


def _rarely_negative(profile: ColumnProfile) -> bool:
    if not profile.value_class.is_number or profile.quantiles is None or isinstance(profile.min, str):
        return False
    lowest = profile.quantiles.get("0.01")
    return isinstance(lowest, int | float) and lowest >= 0 and profile.min < 0


def _pattern_share(profile: ColumnProfile) -> float:
    filled = profile.rows - profile.nulls
    return profile.patterns[0][1] / filled if profile.patterns and filled else 0.0


def _longest(profile: ColumnProfile) -> int:
    return int((profile.length or {}).get("max") or 0)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
