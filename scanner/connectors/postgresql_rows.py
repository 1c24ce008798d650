"""Rows as PostgreSQL's COPY prints them (text format), as Arrow arrays.

https://www.postgresql.org/docs/current/sql-copy.html: columns end with a tab, rows with a line feed, a null is ``\\N``, and
what would be mistaken for these stands behind a backslash. No quotes, so nothing has to be looked at character by character.
"""

import re
from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from scanner.connectors import canonical
from scanner.model import Column, ValueClass
from scanner.values.typed import TEXT, plain_type

_NULL = b"\\N"
_BOM = b"\xef\xbb\xbf"
# Types that print as their cast to text does, so that the server is spared the cast: a third of what a read costs it.
_PRINTS_AS_TEXT = re.compile(
    r"(smallint|integer|bigint|numeric|real|double precision|text|character varying|date|timestamp|uuid)\b"
)
_FEW, _WORDS = 64, pa.dictionary(pa.int32(), pa.string())
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED_BACKSLASH, _MARK = "\\\\", "\0"  # no text of PostgreSQL holds U+0000


def prints_as_text(column: Column) -> bool:
    return _PRINTS_AS_TEXT.match(column.type) is not None


def repeating(arrays: Sequence[pa.Array]) -> frozenset[int]:
    """The places of the text columns that have few different values, by the first of them."""
    return frozenset(
        place
        for place, array in enumerate(arrays)
        if array.type == TEXT and len(array) >= 4 * _FEW and len(array.slice(0, 4 * _FEW).unique()) <= _FEW
    )


def arrays_of(
    text: bytes, columns: Sequence[Column], *, raw: bool, plain: bool, words: Collection[int] = ()
) -> list[pa.Array]:
    """A canonical array a column. ``raw``: bytes of unknown encoding. ``plain``: numbers and dates may come as such.

    ``words``: places of text columns that may come as dictionaries, with ``plain`` only.
    """
    if plain and not raw:
        try:
            types = [plain_type(column) for column in columns]
            short = [
                kind == TEXT and c.value_class is not ValueClass.TEXT for c, kind in zip(columns, types, strict=True)
            ]
            wanted = [pa.string() if is_short else kind for is_short, kind in zip(short, types, strict=True)]
            for place in words:
                wanted[place] = _WORDS
            parsed = _parsed(text, wanted)
            return [_canonical(c, a) if pa.types.is_string(a.type) else a for c, a in zip(columns, parsed, strict=True)]
        except pa.ArrowInvalid:
            pass  # an infinite date, a year before Christ: told apart column by column later
    arrays = _parsed(text, [pa.binary() if raw else pa.string()] * len(columns))
    if raw:
        arrays = [canonical.decoded(values) for values in arrays]
    return [_canonical(column, values) for column, values in zip(columns, arrays, strict=True)]


def _parsed(text: bytes, types: Sequence[pa.DataType]) -> list[pa.Array]:
    names = [f"c{number}" for number in range(len(types))]
    if text.startswith(_BOM):
        text = _BOM + text  # the parser takes a leading one for the file's; this one is a value's
    parsed = pacsv.read_csv(
        pa.BufferReader(text),
        pacsv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
        pacsv.ParseOptions(delimiter="\t", quote_char=False, escape_char=False, ignore_empty_lines=False),
        pacsv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)), null_values=[_NULL.decode()], strings_can_be_null=True,
            check_utf8=False,
        ),
    )  # fmt: skip
    arrays = [canonical.one_array(parsed.column(name)) for name in names]
    return [_unescaped(a) if a.type in (pa.string(), TEXT, pa.binary(), _WORDS) else a for a in arrays]


def _unescaped(values: pa.Array) -> pa.Array:
    if values.type == _WORDS:
        return pa.DictionaryArray.from_arrays(values.indices, _unescaped(values.dictionary))
    data = values.buffers()[2]  # nulls leave nothing there, so what is left of backslashes begins an escape
    if data is None or b"\\" not in data.to_pybytes():
        return values
    values = pc.replace_substring(values, _ESCAPED_BACKSLASH, _MARK)
    for letter, sign in _ESCAPED.items():
        values = pc.replace_substring(values, f"\\{letter}", sign)
    return pc.replace_substring(values, _MARK, "\\")


def _canonical(column: Column, values: pa.Array) -> pa.Array:
    if column.value_class is ValueClass.BINARY:
        return pc.utf8_slice_codeunits(values, 2)  # hex after \x
    change = canonical.BY_CLASS.get(column.value_class)
    return change(values) if change else values
