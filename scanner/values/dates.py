"""Dates and times written as text: formats in letters, and which values are real moments in exactly that form.

Letters: ``YYYY`` year, ``MM`` month, ``DD`` day, ``hh`` hour, ``mm`` minute, ``ss`` second, each of fixed width;
``M``, ``D``, ``h`` the same without a leading zero. ``T``, ``Z`` and everything that is no Latin letter stand for
themselves. Years run from 0001 to 9999, hours from 00 to 23, seconds to 59.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache, partial
from itertools import product

import numpy as np

from scanner.errors import said
from scanner.values.chunk import Bytes, Chunk, Mask, Numbers, digits, everywhere, number_at

PARTS = {"YYYY": "year", "MM": "month", "DD": "day", "hh": "hour", "mm": "minute", "ss": "second"}
SHORT_PARTS = {"M": "month", "D": "day", "h": "hour"}
RANGES = {"year": (1, 9999), "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
LITERAL_LETTERS = "TZ"
_PIECE = re.compile(r"YYYY|MM|DD|hh|mm|ss|M|D|h|.", re.DOTALL)
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int16)
_LEAP_YEAR = 2000  # stands in for the year of a format that has none

DETECTED_FORMATS = (
    "YYYYMMDD", "YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYY年MM月DD日", "YYYY年M月D日", "YYYY/M/D", "YYYY-M-D",
    "YYYY.M.D", "YYYYMMDDhhmmss", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DDThh:mm:ss", "YYYY/MM/DD hh:mm:ss",
    "YYYY.MM.DD hh:mm:ss", "YYYY年MM月DD日 hh:mm:ss", "YYYY-MM-DD hh:mm", "YYYY/MM/DD hh:mm", "YYYY/M/D h:mm",
    "YYYY/M/D h:mm:ss",
)  # fmt: skip


class FormatError(ValueError):
    """A format that is not understood; the message says why."""


@dataclass(frozen=True, slots=True)
class Field:
    part: str  # year, month, day, hour, minute, second
    start: int  # byte at which it begins
    width: int  # digits
    bare: bool  # without a leading zero: two digits are at least 10


@dataclass(frozen=True, slots=True)
class Layout:
    """One exact arrangement of bytes."""

    width: int
    fields: tuple[Field, ...]
    literals: tuple[tuple[int, bytes], ...]  # (first byte, bytes)


@dataclass(frozen=True)
class DateFormat:
    text: str
    pieces: tuple[tuple[str, str], ...]  # (part, letters) or ("", literal)

    @property
    def has_time(self) -> bool:
        return any(part in ("hour", "minute", "second") for part, _ in self.pieces)

    @property
    def has_date(self) -> bool:
        return any(part in ("year", "month", "day") for part, _ in self.pieces)

    @cached_property
    def layouts(self) -> tuple[Layout, ...]:
        """Every arrangement of fixed width: a format with M or D has one for each number of digits."""
        choices = [(1, 2) if letters in SHORT_PARTS else (len(letters),) for _, letters in self.pieces]
        return tuple(self._layout(widths) for widths in product(*choices))

    def _layout(self, widths: Sequence[int]) -> Layout:
        fields: list[Field] = []
        literals: list[tuple[int, bytes]] = []
        start = 0
        for (part, letters), width in zip(self.pieces, widths, strict=True):
            if part:
                fields.append(Field(part, start, width, letters in SHORT_PARTS))
                start += width
            else:
                literals.append((start, letters.encode()))
                start += len(letters.encode())
        return Layout(start, tuple(fields), tuple(literals))


@lru_cache(maxsize=256)
def parse_format(text: str) -> DateFormat:
    """The format that the letters state. Raises FormatError."""
    pieces: list[tuple[str, str]] = []
    for piece in _PIECE.findall(text):
        part = PARTS.get(piece) or SHORT_PARTS.get(piece)
        if part is None and piece.isascii() and piece.isalpha() and piece not in LITERAL_LETTERS:
            raise FormatError(
                said("letter {piece!r} is not known; known are YYYY MM DD hh mm ss, M D h, T and Z", piece=piece)
            )
        if part is None and piece.isdecimal():
            raise FormatError(said("a digit ({piece}) cannot stand in a format", piece=piece))
        if part is not None and any(part == earlier for earlier, _ in pieces):
            raise FormatError(said("the {part} occurs twice", part=said(part)))
        pieces.append((part or "", piece))
    if not any(part for part, _ in pieces):
        raise FormatError(said("it names no part of a date or time"))
    return DateFormat(text, tuple(pieces))


def is_date(text: str, form: DateFormat) -> bool:
    """Whether the text is a real date or time in exactly this form."""
    return any(_is_in_layout(text.encode("utf-8", "surrogatepass"), layout) for layout in form.layouts)


def _is_in_layout(text: bytes, layout: Layout) -> bool:
    if len(text) != layout.width or any(text[at : at + len(sign)] != sign for at, sign in layout.literals):
        return False
    found: dict[str, int] = {}
    for field in layout.fields:
        number = text[field.start : field.start + field.width]
        if not number.isdigit():  # of bytes: ASCII only
            return False
        found[field.part] = int(number)
        if field.bare and field.width == 2 and found[field.part] < 10:
            return False
    return _is_real(found)


def _is_real(parts: Mapping[str, int]) -> bool:
    if any(not RANGES[part][0] <= number <= RANGES[part][1] for part, number in parts.items()):
        return False
    try:
        date(parts.get("year", _LEAP_YEAR), parts.get("month", 1), parts.get("day", 1))
    except ValueError:
        return False
    return True


def dates_in(chunk: Chunk, form: DateFormat) -> Mask:
    """Which values are real dates or times in exactly this form: as ``is_date``."""
    mask = np.zeros(len(chunk), np.bool_)
    for layout in form.layouts:
        if layout.width in chunk.widths:
            mask |= chunk.mask_of(layout.width, partial(_in_layout, layout=layout))
    return mask


def _in_layout(matrix: Bytes, layout: Layout) -> Mask:
    mask = np.ones(matrix.shape[1], np.bool_)
    for at, sign in layout.literals:
        mask &= everywhere(matrix[at : at + len(sign)] == np.frombuffer(sign, np.uint8)[:, None])
    if not mask.any():  # most formats do not occur
        return mask
    found: dict[str, Numbers] = {}
    for field in layout.fields:
        numeric, values = digits(matrix[field.start : field.start + field.width])
        found[field.part] = number = number_at(values, 0, field.width)
        lowest, highest = RANGES[field.part]
        mask &= numeric & (number >= lowest) & (number <= highest)
        if field.bare and field.width == 2:
            mask &= number >= 10
    years = found.get("year", np.full(matrix.shape[1], _LEAP_YEAR, np.int16))
    ones = np.ones(matrix.shape[1], np.int16)
    return mask & real_dates(years, found.get("month", ones), found.get("day", ones))


def real_dates(years: Numbers, months: Numbers, days: Numbers) -> Mask:
    """Which triples are days of the calendar, years 1 to 9999."""
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    known = (months >= 1) & (months <= 12)
    lengths = _DAYS[np.where(known, months, 0)] + ((months == 2) & leap)
    valid: Mask = known & (years >= 1) & (years <= 9999) & (days >= 1) & (days <= lengths)
    return valid
