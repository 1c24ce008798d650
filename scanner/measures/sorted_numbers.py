"""The profile of a column kept as numbers, days or moments: everything follows from its sorted values.

Sorting a million 64-bit values costs a tenth of grouping their texts. ``Store.numbers`` has the values: integers, doubles,
decimals as the integer of their digits, days since 1970, microseconds since 1970.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
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

_CHECKED_DIGITS = (8, 9, *range(12, 20))  # of whole numbers: dates without signs, check digits
_SECOND = 1_000_000
_PRINTED = 1 << 20  # doubles printed at a time
_FEW = 1 << 16  # counts up to this are counted themselves
MOST_SORTED = 2_000_000  # values sorted at a time: memory is that of so many, however many there are
_SAMPLED = 1_000  # values of each part by which the bounds of parts are chosen

Lengths = tuple[int, int, int]  # least, greatest, all together


@dataclass
class Digits:
    """Lengths, patterns, identifiers and dates of whole numbers, digits by digits; each with how many values it has."""

    lengths: Counter[int] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    identifiers: dict[str, int] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)

    def add(self, held: "Sorted") -> None:
        for digits in range(1, 20):
            least, most = (10 ** (digits - 1) if digits > 1 else 0), 10**digits - 1
            for negative in (False, True):
                low, high = (-most, -max(least, 1)) if negative else (least, most)
                first, last = _span(held.values, low, high)
                if first < last:
                    self._add_span(held, digits, negative, first, last)
        for key, (low, high) in FORM_NUMBERS.items():
            first, last = _span(held.values, low, high)
            if first < last:
                self.identifiers[key] = self.identifiers.get(key, 0) + int(held.upto[last] - held.upto[first])

    def _add_span(self, held: "Sorted", digits: int, negative: bool, first: int, last: int) -> None:
        number = int(held.upto[last] - held.upto[first])
        self.lengths[digits + negative] += number
        self.patterns["-" * negative + ("9" if digits == 1 else f"9{{{digits}}}")] += number
        if digits in _CHECKED_DIGITS and not negative:
            for at in range(first, last, CHUNK_ROWS):
                add_checked(self.identifiers, self.dates, held.chunk(at, min(at + CHUNK_ROWS, last)))

    def measures(self, count: int) -> dict[str, Any]:
        total = sum(length * number for length, number in self.lengths.items())
        found = self.identifiers
        return {
            "length": {"min": min(self.lengths), "max": max(self.lengths), "mean": total / count},
            "patterns": sorted(self.patterns.items(), key=lambda item: (-item[1], item[0]))[:20],
            "identifiers": {key: found[key] / count for key in (*CHECKSUM_MASKS, *FORMS) if found.get(key)},
            "detected": dates_detected(self.dates, count),
        }


@dataclass(frozen=True)
class Sorted:
    """Different values in order, and how often each occurs."""

    kind: pa.DataType
    values: npt.NDArray[Any]
    counts: Ints
    upto: Ints  # values before each, and last of all how many there are
    total: Fraction  # of all values, the equal ones too

    def number(self, place: int) -> float:
        """What a histogram counts."""
        return _number(self.values[place], self.kind)

    def text(self, place: int) -> str:
        return one_text(self.values[place], self.kind)

    def chunk(self, first: int, last: int) -> Chunk:
        """The canonical texts of the values of these places."""
        return Chunk(text_of(_array(self.values[first:last], self.kind)), self.counts[first:last])


def sorted_of(kind: pa.DataType, values: npt.NDArray[Any]) -> Sorted:
    """``values``, at least one, are sorted in place."""
    values.sort()
    firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    upto = np.append(firsts, len(values))
    total = Fraction(0) if pa.types.is_temporal(kind) else _sum(values, kind)
    return Sorted(kind, values if len(firsts) == len(values) else values[firsts], np.diff(upto), upto, total)


@dataclass
class _Measures:
    """What the parts of a column say together, taken in order."""

    value_class: ValueClass
    ranks: Mapping[str, int]
    bins: histogram.Bins | None
    count: int = 0
    distinct: int = 0
    unique: int = 0
    total: Fraction = Fraction(0)
    top: list[tuple[str, int]] = field(default_factory=list)
    quantiles: dict[str, str] = field(default_factory=dict)
    lengths: Lengths = (1 << 62, 0, 0)
    binned: Ints = field(default_factory=lambda: np.zeros(histogram.BINS, np.int64))
    digits: Digits = field(default_factory=Digits)

    def add(self, part: Sorted) -> None:
        own = int(part.upto[-1])
        self.distinct += len(part.values)
        self.unique += int((part.counts == 1).sum())
        self.total += part.total
        best = [*self.top, *((part.text(at), int(part.counts[at])) for at in _top(part.counts))]
        self.top = sorted(best, key=lambda item: -item[1])[:TOP]  # equal ones stay in their order
        for share, position in self.ranks.items():
            if self.count < position <= self.count + own:
                at = int(np.searchsorted(part.upto, position - self.count - 1, "right")) - 1
                self.quantiles[share] = part.text(at)
        if self.value_class is ValueClass.INTEGER:
            self.digits.add(part)
        else:
            least, most, total = _lengths(part)
            self.lengths = (min(self.lengths[0], least), max(self.lengths[1], most), self.lengths[2] + total)
        if self.bins is not None:
            self.binned[: self.bins.count] += histogram.binned(part.number, part.upto, self.bins)
        self.count += own


def measured(store: Store, place: int, sketcher: Sketcher | None) -> dict[str, Any]:
    """Measures by the names of ``ColumnProfile``; the column has a value that is not null."""
    value_class, kind = store.columns[place].value_class, store.type(place)
    count = store.rows - store.nulls[place]
    (least, greatest), parts = _parts(store, place, count)
    low, high = one_text(least, kind), one_text(greatest, kind)
    whole = pa.types.is_temporal(kind) or (pa.types.is_integer(kind) and max(len(low), len(high)) <= 18)
    bins = histogram.bins_of(_number(least, kind), _number(greatest, kind), whole)
    found = _Measures(value_class, {share: rank(share, count) for share in QUANTILES}, bins)
    for part in parts:
        found.add(part)
        if sketcher is not None:
            for at in range(0, len(part.values), CHUNK_ROWS):
                sketcher.add(part.chunk(at, at + CHUNK_ROWS))

    def shown(text: str) -> Any:
        return to_json(text, value_class)

    return {
        "distinct": found.distinct, "unique": found.unique, "min": shown(low), "max": shown(high),
        "top": [(shown(text), number) for text, number in found.top],
        "quantiles": {share: shown(found.quantiles[share]) for share in QUANTILES},
        "mean": mean_to_json(found.total, count, value_class, low, high) if value_class.is_number else None,
        "histogram": histogram.shown(bins, found.binned, value_class),
        **(
            found.digits.measures(count)
            if value_class is ValueClass.INTEGER
            else {"length": dict(zip(("min", "max", "mean"), (*found.lengths[:2], found.lengths[2] / count), strict=True))}
        ),
    }  # fmt: skip


def _parts(store: Store, place: int, count: int) -> tuple[tuple[Any, Any], Iterable[Sorted]]:
    """The least and the greatest value, and all of them in parts that follow each other."""
    kind = store.type(place)
    if count <= MOST_SORTED:
        whole = sorted_of(kind, store.numbers(place))
        return (whole.values[0], whole.values[-1]), [whole]
    number = -(-count // MOST_SORTED)
    step = max(1, count // (number * _SAMPLED))
    drawn: list[npt.NDArray[Any]] = []
    ends: list[Any] = []
    for values in store.numbers_by_piece(place):
        ends += [values.min(), values.max()] if len(values) else []
        drawn.append(values[::step].copy())  # a view would hold the piece
    sample = np.sort(np.concatenate(drawn))
    bounds = [sample[at * len(sample) // number] for at in range(1, number)]
    return (min(ends), max(ends)), _between(store, place, kind, bounds)


def _between(store: Store, place: int, kind: pa.DataType, bounds: Sequence[Any]) -> Iterator[Sorted]:
    """A value that is several bounds fills parts by itself and is only counted."""
    heavy = {bound for bound, times in Counter(bounds).items() if times > 1}
    edges = [None, *sorted(set(bounds)), None]
    for low, high in pairwise(edges):
        if low in heavy:
            count = sum(int((values == low).sum()) for values in store.numbers_by_piece(place))
            total = Fraction(0) if pa.types.is_temporal(kind) else _sum(np.array([low]), kind) * count
            yield Sorted(kind, np.array([low]), np.array([count]), np.array([0, count]), total)
        found = []
        for values in store.numbers_by_piece(place):
            if low is not None:
                values = values[values > low if low in heavy else values >= low]
            found.append(values if high is None else values[values < high])
        part = np.concatenate(found)
        if len(part):
            yield sorted_of(kind, part)


def _number(value: Any, kind: pa.DataType) -> float:
    number: float = value.item()
    if pa.types.is_timestamp(kind):
        return number // _SECOND
    return number / float(10**kind.scale) if pa.types.is_decimal(kind) else number


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


def _lengths(held: Sorted) -> Lengths:
    """Of canonical texts: least, greatest, all together."""
    kind, count = held.kind, int(held.upto[-1])
    if pa.types.is_date(kind):
        return 10, 10, 10 * count
    if pa.types.is_timestamp(kind):
        lengths = np.where(held.values % _SECOND == 0, 19, 26) + (6 if kind.tz else 0)
    elif pa.types.is_decimal(kind):
        lengths = _decimal_lengths(held.values, kind.scale)
    else:
        sizes = [held.chunk(at, at + _PRINTED).sizes for at in range(0, len(held.values), _PRINTED)]
        lengths = np.concatenate(sizes)
    return int(lengths.min()), int(lengths.max()), int((lengths * held.counts).sum())


def _decimal_lengths(values: Ints, scale: int) -> Ints:
    """Of the values in order, each the integer of its digits."""
    lengths = np.ones(len(values), np.int64)
    lengths[: np.searchsorted(values, 0)] += 1  # the sign
    for power in range(scale + 1, 19):  # of 18 digits at most
        lengths[np.searchsorted(values, 10**power) :] += 1
        lengths[: np.searchsorted(values, -(10**power), "right")] += 1
    parts = np.full(len(values), scale, np.int64)  # digits behind the point, but for trailing zeros
    even = np.flatnonzero(values % 10 == 0) if scale else np.zeros(0, np.int64)
    for power in range(1, scale + 1):
        parts[even] -= 1
        even = even[values[even] % 10 ** (power + 1) == 0] if power < scale else even
    total: Ints = lengths + parts + (parts > 0)
    return total


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
