"""How each dialect compares the values of a class: the column's side, the constant's side, LIKE."""

import math
import re
import struct
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from scanner.model import Column, ValueClass
from scanner.where.literals import SPECIAL_NUMBERS, ZERO_DATE
from scanner.where.order import duckdb_key, text_key


class Dialect(ABC):
    @abstractmethod
    def operand(self, reference: str, column: Column, value_class: ValueClass) -> str:
        """The column as an expression that compares with a ``constant`` as its class should."""

    def beside(self, reference: str, column: Column, value_class: ValueClass) -> str:
        """The column as an expression that compares with another column."""
        return self.operand(reference, column, value_class)

    @abstractmethod
    def constant(self, value: str, column: Column, value_class: ValueClass) -> tuple[str, Any]:
        """The placeholder of a canonical value to compare the column with, and the parameter to send."""

    @abstractmethod
    def beyond(self, value: str, value_class: ValueClass) -> int:
        """1 or -1 when the dialect cannot hold the constant, which lies above (below) all it can hold; else 0."""

    @abstractmethod
    def like(self, reference: str, column: Column, pattern: str) -> tuple[str, Any]:
        """``column LIKE pattern`` by code point, without an escape character."""


class PostgreSQL(Dialect):
    casts = {
        ValueClass.TEXT: 'text COLLATE "C"', ValueClass.DECIMAL: "numeric", ValueClass.FLOAT: "float8",
        ValueClass.BOOLEAN: "boolean", ValueClass.DATE: "date", ValueClass.TIME: "time",
        ValueClass.TIMESTAMP: "timestamp", ValueClass.TIMESTAMPTZ: "timestamptz",
    }  # fmt: skip

    def operand(self, reference: str, column: Column, value_class: ValueClass) -> str:
        if value_class is ValueClass.BINARY:
            return reference
        if column.value_class is ValueClass.FLOAT and column.type.lower() != "double precision":
            return (
                f"{reference}::text::float8"  # real, or a domain of it: the number it shows, not its binary neighbour
            )
        return f"{reference}::{self.casts[value_class]}"

    def constant(self, value: str, column: Column, value_class: ValueClass) -> tuple[str, Any]:
        if value_class is ValueClass.BINARY:
            return "decode(%s, 'hex')", value
        return f"%s::{self.casts[value_class]}", _before_christ(value) if value_class.is_temporal else value

    def beyond(self, value: str, value_class: ValueClass) -> int:
        return -1 if value.startswith(ZERO_DATE) and value_class.is_temporal else 0

    def like(self, reference: str, column: Column, pattern: str) -> tuple[str, Any]:
        return f"{reference}::text COLLATE \"C\" LIKE %s::text ESCAPE ''", pattern


class MySQL(Dialect):
    def operand(self, reference: str, column: Column, value_class: ValueClass) -> str:
        if value_class is ValueClass.TEXT:
            # bytes: the only comparison of MySQL and MariaDB that pads no blanks
            return f"CAST(CONVERT({reference} USING utf8mb4) AS BINARY)"
        return reference

    def beside(self, reference: str, column: Column, value_class: ValueClass) -> str:
        if value_class is ValueClass.FLOAT and _is_single(column):
            return f"CAST(CAST({reference} AS CHAR) AS DOUBLE)"  # what it shows, of which MySQL has six digits
        return self.operand(reference, column, value_class)

    def constant(self, value: str, column: Column, value_class: ValueClass) -> tuple[str, Any]:
        if value_class is ValueClass.TEXT:
            return "CAST(CONVERT(%s USING utf8mb4) AS BINARY)", value
        if value_class is ValueClass.BINARY:
            return "UNHEX(%s)", value
        if value_class is ValueClass.BOOLEAN:
            return "%s", int(value == "true")
        if value_class is ValueClass.FLOAT:
            return "%s", _as_stored(float(value)) if _is_single(column) else float(value)
        if value_class.is_number:
            return "%s", Decimal(value)
        return "%s", value.replace("T", " ").removesuffix("+00:00")

    def beyond(self, value: str, value_class: ValueClass) -> int:
        if value_class.is_number and value in SPECIAL_NUMBERS:
            return -1 if value == "-Infinity" else 1
        return 0

    def like(self, reference: str, column: Column, pattern: str) -> tuple[str, Any]:
        text = f"CONVERT({reference} USING utf8mb4) COLLATE utf8mb4_bin"
        # MariaDB takes an empty ESCAPE for a backslash, so a character that is doubled in the pattern escapes itself
        return f"{text} LIKE CONVERT(%s USING utf8mb4) COLLATE utf8mb4_bin ESCAPE '|'", pattern.replace("|", "||")


class SQLite(Dialect):
    def operand(self, reference: str, column: Column, value_class: ValueClass) -> str:
        if value_class.is_number:
            return reference
        if value_class is ValueClass.BINARY:
            return f"CAST({reference} AS BLOB)"
        text = f"CAST({reference} AS TEXT)"
        if column.value_class is ValueClass.DATE and value_class is ValueClass.TIMESTAMP:
            return f"{text} || 'T00:00:00' COLLATE BINARY"
        if value_class in (ValueClass.TIME, ValueClass.TIMESTAMP):
            # stored as text: with a blank or a T before the time, with any zeros behind the seconds
            plain = f"replace({text}, ' ', 'T')"
            return f"CASE WHEN instr({plain}, '.') THEN rtrim(rtrim({plain}, '0'), '.') ELSE {plain} END COLLATE BINARY"
        return f"{text} COLLATE BINARY"

    def constant(self, value: str, column: Column, value_class: ValueClass) -> tuple[str, Any]:
        if value_class.is_number:
            whole = value_class is ValueClass.DECIMAL and "." not in value and "I" not in value
            return "?", int(value) if whole and abs(int(value)) < 1 << 63 else float(value)
        if value_class in (ValueClass.TIME, ValueClass.TIMESTAMP) and "." in value:
            return "?", value.rstrip("0")
        return "?", bytes.fromhex(value) if value_class is ValueClass.BINARY else value

    def beyond(self, value: str, value_class: ValueClass) -> int:
        return 1 if value_class.is_number and value == "NaN" else 0

    def like(self, reference: str, column: Column, pattern: str) -> tuple[str, Any]:
        # GLOB, because LIKE of SQLite takes A for a
        signs = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
        return f"CAST({reference} AS TEXT) GLOB ?", "".join(signs.get(sign, sign) for sign in pattern)


class DuckDB(Dialect):
    """Over columns of canonical text, as the pull plan holds them: no value is ever read as a number that rounds."""

    def operand(self, reference: str, column: Column, value_class: ValueClass) -> str:
        if value_class is ValueClass.FLOAT:
            return f"CAST({reference} AS DOUBLE)"
        if column.value_class is ValueClass.DATE and value_class is ValueClass.TIMESTAMP:
            moment = f"(CASE WHEN {reference} IN ('Infinity', '-Infinity') THEN {reference} ELSE {reference} || 'T00:00:00' END)"
            return duckdb_key(moment, value_class)
        return duckdb_key(reference, value_class)

    def constant(self, value: str, column: Column, value_class: ValueClass) -> tuple[str, Any]:
        if value_class is ValueClass.FLOAT:
            return "CAST(? AS DOUBLE)", value
        return "CAST(? AS VARCHAR)", text_key(value, value_class)

    def beyond(self, value: str, value_class: ValueClass) -> int:
        return 0

    def like(self, reference: str, column: Column, pattern: str) -> tuple[str, Any]:
        return f"{reference} LIKE CAST(? AS VARCHAR)", pattern


class PlainDuckDB(DuckDB):
    """The same where values and constants are plain: short numbers, days and moments of four-digit years."""

    def operand(self, reference: str, column: Column, value_class: ValueClass) -> str:
        if value_class not in PLAIN_CONSTANTS:
            return super().operand(reference, column, value_class)
        if value_class is ValueClass.DECIMAL:
            return f"CAST({reference} AS {_PLAIN_NUMBER})"
        midnight = column.value_class is ValueClass.DATE and value_class is ValueClass.TIMESTAMP
        return f"({reference} || 'T00:00:00')" if midnight else reference

    def constant(self, value: str, column: Column, value_class: ValueClass) -> tuple[str, Any]:
        if value_class not in PLAIN_CONSTANTS:
            return super().constant(value, column, value_class)
        return f"CAST(? AS {_PLAIN_NUMBER if value_class is ValueClass.DECIMAL else 'VARCHAR'})", value


_PLAIN_NUMBER = "DECIMAL(38, 18)"  # holds whole numbers of 64 bits and decimals of 18 digits
_YEAR = re.compile(r"(?!0000)[0-9]{4}-")
PLAIN_CONSTANTS = {
    ValueClass.DECIMAL: re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,18})?\Z"),
    ValueClass.DATE: _YEAR, ValueClass.TIMESTAMP: _YEAR, ValueClass.TIMESTAMPTZ: _YEAR,
}  # fmt: skip


def is_plain_constant(value: str, value_class: ValueClass) -> bool:
    return PLAIN_CONSTANTS[value_class].match(value) is not None


def _before_christ(value: str) -> str:
    """A year of ISO 8601 as PostgreSQL writes it: 0000 is 1 BC, -0043 is 44 BC."""
    if value.startswith("-") and value[1].isdigit():
        year, dash, rest = value[1:].partition("-")
        return f"{int(year) + 1:04d}{dash}{rest} BC"
    return f"0001{value[4:]} BC" if value.startswith("0000-") else value


def _is_single(column: Column) -> bool:
    return column.type.lower().startswith("float")


def _as_stored(number: float) -> float:
    """The double that compares with 32-bit numbers as ``number`` compares with what they show (0.1 as 0.1)."""
    try:
        (stored,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return number
    shown = _shortest(stored)
    if shown == number:
        return float(stored)
    return math.nextafter(stored, math.inf if shown < number else -math.inf)


def _shortest(stored: float) -> float:
    """The number with the fewest digits that is stored as this one."""
    return next(float(text) for digits in range(1, 18) if _packs_as(text := f"{stored:.{digits}g}", stored))


def _packs_as(text: str, stored: float) -> bool:
    return bool(struct.unpack("f", struct.pack("f", float(text)))[0] == stored)


_DIALECTS: dict[str, Dialect] = {
    "postgresql": PostgreSQL(), "mysql": MySQL(), "sqlite": SQLite(), "duckdb": DuckDB(),
    "duckdb_plain": PlainDuckDB(),
}  # fmt: skip


def dialect_of(name: str) -> Dialect:
    return _DIALECTS[name]
