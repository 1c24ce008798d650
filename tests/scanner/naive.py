"""The oracle: every measure and every rule by plain loops over rows, as the definitions read. Slow on purpose.

Values are canonical texts, None is null. Nothing here knows of DuckDB, Arrow or numpy.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from scanner.measures.histogram import bins_between
from scanner.model import Column, Rule, Table, ValueClass
from scanner.rules.binding import BoundRule, bind
from scanner.rules.freshness import is_fresh
from scanner.rules.verdicts import Freshness, Reference, RowCount, passes
from scanner.values.canonical import QUANTILES, SPECIAL_NUMBERS, comparison_key, to_json
from scanner.values.dates import DETECTED_FORMATS, is_date, parse_format
from scanner.values.identifiers import KEYS, is_identifier
from scanner.values.patterns import pattern_of
from scanner.where.literals import widened

Row = Mapping[str, str | None]
WHITE_SPACE = {
    9,
    10,
    11,
    12,
    13,
    32,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
}
QUANTILE_CLASSES = (
    ValueClass.INTEGER, ValueClass.DECIMAL, ValueClass.FLOAT, ValueClass.DATE, ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ,
)  # fmt: skip


def profile(rows: Sequence[Row], table: Table) -> list[dict[str, Any]]:
    return [profile_column([row[column.name] for row in rows], column) for column in table.columns]


def profile_column(values: Sequence[str | None], column: Column) -> dict[str, Any]:
    """Every measure of a column, as ``ColumnProfile.as_json`` has them, without the sketch."""
    held = column.value_class
    present = [value for value in values if value is not None]
    counts = Counter(present)
    ordered = sorted(counts, key=lambda value: comparison_key(value, held))
    lengths = [len(value) // 2 if held is ValueClass.BINARY else len(value) for value in present]
    found: dict[str, Any] = {
        "name": column.name, "type": column.type, "value_class": held.value, "rows": len(values),
        "nulls": len(values) - len(present),
        "blanks": sum(all(ord(sign) in WHITE_SPACE for sign in value) for value in present) if held is ValueClass.TEXT else 0,
        "distinct": len(counts), "exact": True, "unique": sum(count == 1 for count in counts.values()),
        "min": None, "max": None, "mean": None, "quantiles": None, "length": None, "top": [], "patterns": [],
        "identifiers": {}, "detected": None, "histogram": None, "sketch": None,
    }  # fmt: skip
    if not present:
        return found
    found["length"] = {"min": min(lengths), "max": max(lengths), "mean": sum(lengths) / len(lengths)}
    ranked = sorted(ordered, key=lambda value: -counts[value])  # stable: equally frequent ones stay in their order
    found["top"] = [[to_json(value, held), counts[value]] for value in ranked[:20]]
    found["histogram"] = histogram(present, held)
    if held is not ValueClass.BINARY:
        found |= {"min": to_json(ordered[0], held), "max": to_json(ordered[-1], held)}
    if held in QUANTILE_CLASSES:
        everything = [value for value in ordered for _ in range(counts[value])]
        places = {share: max(1, math.ceil(Fraction(share) * len(everything))) for share in QUANTILES}
        found["quantiles"] = {share: to_json(everything[place - 1], held) for share, place in places.items()}
    if held.is_number:
        found["mean"] = mean(present, held)
    if held in (ValueClass.TEXT, ValueClass.INTEGER):
        patterns = Counter(pattern_of(value) for value in present)
        found["patterns"] = [list(pair) for pair in sorted(patterns.items(), key=lambda pair: (-pair[1], pair[0]))[:20]]
        found["identifiers"] = identifiers(present)
        found["detected"] = detected(present, held, found["identifiers"])
    return found


def mean(values: Sequence[str], held: ValueClass) -> Any:
    special = {value for value in values if value in SPECIAL_NUMBERS}
    if special:
        return special.pop() if len(special) == 1 else "NaN"
    number = (lambda value: Fraction(float(value))) if held is ValueClass.FLOAT else Fraction
    exact = sum(map(number, values), Fraction(0)) / len(values)
    if held is ValueClass.INTEGER and exact.denominator == 1:
        return int(exact)
    extremes = (min(values, key=Fraction), max(values, key=Fraction))
    if held is ValueClass.FLOAT or all(Fraction(repr(float(value))) == Fraction(value) for value in extremes):
        return float(exact)
    scaled = round(exact * 10**20)
    sign, scaled = ("-", -scaled) if scaled < 0 else ("", scaled)
    digits = str(scaled).rjust(21, "0")
    return sign + f"{digits[:-20]}.{digits[-20:]}".rstrip("0").rstrip(".")


def identifiers(values: Sequence[str]) -> dict[str, float]:
    counts = {key: sum(is_identifier(key, value) for value in values) for key in KEYS}
    return {key: count / len(values) for key, count in counts.items() if count}


def detected(values: Sequence[str], held: ValueClass, known: Mapping[str, float]) -> dict[str, Any] | None:
    counts = {text: sum(is_date(value, parse_format(text)) for value in values) for text in DETECTED_FORMATS}
    total = sum(counts.values())
    if total * 2 >= len(values):
        ranked = sorted((text for text in counts if counts[text]), key=lambda text: (-counts[text], text))
        kind = "timestamp" if parse_format(ranked[0]).has_time else "date"
        formats = [[text, counts[text] / len(values)] for text in ranked]
        return {"type": kind, "format": ranked[0], "share": min(total / len(values), 1.0), "formats": formats}
    if held is not ValueClass.TEXT or max(known.values(), default=0) >= 0.5:
        return None
    numbers = [value for value in values if is_number(value)]
    if len(numbers) * 2 < len(values):
        return None
    kind = "integer" if not any("." in value for value in numbers) else "decimal"
    return {"type": kind, "format": None, "share": len(numbers) / len(values)}


def is_number(text: str) -> bool:
    """-12.50 is a number kept as text, 007 is a code."""
    whole, point, part = text.removeprefix("-").partition(".")
    digits = set("0123456789")
    if not whole or not set(whole) <= digits or (len(whole) > 1 and whole[0] == "0"):
        return False
    return not point or (part != "" and set(part) <= digits)


def histogram(values: Sequence[str], held: ValueClass) -> dict[str, Any] | None:
    """Bins of equal width; the bins themselves are those of the engine, the counting is not."""
    places: list[float] = []
    for value in values:
        place = _place(value, held)
        if place is not None and math.isfinite(place):
            places.append(place)
    if not places:
        return None
    whole = held in (ValueClass.DATE, ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ, ValueClass.TEXT)
    if held is ValueClass.INTEGER:
        whole = all(len(value) <= 18 for value in values) and max(abs(place) for place in places) < 2**53
    bins = bins_between(min(places), max(places), whole=whole)
    if bins is None:
        return None
    counts = [0] * bins.count
    for place in places:
        counts[min(bins.count - 1, math.floor((place - bins.low) / bins.width))] += 1
    edges = [_shown(edge, held) for edge in bins.edges]
    return {"of": "length" if held is ValueClass.TEXT else "value", "edges": edges, "counts": counts}


def _place(value: str, held: ValueClass) -> float | None:
    if held is ValueClass.TEXT:
        return len(value)
    if held.is_number:
        return float(value)
    try:
        if held is ValueClass.DATE:
            return (date.fromisoformat(value) - date(1970, 1, 1)).days
        if held in (ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ):
            return (datetime.fromisoformat(value[:19]) - datetime(1970, 1, 1)) // timedelta(seconds=1)
    except ValueError:
        return None
    return None


def _shown(edge: float, held: ValueClass) -> Any:
    if held is ValueClass.DATE:
        return (date(1970, 1, 1) + timedelta(days=edge)).isoformat() if edge <= 2932896 else "9999-12-31"
    if held in (ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ):
        zone = "+00:00" if held is ValueClass.TIMESTAMPTZ else ""
        last = 253402300799  # the last second of the year 9999
        return (datetime(1970, 1, 1) + timedelta(seconds=min(edge, last))).isoformat() + zone
    return edge


def check(
    rows: Sequence[Row], table: Table, rule: Rule, *, now: datetime | None = None,
    others: Mapping[str, tuple[Table, Sequence[Row]]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The result of a rule, as ``CheckResult.as_json`` has it. ``others``: referenced tables by the name the rule uses."""
    bound = bind(rule, table)
    rows = [row for row in rows if bound.condition is None or bound.condition.matches(row)]
    if isinstance(bound.test, RowCount):
        low, high = bound.test.low, bound.test.high
        passed = (low is None or len(rows) >= low) and (high is None or len(rows) <= high)
        return result(rule, len(rows), int(not passed), passed, observed=len(rows))
    if rule.kind != "not_null":
        rows = [row for row in rows if all(row[column.name] is not None for column in bound.columns)]
    if isinstance(bound.test, Freshness):
        return freshness(rows, bound, now or datetime.now(UTC))
    failing = [row for row in rows if not _keeps(row, bound, rows, others or {})]
    passed = len(rows) - len(failing) >= Fraction(str(rule.mostly)) * len(rows)
    examples = [] if rule.kind == "not_null" else top_examples(failing, bound)
    return result(rule, len(rows), len(failing), passed, examples=examples, keys=first_keys(failing, table))


def result(rule: Rule, evaluated: int, failed: int, passed: bool, **more: Any) -> dict[str, Any]:
    base = {"id": rule.id, "evaluated": evaluated, "failed": failed, "passed": passed}
    return base | {"examples": [], "keys": [], "observed": None, "error": None} | more


def values_of(row: Row, columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(str(row[column.name]) for column in columns)


def _keeps(row: Row, bound: BoundRule, rows: Sequence[Row], others: Mapping[str, tuple[Table, Sequence[Row]]]) -> bool:
    if bound.rule.kind == "not_null":
        return all(row[column.name] is not None for column in bound.columns)
    if bound.rule.kind in ("unique", "compound_unique"):
        mine = values_of(row, bound.columns)
        return sum(values_of(other, bound.columns) == mine for other in rows) == 1
    if isinstance(bound.test, Reference):
        target, there = others[bound.test.table]
        columns = [column for name in bound.test.columns if (column := target.column(name))]
        full = [other for other in there if all(other[column.name] is not None for column in columns)]
        return any(_equal(row, bound.columns, other, columns) for other in full)
    (column,) = bound.columns
    assert bound.test is not None
    assert not isinstance(bound.test, (RowCount, Freshness))
    return passes(bound.test, str(row[column.name]), column)


def _equal(row: Row, columns: Sequence[Column], other: Row, others: Sequence[Column]) -> bool:
    for mine, theirs in zip(columns, others, strict=True):
        left, right = str(row[mine.name]), str(other[theirs.name])
        classes = {mine.value_class, theirs.value_class}
        doubles = ValueClass.FLOAT in classes and all(held.is_number for held in classes)
        if classes == {ValueClass.DATE, ValueClass.TIMESTAMP}:  # a date is its midnight
            left, right = (
                widened(left, mine.value_class, ValueClass.TIMESTAMP),
                widened(right, theirs.value_class, ValueClass.TIMESTAMP),
            )
        if doubles and (float(left) == float(right) or left == right):
            continue
        if left != right:
            return False
    return True


def order_key(values: Sequence[str], columns: Sequence[Column]) -> list[Any]:
    return [comparison_key(value, column.value_class) for value, column in zip(values, columns, strict=True)]


def top_examples(failing: Sequence[Row], bound: BoundRule) -> list[Any]:
    counts = Counter(values_of(row, bound.columns) for row in failing)
    ranked = sorted(counts, key=lambda values: order_key(values, bound.columns))
    ranked = sorted(ranked, key=lambda values: -counts[values])[:20]
    shown = [
        [to_json(text, column.value_class) for text, column in zip(values, bound.columns, strict=True)]
        for values in ranked
    ]
    return [values[0] if len(values) == 1 else values for values in shown]


def first_keys(failing: Sequence[Row], table: Table) -> list[list[Any]]:
    columns = [column for name in table.primary_key if (column := table.column(name))]
    if not columns:
        return []
    ranked = sorted((values_of(row, columns) for row in failing), key=lambda values: order_key(values, columns))
    return [
        [to_json(text, column.value_class) for text, column in zip(key, columns, strict=True)] for key in ranked[:100]
    ]


def freshness(rows: Sequence[Row], bound: BoundRule, now: datetime) -> dict[str, Any]:
    (column,) = bound.columns
    assert isinstance(bound.test, Freshness)
    values = [str(row[column.name]) for row in rows]
    dated = [value for value in values if column.value_class is not ValueClass.TEXT or _is_iso(value)]
    if column.value_class is ValueClass.TEXT:
        latest = max(dated, key=lambda value: value.replace(" ", "T") + "T24" * (len(value) == 10), default=None)
    else:
        latest = max(dated, key=lambda value: comparison_key(value, column.value_class), default=None)
    passed = not values or (latest is not None and is_fresh(latest, bound.test.max_age, now, UTC))
    return result(bound.rule, len(rows), int(not passed), passed, observed=latest)


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10 or (len(text) >= 16 and text[10] in " T" and "+" not in text)
