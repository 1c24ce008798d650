"""Exact sums, whatever the size of the numbers."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from scanner.measures.frequency import Frequencies, Session, one
from scanner.measures.order import Order
from scanner.model import ValueClass
from scanner.values.canonical import SPECIAL_NUMBERS
from scanner.values.chunk import CHUNK_ROWS

_MANTISSA, _HALF = 53, 26


def total(freq: Frequencies, order: Order, value_class: ValueClass) -> Fraction:
    """The exact sum of all values but NaN and the infinities, each as often as it occurs."""
    if value_class is ValueClass.FLOAT:
        return _sum_of_doubles(freq.session, order)
    if order.typed:
        (found,) = one(freq.session, f"SELECT sum(k * n) FROM {order.relation}")
        return Fraction(found or 0)
    return _sum_of_long(freq)


def _sum_of_doubles(session: Session, order: Order) -> Fraction:
    found = Fraction(0)
    for batch in session.sql(f"SELECT k, n FROM {order.relation} WHERE isfinite(k)").to_arrow_reader(CHUNK_ROWS):
        values, counts = (column.to_numpy() for column in batch.columns)
        for count in np.unique(counts).tolist():
            found += sum_of_doubles(values[counts == count]) * count
    return found


def sum_of_doubles(values: npt.NDArray[np.float64]) -> Fraction:
    """The exact sum of up to 2**25 finite doubles: halves of mantissas are summed as integers, exponent by exponent."""
    if not len(values):
        return Fraction(0)
    mantissas, exponents = np.frexp(values)
    wholes = (mantissas * 2.0**_MANTISSA).astype(np.int64)
    lowest = int(exponents.min())
    places = exponents - lowest
    high = np.bincount(places, weights=wholes >> _HALF)  # each sum stays below 2**53, where doubles are exact
    low = np.bincount(places, weights=wholes & ((1 << _HALF) - 1))
    found = Fraction(0)
    for place in np.flatnonzero((high != 0) | (low != 0)).tolist():
        whole = (int(high[place]) << _HALF) + int(low[place])
        found += whole * Fraction(2) ** (place + lowest - _MANTISSA)
    return found


def _sum_of_long(freq: Frequencies) -> Fraction:
    """More digits than any number type holds: integers of Python, scaled by the longest fraction."""
    by_places: dict[int, int] = {}
    for chunk in freq.chunks():
        for text, count in zip(chunk.values.to_pylist(), chunk.counts.tolist(), strict=True):
            if text not in SPECIAL_NUMBERS:
                whole, _, part = text.partition(".")
                by_places[len(part)] = by_places.get(len(part), 0) + _integer(whole + part) * count
    return sum((Fraction(number, 10**places) for places, number in by_places.items()), Fraction(0))


def _integer(digits: str) -> int:
    """int() of a text that may be longer than Python reads at once."""
    if len(digits) < 4000:
        return int(digits)
    sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits)
    number = 0
    for at in range(0, len(digits), 4000):
        piece = digits[at : at + 4000]
        number = number * 10 ** len(piece) + int(piece)
    return sign * number
