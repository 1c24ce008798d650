"""Canonical values in Python: order, JSON form, exact means. The canonical forms are defined in docs/measures.md."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from scanner.model import ValueClass
from scanner.where.order import comparison_key

NAN, INFINITY, MINUS_INFINITY = "NaN", "Infinity", "-Infinity"
SPECIAL_NUMBERS = (NAN, INFINITY, MINUS_INFINITY)
SHOWN = 1_000  # characters of a value in a profile or result
QUANTILES = ("0.01", "0.25", "0.5", "0.75", "0.99")
MEAN_PLACES = 20  # fractional digits of a mean that no double carries and that never ends

__all__ = [
    "MEAN_PLACES", "QUANTILES", "SHOWN", "SPECIAL_NUMBERS", "carried", "comparison_key", "fraction", "mean_of_specials", "mean_to_json",
    "number_to_json", "rank", "shown", "to_json",
]  # fmt: skip


def to_json(text: str | None, value_class: ValueClass) -> Any:
    """The JSON value of a canonical value.

    Integers of any size are integers; decimals and floats are numbers when a double carries them exactly, else the
    string of their digits; truth values are booleans; everything else, NaN and the infinities included, is a string, of
    which at most ``SHOWN`` characters are given.
    """
    if text is None:
        return None
    if value_class is ValueClass.BOOLEAN:
        return text == "true" if text in ("true", "false") else text
    if len(text) > SHOWN or not value_class.is_number or text in SPECIAL_NUMBERS:
        return shown(text)
    return number_to_json(text, value_class)


def shown(text: str) -> str:
    """A text as results hold it: a value of megabytes is no example that anybody reads."""
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def number_to_json(text: str, value_class: ValueClass) -> int | float | str:
    if value_class is ValueClass.INTEGER:
        return int(text)
    if value_class is ValueClass.FLOAT:
        return float(text)
    if len(text) < 16 and "." not in text:
        return int(text)
    return float(text) if carried(text) else text


def carried(text: str) -> bool:
    """Whether the shortest form of the nearest double is exactly this decimal number."""
    if len(text) < 16:
        return True  # a double carries 15 significant digits
    return len(text) < 400 and Decimal(repr(float(text))) == Decimal(text)


def fraction(text: str) -> Fraction:
    """A finite canonical number, exactly. Raises ValueError for NaN and the infinities."""
    return Fraction(Decimal(text)) if text not in SPECIAL_NUMBERS else Fraction(text)


def rank(share: str, count: int) -> int:
    """Nearest rank: the 1-based position ceil(q·n) in the ordered values."""
    return max(1, -(-(Fraction(share) * count).numerator // (Fraction(share) * count).denominator))


def mean_of_specials(specials: Iterable[str]) -> str | None:
    """The mean of numbers among which these stand: None when all are finite."""
    found = set(specials)
    if not found:
        return None
    if NAN in found or len(found) > 1:
        return NAN
    return found.pop()


def mean_to_json(total: Fraction, count: int, value_class: ValueClass, low: str, high: str) -> int | float | str:
    """The exact sum over the count, rounded once.

    A whole mean of integers is an integer. Otherwise it is the nearest double, or, in a column whose least or
    greatest value (``low``, ``high``) no double carries, the string of its digits, at most MEAN_PLACES fractional ones.
    """
    mean = total / count
    if value_class is ValueClass.INTEGER and mean.denominator == 1:
        return int(mean)
    if value_class is ValueClass.FLOAT or (carried(low) and carried(high)):
        return float(mean)
    scaled = round(mean * 10**MEAN_PLACES)  # half to even
    whole, part = divmod(abs(scaled), 10**MEAN_PLACES)
    digits = f"{whole}.{part:0{MEAN_PLACES}d}".rstrip("0").rstrip(".")
    return f"-{digits}" if scaled < 0 else digits
