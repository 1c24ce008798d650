"""The profile of one column."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scanner.measures import histogram, numbers, order, sorted_numbers
from scanner.measures.content import Content
from scanner.measures.frequency import Frequencies
from scanner.measures.order import Order
from scanner.model import Column, ColumnProfile, ValueClass
from scanner.sketch import Sketcher
from scanner.store import Store
from scanner.values.canonical import mean_of_specials, mean_to_json, to_json

_WITH_CONTENT = (ValueClass.TEXT, ValueClass.INTEGER)
_SORTED_AS_TEXT = (ValueClass.TEXT, ValueClass.BOOLEAN)
_WITH_QUANTILES = (ValueClass.DATE, ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ)


def measure_numbers(store: Store, place: int, sketch_key: bytes | None = None) -> ColumnProfile:
    """Every measure of a column that the store keeps as numbers or dates, exact."""
    column, rows = store.columns[place], store.rows
    base = _base(column, rows, rows - store.nulls[place])
    sketcher = Sketcher(sketch_key) if sketch_key else None
    if rows > store.nulls[place]:
        base = replace(base, **sorted_numbers.measured(store, place, sketcher))
    return replace(base, sketch=sketcher.as_json() if sketcher else None)


def measure_column(freq: Frequencies, column: Column, *, rows: int, sketch_key: bytes | None = None) -> ColumnProfile:
    """Every measure of a column from its frequencies, exact.

    ``rows`` counts the rows of the table, so that the rest are nulls. A sketch is made when there is a key for it.
    """
    base = replace(_base(column, rows, freq.count), distinct=freq.distinct, unique=freq.unique)
    sketcher = Sketcher(sketch_key) if sketch_key else None
    if freq.count:
        base = replace(base, **_measured(freq, column.value_class, sketcher))
    return replace(base, sketch=sketcher.as_json() if sketcher else None)


def _base(column: Column, rows: int, count: int) -> ColumnProfile:
    return ColumnProfile(
        name=column.name, type=column.type, value_class=column.value_class, rows=rows, nulls=rows - count,
        blanks=0, distinct=0, exact=True, unique=0,
    )  # fmt: skip


def _measured(freq: Frequencies, value_class: ValueClass, sketcher: Sketcher | None) -> dict[str, Any]:
    content = Content(freq.session, has_patterns=value_class in _WITH_CONTENT)
    for chunk in freq.chunks():
        content.add(chunk)
        if sketcher is not None:
            sketcher.add(chunk)
    length = _length(content.lengths, freq.count, 2 if value_class is ValueClass.BINARY else 1)
    measured = {"length": length, "blanks": content.blanks if value_class is ValueClass.TEXT else 0}
    if value_class in _WITH_CONTENT:
        shares = content.identifiers(freq.count)
        measured |= {
            "patterns": content.top_patterns(), "identifiers": shares,
            "detected": content.detected(freq.count, value_class, shares.values()),
        }  # fmt: skip
    return measured | _ordered(freq, value_class, content)


def _length(lengths: Mapping[int, int], count: int, divisor: int) -> dict[str, Any]:
    total = sum((length // divisor) * number for length, number in lengths.items())
    return {"min": min(lengths) // divisor, "max": max(lengths) // divisor, "mean": total / count}


def _ordered(freq: Frequencies, value_class: ValueClass, content: Content) -> dict[str, Any]:
    """What follows from the order of the values and from their sum."""
    ordered = order.order_of(freq.session, freq.name, value_class)
    top = order.top_of(freq, ordered) if freq.plain else order.top(freq.session, ordered)
    measured: dict[str, Any] = {"top": [(to_json(text, value_class), n) for text, n in top]}
    if value_class is ValueClass.TEXT:
        measured["histogram"] = histogram.of_lengths(content.lengths)
    elif value_class is not ValueClass.BINARY:
        measured["histogram"] = histogram.histogram(freq.session, ordered, value_class)
    if value_class is ValueClass.BINARY:
        return measured
    low, high = (content.low, content.high)
    if value_class not in _SORTED_AS_TEXT:
        low, high = order.extremes(freq.session, ordered)
    measured |= {"min": to_json(low, value_class), "max": to_json(high, value_class)}
    if value_class.is_number or value_class in _WITH_QUANTILES:
        found = order.quantiles(freq.session, ordered, freq.count, freq.distinct)
        measured["quantiles"] = {share: to_json(text, value_class) for share, text in found.items()}
    if value_class.is_number:
        measured["mean"] = _mean(freq, ordered, value_class, str(low), str(high))
    return measured


def _mean(freq: Frequencies, ordered: Order, value_class: ValueClass, low: str, high: str) -> int | float | str:
    special = mean_of_specials(ordered.specials)
    if special is not None:
        return special
    total = numbers.total(freq, ordered, value_class)
    return mean_to_json(total, freq.count, value_class, low, high)
