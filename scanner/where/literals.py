"""Constants of a condition, brought to the canonical form of the column they are compared with."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeVar

from scanner.errors import said
from scanner.model import Column, ValueClass

T = TypeVar("T", date, time, datetime)

SPECIAL_NUMBERS = ("NaN", "Infinity", "-Infinity")
ZERO_DATE = "0000-00-00"  # MySQL keeps it where other engines keep null
# What every dialect holds exactly: DECIMAL of MySQL has 65 digits, 30 of them behind the point.
WHOLE_DIGITS, FRACTION_DIGITS = 35, 30

_TIME = r"(?P<time>\d\d:\d\d(:\d\d(\.\d{1,6})?)?)"
_MOMENT = re.compile(rf"(?P<date>\d{{4}}-\d\d-\d\d)([ T]{_TIME}(?P<zone>Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII)
_TIME_ALONE = re.compile(_TIME, re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


class Mismatch(ValueError):
    """A constant that cannot be a value of the column; the message says why."""


@dataclass(frozen=True, slots=True)
class Constant:
    kind: str  # string, number, boolean, date, time, timestamp
    text: str


def canonical(constant: Constant, column: Column) -> tuple[str, ValueClass]:
    """The constant as a canonical value, and the class in which column and constant compare.

    Raises Mismatch when the constant is no value of the column's class.
    """
    value_class = column.value_class
    if value_class.is_number:
        return _number(constant, column)
    if value_class.is_temporal:
        return _temporal(constant, column)
    if value_class is ValueClass.BOOLEAN:
        truth = {"true": "true", "1": "true", "false": "false", "0": "false"}.get(constant.text.lower())
        if truth is None:
            raise _mismatch(constant, column, "TRUE or FALSE")
        return truth, value_class
    if constant.kind != "string":
        raise _mismatch(constant, column, "text in single quotes")
    if value_class is ValueClass.BINARY:
        if not re.fullmatch(r"([0-9a-fA-F]{2})*", constant.text):
            raise _mismatch(constant, column, "bytes as hexadecimal digits in single quotes")
        return constant.text.lower(), value_class
    return constant.text, value_class


def common_class(left: Column, right: Column) -> ValueClass:
    """The class in which two columns compare; raises Mismatch when they do not."""
    first, second = left.value_class, right.value_class
    if first.is_number and second.is_number:
        return ValueClass.FLOAT if ValueClass.FLOAT in (first, second) else ValueClass.DECIMAL
    if {first, second} == {ValueClass.DATE, ValueClass.TIMESTAMP}:
        return ValueClass.TIMESTAMP
    if first is second:
        return first
    raise Mismatch(
        said(
            "{left} is {first} and {right} is {second}: they do not compare",
            left=left.name,
            first=first.value,
            right=right.name,
            second=second.value,
        )
    )


def widened(text: str, before: ValueClass, after: ValueClass) -> str:
    """A canonical value of one class as a value of the class in which it is compared: a date is its midnight."""
    if before is ValueClass.DATE and after is not ValueClass.DATE and not text.endswith("Infinity"):
        return f"{text}T00:00:00"
    return text


def _mismatch(constant: Constant, column: Column, wanted: str) -> Mismatch:
    detail = said(
        "{constant!r} does not compare with {column} ({type}): write {wanted}",
        constant=constant.text, column=column.name, type=column.value_class.value, wanted=said(wanted),
    )  # fmt: skip
    return Mismatch(detail)


def _number(constant: Constant, column: Column) -> tuple[str, ValueClass]:
    if constant.kind not in ("number", "string"):
        raise _mismatch(constant, column, "a number")
    compared = ValueClass.FLOAT if column.value_class is ValueClass.FLOAT else ValueClass.DECIMAL
    if constant.text in SPECIAL_NUMBERS:
        return constant.text, compared
    if not _NUMBER.fullmatch(constant.text):
        raise _mismatch(constant, column, "a number")
    number = Decimal(constant.text)
    if number and not -FRACTION_DIGITS <= number.adjusted() < WHOLE_DIGITS and compared is ValueClass.DECIMAL:
        raise Mismatch(said("{number}: more digits than a comparison can hold", number=constant.text))
    if compared is ValueClass.FLOAT:
        double = float(number)
        if double in (float("inf"), float("-inf")):
            raise Mismatch(said("{number} is too large for a floating-point number", number=constant.text))
        return repr(double + 0.0), compared
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if len(plain.partition(".")[2]) > FRACTION_DIGITS:
        raise Mismatch(said("{number}: more digits than a comparison can hold", number=constant.text))
    return ("0" if plain in ("-0", "") else plain), compared


def _temporal(constant: Constant, column: Column) -> tuple[str, ValueClass]:
    value_class, text = column.value_class, constant.text
    if constant.kind not in ("string", "date", "time", "timestamp") or (
        (constant.kind == "time") != (value_class is ValueClass.TIME) and constant.kind != "string"
    ):
        raise _mismatch(constant, column, "a date or time in single quotes")
    if value_class is ValueClass.TIME:
        if not _TIME_ALONE.fullmatch(text):
            raise _mismatch(constant, column, "a time such as '08:30:00'")
        return _real(time.fromisoformat, text).isoformat(), value_class
    if text == ZERO_DATE and value_class is not ValueClass.TIMESTAMPTZ:
        return widened(text, ValueClass.DATE, value_class), value_class
    found = _MOMENT.fullmatch(text)
    if not found or (found["zone"] and value_class is not ValueClass.TIMESTAMPTZ):
        raise _mismatch(constant, column, "a date such as '2026-01-31' or '2026-01-31 08:30:00'")
    if value_class is ValueClass.DATE and found["time"] is None:
        return _real(date.fromisoformat, text).isoformat(), value_class
    moment = _real(datetime.fromisoformat, text)
    if value_class is ValueClass.TIMESTAMPTZ:  # without an offset the moment is in UTC, as it is shown
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat(), value_class
    return moment.isoformat(), ValueClass.TIMESTAMP


def _real(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise Mismatch(said("{text!r} is no real date or time", text=text)) from None
