"""CSV and TSV files: encoding and types are told from the whole file, never from its first block.

A table's text is UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030. A file that mixes them is refused by name and line rather than
shown as mojibake. An unquoted empty field is a null, a quoted one an empty string; "NA" and "null" are values.
"""

import codecs
import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from scanner.connectors import canonical
from scanner.connectors.base import unique_names
from scanner.errors import SourceError, said
from scanner.guard import Limits, open_file
from scanner.model import Column, ValueClass

_BLOCK = 4 << 20
_PARSER_BLOCK = 8 << 20  # no row may be longer
_WIDEST = 16  # times the columns that are listed: wider files are not taken apart
_HEAD = 1 << 20  # the header must end within
_CHINESE_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf][\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a file after it was read once."""

    encoding: str
    delimiter: str
    columns: tuple[Column, ...]  # no more than may be listed
    rows: int
    width: int  # fields of a row


def layout(path: Path, shown: str, limits: Limits) -> Layout:
    """Read the file to its end; SourceError bad_encoding, bad_csv, too_large. ``shown`` names it in errors."""
    encoding = _encoding(path, shown, limits)
    names, delimiter = _header(path, shown, encoding, limits)
    found = Layout(encoding, delimiter, (), 0, len(names))
    guesses = [_Guess() for _ in names[: limits.columns]]
    rows, last = 0, None
    for batch in batches(path, shown, found, range(len(guesses)), limits):
        rows, last = rows + batch.num_rows, batch if batch.num_rows else last
        for guess, values in zip(guesses, batch.columns, strict=True):
            guess.see(values)
    if last is not None and _is_swallowed(path, last, limits):
        raise SourceError(
            "bad_csv", path=shown, reason=said("row {row} opens a quote that is never closed", row=rows + 1)
        )
    columns = tuple(
        Column(name, at, guess.value_class.value, guess.value_class)
        for at, (name, guess) in enumerate(zip(names, guesses, strict=False), 1)
    )
    return Layout(encoding, delimiter, columns, rows, len(names))


def _is_swallowed(path: Path, last: pa.RecordBatch, limits: Limits) -> bool:
    """Whether the last row ran to the end of the file because its quote has no counterpart."""
    values = (column[-1].as_py() for column in last.columns)
    if not any(value is not None and "\n" in value for value in values):
        return False
    with os.fdopen(open_file(path, limits.file_bytes), "rb") as file:
        return sum(block.count(b'"') for block in iter(lambda: file.read(_BLOCK), b"")) % 2 == 1


# -- encoding ----------------------------------------------------------------------------------------------------------


def _encoding(path: Path, shown: str, limits: Limits) -> str:
    with os.fdopen(open_file(path, limits.file_bytes), "rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if _decodes(file, "utf-8", shown):
            return "utf-8"
        file.seek(0)
        return _gb18030(file, shown)


def _decodes(file: BinaryIO, encoding: str, shown: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    while block := file.read(_BLOCK):
        if b"\0" in block:
            raise SourceError("bad_csv", path=shown, reason=said("it holds NUL bytes, so it is no text"))
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _gb18030(file: BinaryIO, shown: str) -> str:
    """ "gb18030" when every line is. GB18030 accepts most UTF-8 as mojibake, so lines are told apart one by one: a line
    that is valid UTF-8 and holds Chinese is UTF-8. By chance that befalls about one GB18030 line in 100,000."""
    utf8, utf8_line, other, other_line = 0, 0, 0, 0
    for number, line in enumerate(iter(lambda: file.readline(_PARSER_BLOCK), b""), 1):
        if len(line) == _PARSER_BLOCK:
            raise _too_long(shown)
        if line.isascii():
            if b"\0" in line:
                raise SourceError("bad_csv", path=shown, reason=said("it holds NUL bytes, so it is no text"))
            continue
        if _is(line, "utf-8"):
            if _CHINESE_UTF8.search(line):
                utf8, utf8_line = utf8 + 1, utf8_line or number
        elif _is(line, "gb18030"):
            other, other_line = other + 1, other_line or number
        else:
            raise SourceError("bad_encoding", path=shown, line=number)
    if utf8 > (utf8 + other) // 2000:
        raise SourceError("bad_encoding", path=shown, line=other_line if utf8 >= other else utf8_line)
    return "gb18030"


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class _AsUtf8:
    """A file in another encoding as a UTF-8 file. ``read`` gives at most what is asked for: Arrow relies on it."""

    closed = False

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = bytearray()
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._ready) < size):
            block = self._file.read(_BLOCK)
            self._ready += self._decoder.decode(block, final=not block).encode()
            if not block:
                self._ended = True
                self._ready += b"\n"  # the parser wants a line end; a blank line more is none to it
        size = len(self._ready) if size < 0 else size
        given = bytes(self._ready[:size])
        del self._ready[:size]
        return given

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True
        self._file.close()


# -- header ------------------------------------------------------------------------------------------------------------


def _header(path: Path, shown: str, encoding: str, limits: Limits) -> tuple[list[str], str]:
    with os.fdopen(open_file(path, limits.file_bytes), "rb") as file:
        read = file.read(_HEAD)
        try:
            head = codecs.getincrementaldecoder(encoding)().decode(read).removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise _undecodable(shown, encoding) from None
        if len(read) == _HEAD and not any(end in head for end in "\r\n"):
            raise SourceError(
                "bad_csv", path=shown, reason=said("its first line is longer than {limit} MiB", limit=_HEAD >> 20)
            )
    first = next((line for line in head.splitlines() if line.strip()), "")
    if not first:
        raise SourceError("bad_csv", path=shown, reason=said("the file is empty"))
    delimiter = _delimiter(path, first)
    try:
        row = next(row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row)
    except (csv.Error, StopIteration) as error:
        raise SourceError(
            "bad_csv", path=shown, reason=said("the header cannot be read: {error}", error=str(error))
        ) from None
    if len(row) > _WIDEST * limits.columns:
        raise SourceError("file_rejected", path=shown, reason=said("it has {found} columns", found=len(row)))
    return unique_names(row), delimiter


def _delimiter(path: Path, first: str) -> str:
    """A tab in .tsv and .tab; a comma elsewhere, unless the header has none and has another usual one."""
    if path.suffix.lower() in (".tsv", ".tab"):
        return "\t"
    return next((mark for mark in (",", "\t", ";", "|") if mark in first), ",")


# -- rows --------------------------------------------------------------------------------------------------------------


def batches(path: Path, shown: str, known: Layout, wanted: Sequence[int], limits: Limits) -> Iterator[pa.RecordBatch]:
    """The wanted columns (by place) as the file writes them. A row with too few fields is filled with nulls; one with
    too many is an error, unless what is too much is empty."""
    count = known.width
    names = [f"c{at}" for at in range(count)]
    odd: list[tuple[int | None, str]] = []
    with os.fdopen(open_file(path, limits.file_bytes), "rb") as file:
        plain = known.encoding == "utf-8" and os.fstat(file.fileno()).st_size > _HEAD
        source = file if plain else _AsUtf8(file, known.encoding)
        try:
            for batch in _parsed(source, names, known.delimiter, odd, skip=1):
                yield batch.select([names[at] for at in wanted])
        except pa.ArrowInvalid as error:
            if "straddling" in str(error):
                raise _too_long(shown) from None
            raise SourceError("bad_csv", path=shown, reason=str(error)) from None
        except UnicodeDecodeError:
            raise _undecodable(shown, known.encoding) from None
    for start in range(0, len(odd), limits.batch_rows):
        rows = [_fitted(row, count, known.delimiter, shown) for row in odd[start : start + limits.batch_rows]]
        columns = [pa.array([row[at] for row in rows], pa.string()) for at in wanted]
        if columns:
            yield pa.RecordBatch.from_arrays(columns, names=[names[at] for at in wanted])


def _undecodable(shown: str, encoding: str) -> SourceError:
    return SourceError(
        "bad_csv", path=shown, reason=said("it begins as {encoding} and does not go on so", encoding=encoding)
    )


def _too_long(shown: str) -> SourceError:
    reason = said("a row is longer than {limit} MiB, or a quote is never closed", limit=_PARSER_BLOCK >> 20)
    return SourceError("bad_csv", path=shown, reason=reason)


def _parsed(
    source: object, names: Sequence[str], delimiter: str, odd: list[tuple[int | None, str]], skip: int
) -> Iterator[pa.RecordBatch]:
    def set_aside(row: object) -> str:
        odd.append((getattr(row, "number", None), getattr(row, "text", "")))
        return "skip"

    reader = pacsv.open_csv(
        source,
        pacsv.ReadOptions(
            use_threads=False, block_size=_PARSER_BLOCK, column_names=list(names), skip_rows_after_names=skip
        ),
        pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=set_aside),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True,
            quoted_strings_can_be_null=False, check_utf8=False,
        ),
    )  # fmt: skip
    with reader:
        yield from reader


def _fitted(odd: tuple[int | None, str], count: int, delimiter: str, shown: str) -> list[str | None]:
    number, text = odd
    fields: list[str | None] = []
    if text.strip():
        width = len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)))
        table = pacsv.read_csv(
            io.BytesIO(text.encode()),
            pacsv.ReadOptions(use_threads=False, column_names=[f"c{at}" for at in range(width)]),
            pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            pacsv.ConvertOptions(
                column_types={f"c{at}": pa.string() for at in range(width)}, null_values=[""], strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
        fields = [column[0].as_py() for column in table.columns]
    if any(fields[count:]):
        row = said("row {row}", row=number) if number else said("a row")
        reason = said("{row} has {found} fields, the header {count}", row=row, found=len(fields), count=count)
        raise SourceError("bad_csv", path=shown, reason=reason)
    return (fields + [None] * count)[:count]


# -- types -------------------------------------------------------------------------------------------------------------

# A typed column is one whose every value *is* the canonical text of the type, but for trailing zeros of decimals: so
# leading zeros, ids of more than 15 digits and anything a reader could not restore make the column text.
_FORMS = {
    ValueClass.INTEGER: r"^(0|-?[1-9][0-9]{0,14})$",
    ValueClass.DECIMAL: r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?$",
    ValueClass.DATE: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    ValueClass.TIMESTAMP: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{6})?$",
}


class _Guess:
    """What all values of a column seen so far could be."""

    def __init__(self) -> None:
        self._open = list(_FORMS)
        self._values = False

    def see(self, values: pa.Array) -> None:
        if not self._open or values.null_count == len(values):
            return
        self._values = True
        self._open = [kind for kind in self._open if _all_are(values, kind)]

    @property
    def value_class(self) -> ValueClass:
        return self._open[0] if self._open and self._values else ValueClass.TEXT


def _all_are(values: pa.Array, kind: ValueClass) -> bool:
    if not pc.all(pc.match_substring_regex(values, _FORMS[kind])).as_py():
        return False
    if kind is ValueClass.TIMESTAMP:
        if pc.any(pc.ends_with(values, ".000000")).as_py():
            return False
        values = pc.utf8_slice_codeunits(values, 0, 10)
    if kind in (ValueClass.DATE, ValueClass.TIMESTAMP):
        try:
            pc.cast(values, pa.date32())
        except pa.ArrowInvalid:
            return False
        return not pc.any(pc.starts_with(values, "0000")).as_py()
    return True


def canonical_of(column: Column, values: pa.Array) -> pa.Array:
    return canonical.decimals(values) if column.value_class is ValueClass.DECIMAL else values
