"""Canonical text and plain types: which columns are kept as numbers and dates, and their canonical text again.

A value is plain when its type and canonical text determine each other: whole numbers of 64 bits, decimals of up to 18
digits, finite doubles, days and moments of the years 1 to 9999. A column with any other value is text throughout.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from scanner.model import Column, ValueClass

DIGITS = 18
_PRINTED_PLAIN = 6  # places behind the point up to which Arrow writes no exponent
TEXT = pa.large_string()
_PLAIN = {
    ValueClass.INTEGER: pa.int64(), ValueClass.FLOAT: pa.float64(), ValueClass.DATE: pa.date32(),
    ValueClass.TIMESTAMP: pa.timestamp("us"), ValueClass.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
}  # fmt: skip
_DECIMAL = re.compile(r"(?:numeric|decimal(?:128)?)\s*\((\d+)\s*,\s*(\d+)\)", re.IGNORECASE)
_FIRST, _LAST = (pa.scalar(day, pa.date32()) for day in (date.min, date.max))
EPOCH = date(1970, 1, 1)


def plain_type(column: Column) -> pa.DataType:
    """The type in which values of the column are kept as long as all of them are plain; TEXT where there is none."""
    if column.value_class is ValueClass.DECIMAL:
        stated = _DECIMAL.match(column.type)
        if stated and int(stated[1]) <= 38 and int(stated[2]) <= min(DIGITS, int(stated[1])):
            return pa.decimal128(int(stated[1]), int(stated[2]))
        return TEXT
    return _PLAIN.get(column.value_class, TEXT)


def is_text(kind: pa.DataType) -> bool:
    """Whether an array of the type holds canonical text, of a dictionary or not."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))


def narrowed(array: pa.Array, column: Column, wanted: pa.DataType) -> pa.Array:
    """The array in the wanted type, when all its values are plain; else as canonical text."""
    if wanted != TEXT:
        try:
            found = array if array.type == wanted else pc.cast(array, wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return text_of(array)
        if _is_plain(found):
            return found
    return array if is_text(array.type) else text_of(array)


def _is_plain(array: pa.Array) -> bool:
    kind = array.type
    if pa.types.is_floating(kind):
        return bool(pc.all(pc.is_finite(array)).as_py() is not False)
    if pa.types.is_decimal(kind) and kind.precision > DIGITS and array.null_count < len(array):
        ends = pc.min_max(array).as_py().values()
        return all(abs(end.scaleb(kind.scale)) < 10**DIGITS for end in ends)
    if pa.types.is_timestamp(kind):
        array = pc.cast(array.view(pa.timestamp("us")), pa.date32(), safe=False)
    if pa.types.is_date(array.type) and array.null_count < len(array):
        ends = pc.min_max(array)
        return bool(pc.and_(pc.greater_equal(ends["min"], _FIRST), pc.less_equal(ends["max"], _LAST)).as_py())
    return True


def text_of(array: pa.Array) -> pa.Array:
    """The canonical text of an array of plain type, or of text."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return array.dictionary_decode()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return array
    if pa.types.is_floating(kind):
        from scanner.connectors.canonical import double_text  # slow import

        return double_text(array)
    if pa.types.is_decimal(kind):
        return _decimals(array)
    if pa.types.is_timestamp(kind):
        return _moments(array)
    return pc.cast(array, pa.string())


def _decimals(array: pa.Array) -> pa.Array:
    kind = array.type
    if not kind.scale:
        return pc.cast(array, pa.string())
    if kind.scale <= _PRINTED_PLAIN:
        return pc.utf8_rtrim(pc.utf8_rtrim(pc.cast(array, pa.string()), "0"), ".")
    text = pc.cast(array, pa.string())
    return pa.array([None if item is None else _plain_decimal(item) for item in text.to_pylist()], pa.string())


def _plain_decimal(text: str) -> str:
    plain = format(Decimal(text), "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def _moments(array: pa.Array) -> pa.Array:
    moments = array.view(pa.timestamp("us"))
    whole = pc.cast(moments, pa.timestamp("s"), safe=False)
    full = pc.cast(moments, pa.string())
    rounded = pc.equal(pc.cast(whole, pa.timestamp("us")), moments)
    text = pc.if_else(rounded, pc.utf8_slice_codeunits(full, 0, 19), full)
    text = pc.binary_replace_slice(text, 10, 11, "T")
    return pc.binary_join_element_wise(text, "+00:00", "") if array.type.tz else text


def one_text(value: Any, kind: pa.DataType) -> str:
    """The canonical text of one value as ``Store.numbers`` has it."""
    if pa.types.is_floating(kind):
        return repr(float(value) + 0.0)
    number = int(value)
    if pa.types.is_decimal(kind):
        sign, digits = ("-" if number < 0 else ""), str(abs(number)).rjust(kind.scale + 1, "0")
        whole, part = digits[: len(digits) - kind.scale], digits[len(digits) - kind.scale :].rstrip("0")
        return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
    if pa.types.is_date(kind):
        return (EPOCH + timedelta(days=number)).isoformat()
    if pa.types.is_timestamp(kind):
        moment = datetime(1970, 1, 1) + timedelta(microseconds=number)
        return moment.isoformat() + ("+00:00" if kind.tz else "")
    return str(number)
