"""What each kind of rule that looks at single values says of one value: the definition all engines are held to."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scanner.model import Column, ValueClass
from scanner.rules.durations import Duration
from scanner.values.canonical import comparison_key
from scanner.values.dates import DateFormat, is_date
from scanner.values.identifiers import CHECKSUMS
from scanner.where.literals import widened

# A text that reads as a number when a rule has numeric bounds.
PLAIN_NUMBER = r"-?[0-9]+(\.[0-9]+)?"


@dataclass(frozen=True, slots=True)
class InSet:
    allowed: frozenset[str]  # canonical values of the column's class


@dataclass(frozen=True, slots=True)
class Matches:
    pattern: str


@dataclass(frozen=True, slots=True)
class Length:
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Between:
    low: str | None  # canonical values of ``value_class``
    high: str | None
    value_class: ValueClass  # in which column and bounds compare
    reads_numbers: bool = False  # a text column, whose values are read as plain numbers


@dataclass(frozen=True, slots=True)
class DateForm:
    form: DateFormat


@dataclass(frozen=True, slots=True)
class Checksum:
    scheme: str


@dataclass(frozen=True, slots=True)
class Reference:
    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowCount:
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    max_age: Duration


ValueTest = InSet | Matches | Length | Between | DateForm | Checksum
Test = ValueTest | Reference | RowCount | Freshness | None


def passes(test: ValueTest, text: str, column: Column) -> bool:
    """Whether a canonical value that is not null keeps the rule."""
    match test:
        case InSet(allowed):
            return text in allowed
        case Matches(pattern):
            return _compiled(pattern)(text)
        case Length(low, high):
            return is_between(_length(text, column), low, high)
        case Between():
            return _is_between_values(test, text, column)
        case DateForm(form):
            return is_date(text, form)
        case Checksum(scheme):
            return CHECKSUMS[scheme](text)


def is_between(number: int, low: int | None, high: int | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def plain_number(text: str) -> str | None:
    """The canonical decimal that a text states, None when it states none: 007.50 is 7.5."""
    if not re.fullmatch(PLAIN_NUMBER, text):
        return None
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, part = digits.partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    number = f"{whole}.{part}" if part else whole
    return number if number == "0" else sign + number


def _length(text: str, column: Column) -> int:
    return len(text) // 2 if column.value_class is ValueClass.BINARY else len(text)


def _is_between_values(test: Between, text: str, column: Column) -> bool:
    number = plain_number(text) if test.reads_numbers else text
    if number is None:
        return False
    value = comparison_key(widened(number, column.value_class, test.value_class), test.value_class)
    return (test.low is None or value >= _key(test.low, test)) and (test.high is None or value <= _key(test.high, test))


def _key(bound: str, test: Between) -> Any:
    return comparison_key(bound, test.value_class)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Callable[[str], bool]:
    import re2  # slow import

    search = re2.compile(pattern).search
    return lambda text: search(text) is not None
