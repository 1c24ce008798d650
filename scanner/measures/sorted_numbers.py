"""The profile of a column kept as numbers, days or moments: everything follows from its sorted values.

Sorting a million 64-bit values costs a tenth of grouping their texts. ``Store.numbers`` has the values: integers, doubles,
decimals as the integer of their digits, days since 1970, microseconds since 1970.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scanner.measures import histogram, numbers
from scanner.measures.content import add_checked, dates_detected
from scanner.measures.order import TOP
from scanner.model import ValueClass
from scanner.sketch import Sketcher
from scanner.store import Store
from scanner.values.canonical import QUANTILES, mean_to_json, rank, to_json
from scanner.values.chunk import CHUNK_ROWS, Chunk, Ints
from scanner.values.identifiers import CHECKSUM_MASKS, FORM_NUMBERS, FORMS
from scanner.values.typed import one_text, text_of

_POWERS = np.array([10**power for power in range(1, 19)], np.int64)
_CHECKED_DIGITS = (8, 9, *range(12, 20))  # of whole numbers: dates without signs, check digits
_SECOND = 1_000_000
_PRINTED = 1 << 20  # doubles printed at a time
_FEW = 1 << 16  # counts up to this are counted themselves


@dataclass(frozen=True)
class Sorted:
    """Different values in order, and how often each occurs."""

    kind: pa.DataType
    values: npt.NDArray[Any]
    counts: Ints
    upto: Ints  # rows before each value, and last of all those of all

    @property
    def count(self) -> int:
        return int(self.upto[-1])

    def number(self, place: int) -> float:
        """What a histogram counts."""
        value: float = self.values[place].item()
        if pa.types.is_timestamp(self.kind):
            return value // _SECOND
        return value / float(10**self.kind.scale) if pa.types.is_decimal(self.kind) else value

    def text(self, place: int) -> str:
        return one_text(self.values[place], self.kind)

    def chunk(self, first: int, last: int) -> Chunk:
        """The canonical texts of the values of these places."""
        return Chunk(text_of(_array(self.values[first:last], self.kind)), self.counts[first:last])


def measured(store: Store, place: int, sketcher: Sketcher | None) -> dict[str, Any]:
    """Measures by the names of ``ColumnProfile``; the column has a value that is not null."""
    value_class, kind = store.columns[place].value_class, store.type(place)
    values = store.numbers(place)
    values.sort()
    firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    upto = np.append(firsts, len(values))
    held = Sorted(kind, values if len(firsts) == len(values) else values[firsts], np.diff(upto), upto)

    def shown(at: int) -> Any:
        return to_json(held.text(at), value_class)

    places = {share: int(np.searchsorted(firsts, rank(share, held.count) - 1, "right")) - 1 for share in QUANTILES}
    found: dict[str, Any] = {
        "distinct": len(firsts), "unique": int((held.counts == 1).sum()), "min": shown(0), "max": shown(-1),
        "top": [(shown(at), int(held.counts[at])) for at in _top(held.counts)],
        "quantiles": {share: shown(at) for share, at in places.items()},
    }  # fmt: skip
    if value_class.is_number:
        low, high = held.text(0), held.text(-1)
        found["mean"] = mean_to_json(_sum(values, kind), held.count, value_class, low, high)
    if value_class is ValueClass.INTEGER:
        found |= _of_integers(held)
    else:
        found["length"] = _length(held)
    longest = found["length"]["max"]
    found["histogram"] = histogram.of_numbers(held.number, upto, _is_whole(kind, longest), value_class)
    if sketcher is not None:
        for at in range(0, len(firsts), CHUNK_ROWS):
            sketcher.add(held.chunk(at, at + CHUNK_ROWS))
    return found


def _top(counts: Ints) -> list[int]:
    """Places of the greatest counts, equal ones from the first on."""
    least = 0 if len(counts) <= TOP else _rank_from_above(counts, TOP)
    above = np.flatnonzero(counts > least)
    level = np.flatnonzero(counts == least)[: TOP - len(above)]
    places: list[int] = np.concatenate([above, level]).tolist()
    return sorted(places, key=lambda at: (-int(counts[at]), at))


def _rank_from_above(counts: Ints, rank: int) -> int:
    """The count at this rank, the greatest being 1."""
    most = int(counts.max())
    if most > _FEW:
        return int(np.partition(counts, len(counts) - rank)[-rank])
    upto = np.cumsum(np.bincount(counts)[::-1])
    return most - int(np.searchsorted(upto, rank))


def _sum(values: npt.NDArray[Any], kind: pa.DataType) -> Fraction:
    if pa.types.is_floating(kind):
        parts = (values[at : at + (1 << 24)] for at in range(0, len(values), 1 << 24))
        return sum(map(numbers.sum_of_doubles, parts), Fraction(0))
    if max(-int(values[0]), int(values[-1])) * len(values) < 1 << 63:
        whole = int(values.sum())
    else:
        whole = (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
    return Fraction(whole, 10**kind.scale) if pa.types.is_decimal(kind) else Fraction(whole)


def _is_whole(kind: pa.DataType, longest: int) -> bool:
    """Whether what a histogram counts is whole numbers."""
    return pa.types.is_temporal(kind) or (pa.types.is_integer(kind) and longest <= 18)


def _length(held: Sorted) -> dict[str, Any]:
    """Of canonical texts."""
    kind = held.kind
    if pa.types.is_date(kind):
        return {"min": 10, "max": 10, "mean": 10.0}
    if pa.types.is_timestamp(kind):
        lengths = np.where(held.values % _SECOND == 0, 19, 26) + (6 if kind.tz else 0)
    elif pa.types.is_decimal(kind):
        lengths = _decimal_lengths(held.values, kind.scale)
    else:
        sizes = [held.chunk(at, at + _PRINTED).sizes for at in range(0, len(held.values), _PRINTED)]
        lengths = np.concatenate(sizes)
    total = int((lengths * held.counts).sum())
    return {"min": int(lengths.min()), "max": int(lengths.max()), "mean": total / held.count}


def _decimal_lengths(values: Ints, scale: int) -> Ints:
    amounts = np.abs(values)
    lengths = np.searchsorted(_POWERS, amounts // 10**scale, "right") + 1 + (values < 0)
    parts = np.full(len(values), scale, np.int64)  # digits behind the point, but for trailing zeros
    even = np.arange(len(values))
    for power in range(1, scale + 1):
        even = even[amounts[even] % 10**power == 0]
        parts[even] -= 1
    total: Ints = lengths + parts + (parts > 0)
    return total


def _of_integers(held: Sorted) -> dict[str, Any]:
    """Lengths, patterns, identifiers and dates of whole numbers, digits by digits."""
    spans: list[tuple[int, bool, int, int]] = []  # digits, negative, first and last place
    checksums: dict[str, int] = {}
    dates: dict[str, int] = {}
    patterns: list[tuple[str, int]] = []
    sums = held.upto
    for digits in range(1, 20):
        least, most = (10 ** (digits - 1) if digits > 1 else 0), 10**digits - 1
        for negative in (False, True):
            low, high = (-most, -max(least, 1)) if negative else (least, most)
            first, last = _span(held.values, low, high)
            if first < last:
                spans.append((digits, negative, first, last))
    for digits, negative, first, last in spans:
        pattern = "-" * negative + ("9" if digits == 1 else f"9{{{digits}}}")
        patterns.append((pattern, int(sums[last] - sums[first])))
        if digits in _CHECKED_DIGITS and not negative:
            for at in range(first, last, CHUNK_ROWS):
                add_checked(checksums, dates, held.chunk(at, min(at + CHUNK_ROWS, last)))
    lengths = {digits + negative: 0 for digits, negative, _, _ in spans}
    for digits, negative, first, last in spans:
        lengths[digits + negative] += int(sums[last] - sums[first])
    total = sum(length * number for length, number in lengths.items())
    found = checksums | _forms(held.values, sums)
    return {
        "length": {"min": min(lengths), "max": max(lengths), "mean": total / held.count},
        "patterns": sorted(patterns, key=lambda item: (-item[1], item[0]))[:20],
        "identifiers": {key: found[key] / held.count for key in (*CHECKSUM_MASKS, *FORMS) if found.get(key)},
        "detected": dates_detected(dates, held.count),
    }


def _forms(values: Ints, sums: Ints) -> dict[str, int]:
    return {
        key: int(sums[last] - sums[first])
        for key, (low, high) in FORM_NUMBERS.items()
        for first, last in [_span(values, low, high)]
    }


def _span(values: Ints, low: int, high: int) -> tuple[int, int]:
    """First and last place of the values from low to high."""
    bounds = np.iinfo(np.int64)
    if low > bounds.max or high < bounds.min:
        return 0, 0
    first = np.searchsorted(values, max(low, bounds.min), "left")
    return int(first), int(np.searchsorted(values, min(high, bounds.max), "right"))


def _array(values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind):
        return pa.array(values.astype(np.int32)).view(kind)
    if pa.types.is_decimal(kind):
        words = np.empty(2 * len(values), np.int64)
        words[::2], words[1::2] = values, values >> 63
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words)])
    return pa.array(values).view(kind) if pa.types.is_timestamp(kind) else pa.array(values)
