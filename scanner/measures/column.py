"""The profile of one column from its frequency table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scanner.measures import content, histogram, numbers, order
from scanner.measures.frequency import Session, literal, one
from scanner.measures.order import Order
from scanner.model import Column, ColumnProfile, ValueClass
from scanner.sketch import Sketcher
from scanner.values.canonical import mean_of_specials, mean_to_json, to_json
from scanner.values.text import WHITE_SPACE

_WHITE = literal(WHITE_SPACE)
_WHITE_POINTS = ", ".join(str(ord(character)) for character in WHITE_SPACE)
# The first character decides for nearly every value; only the rest are stripped.
_BLANK = f"CASE WHEN v = '' THEN true WHEN unicode(v) IN ({_WHITE_POINTS}) THEN ltrim(v, {_WHITE}) = '' ELSE false END"
_WITH_CONTENT = (ValueClass.TEXT, ValueClass.INTEGER)
_SORTED_AS_TEXT = (ValueClass.TEXT, ValueClass.BOOLEAN)
_WITH_QUANTILES = (ValueClass.DATE, ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ)


@dataclass(frozen=True, slots=True)
class Facts:
    """Counts and lengths, over all non-null values."""

    count: int
    distinct: int
    unique: int
    blanks: int
    length: Mapping[str, Any] | None
    low: str | None  # least and greatest as text; of classes that do not sort as text, None
    high: str | None


def measure_column(
    session: Session, freq: str, column: Column, *, rows: int, sketch_key: bytes | None = None
) -> ColumnProfile:
    """Every measure of a column, exact.

    ``freq`` names a table of the session with ``v`` (distinct non-null canonical text) and ``n`` (BIGINT, how often);
    ``rows`` counts the rows of the table, so that the rest are nulls. A sketch is made when there is a key for it.
    """
    value_class = column.value_class
    facts = _facts(session, freq, value_class)
    base = ColumnProfile(
        name=column.name, type=column.type, value_class=value_class, rows=rows, nulls=rows - facts.count,
        blanks=facts.blanks, distinct=facts.distinct, exact=True, unique=facts.unique, length=facts.length,
    )  # fmt: skip
    sketcher = Sketcher(sketch_key) if sketch_key else None
    measured = _values(session, freq, value_class, facts) if facts.count else {}
    if facts.count and value_class in _WITH_CONTENT:
        measured |= _content(session, freq, value_class, facts.count, sketcher)
    elif sketcher:
        content.read_sketch(session, freq, sketcher)
    return replace(base, **(measured | {"sketch": sketcher.as_json() if sketcher else None}))


def _facts(session: Session, freq: str, value_class: ValueClass) -> Facts:
    length = "length(v) // 2" if value_class is ValueClass.BINARY else "length(v)"
    blanks = f"coalesce(sum(n) FILTER (WHERE {_BLANK}), 0)" if value_class is ValueClass.TEXT else "0"
    ends = "min(v), max(v)" if value_class in _SORTED_AS_TEXT else "NULL, NULL"
    count, distinct, unique, blank, shortest, longest, total, low, high = one(
        session,
        f"SELECT coalesce(sum(n), 0), count(*), count(*) FILTER (WHERE n = 1), {blanks},"
        f" min({length}), max({length}), sum({length} * n), {ends} FROM {freq}",
    )
    lengths = {"min": shortest, "max": longest, "mean": int(total) / int(count)} if count else None
    return Facts(int(count), distinct, unique, int(blank), lengths, low, high)


def _values(session: Session, freq: str, value_class: ValueClass, facts: Facts) -> dict[str, Any]:
    """What follows from the order of the values and from their sum."""
    ordered = order.order_of(session, freq, value_class)
    measured: dict[str, Any] = {
        "top": [(to_json(text, value_class), n) for text, n in order.top(session, ordered)],
        "histogram": histogram.histogram(session, ordered, value_class, facts.length or {}),
    }
    if value_class is ValueClass.BINARY:
        return measured
    low, high = (facts.low, facts.high) if value_class in _SORTED_AS_TEXT else order.extremes(session, ordered)
    measured |= {"min": to_json(low, value_class), "max": to_json(high, value_class)}
    if value_class.is_number or value_class in _WITH_QUANTILES:
        found = order.quantiles(session, ordered, facts.count, facts.distinct)
        measured["quantiles"] = {share: to_json(text, value_class) for share, text in found.items()}
    if value_class.is_number:
        measured["mean"] = _mean(session, freq, ordered, value_class, facts.count, str(low), str(high))
    return measured


def _mean(
    session: Session, freq: str, ordered: Order, value_class: ValueClass, count: int, low: str, high: str
) -> int | float | str:
    special = mean_of_specials(ordered.specials)
    if special is not None:
        return special
    return mean_to_json(numbers.total(session, freq, ordered, value_class), count, value_class, low, high)


def _content(
    session: Session, freq: str, value_class: ValueClass, count: int, sketcher: Sketcher | None
) -> dict[str, Any]:
    found = content.read_content(session, freq, sketcher)
    shares = content.identifiers(session, freq, found, count)
    return {
        "patterns": content.top_patterns(found),
        "identifiers": shares,
        "detected": content.detected(session, freq, found, count, value_class, shares.values()),
    }
