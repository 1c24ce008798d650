"""Canonical strings out of what an engine prints: equal strings exactly when the values are equal (docs/measures.md).

All functions take and give Arrow string arrays, keep nulls, and work on whole arrays.
"""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from scanner.model import Column, ValueClass

_FEW = 1_000  # numbers that cost less one by one than a session does
_SPECIALS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_TRAILING_ZEROS = r"\.0+$|(\.\d*?[1-9])0+$"


def integers(values: pa.Array) -> pa.Array:
    """Digits without leading zeros (MySQL ZEROFILL, YEAR 0000)."""
    return pc.replace_substring_regex(values, r"^(-?)0+(\d)", r"\1\2")


def decimals(values: pa.Array) -> pa.Array:
    """Plain notation without trailing fractional zeros: 1.10 and 1.1 are one value."""
    if not _any(pc.match_substring(values, ".")):
        return values
    stripped = pc.replace_substring_regex(values, _TRAILING_ZEROS, r"\1")
    return pc.if_else(pc.equal(stripped, "-0"), "0", stripped)


def floats(values: pa.Array) -> pa.Array:
    """The shortest text that reads back as the same double, in Python's notation; the zeros are one value."""
    return double_text(pc.cast(values, pa.float64()))


def widened_floats(values: pa.Array) -> pa.Array:
    """As ``floats`` of 32-bit reals that were printed as doubles: 0.10000000149011612 is 0.1."""
    shortest = pc.cast(pc.cast(pc.cast(values, pa.float64()), pa.float32()), pa.string())
    return floats(shortest)


def double_text(numbers: pa.Array) -> pa.Array:
    """Canonical text of a float64 array. DuckDB prints doubles as Python's ``repr`` does."""
    if len(numbers) < _FEW:
        return pa.array([None if item is None else _double(item) for item in numbers.to_pylist()], pa.string())
    table = pa.table({"x": numbers})
    with duckdb.connect() as session:
        session.register("numbers", table)
        printed = session.sql(
            "SELECT CASE WHEN x = 0 THEN '0.0' WHEN isnan(x) THEN 'NaN' WHEN x = 'inf'::DOUBLE THEN 'Infinity'"
            " WHEN x = '-inf'::DOUBLE THEN '-Infinity' ELSE x::VARCHAR END FROM numbers"
        ).to_arrow_table()
    return one_array(printed.column(0))


def _double(number: float) -> str:
    return _SPECIALS.get(repr(number)) or repr(number + 0.0)


def dates(values: pa.Array) -> pa.Array:
    """ISO dates from PostgreSQL's ISO style: infinities named, years before Christ expanded (44 BC is -0043)."""
    if _any(pc.match_substring_regex(values, r"^-?infinity$")):
        values = pc.replace_substring(values, "infinity", "Infinity")
    if _any(pc.ends_with(values, " BC")):
        return pa.array([_before_christ(text) for text in values.to_pylist()], pa.string())
    return values


def timestamps(values: pa.Array) -> pa.Array:
    """``YYYY-MM-DDTHH:MM:SS[.ffffff]`` from ``YYYY-MM-DD HH:MM:SS[.f…]``."""
    return times(pc.replace_substring(dates(values), " ", "T", max_replacements=1))


def timestamps_utc(values: pa.Array) -> pa.Array:
    """As ``timestamps`` of a session in UTC, with the offset written out: ``+00`` becomes ``+00:00``."""
    bare = pc.replace_substring_regex(values, r"\+00(:00)?( BC)?$", r"\2")
    plain = timestamps(bare)
    endless = pc.ends_with(plain, "Infinity")
    return pc.if_else(endless, plain, pc.binary_join_element_wise(plain, "+00:00", ""))


def times(values: pa.Array) -> pa.Array:
    """The fraction of a second absent when zero, of six digits otherwise."""
    if not _any(pc.match_substring(values, ".")):
        return values
    absent = pc.replace_substring_regex(values, r"\.0+$", "")
    padded = pc.replace_substring_regex(absent, r"(\.\d+)$", r"\100000")  # group 1, then zeros
    return pc.replace_substring_regex(padded, r"(\.\d{6})\d*$", r"\1")


def decoded(values: pa.Array) -> pa.Array:
    """Text from bytes of unknown encoding, value by value: UTF-8, else GB18030, else with the bytes written as \\xNN."""
    try:
        return pc.cast(values, pa.string())
    except pa.ArrowInvalid:
        return pa.array([decode(item) if item is not None else None for item in values.to_pylist()], pa.string())


def decode(value: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return value.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.decode("utf-8", errors="backslashreplace")


def batch(columns: Sequence[Column], arrays: Sequence[pa.Array], rows: int) -> pa.RecordBatch:
    """A record batch that counts its rows even when it has no column."""
    if not columns:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(list(arrays), names=[column.name for column in columns])


def one_array(values: Any) -> pa.Array:
    """A chunked array as one."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    return values


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())


def _before_christ(text: str | None) -> str | None:
    if text is None or not text.endswith(" BC"):
        return text
    year, dash, rest = text.removesuffix(" BC").partition("-")
    sign = "" if int(year) == 1 else "-"  # 1 BC is the year 0000
    return f"{sign}{int(year) - 1:04d}{dash}{rest}"


Canonicaliser = Callable[[pa.Array], pa.Array]

# For engines that print plain ISO and decimal text (PostgreSQL); others override single classes.
BY_CLASS: dict[ValueClass, Canonicaliser] = {
    ValueClass.DECIMAL: decimals,
    ValueClass.FLOAT: floats,
    ValueClass.DATE: dates,
    ValueClass.TIME: times,
    ValueClass.TIMESTAMP: timestamps,
    ValueClass.TIMESTAMPTZ: timestamps_utc,
}
