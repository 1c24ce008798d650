"""The rows of one reading on disk, column by column, so that memory holds one column at a time and never the table.

A temporary file without a name takes each column of each batch as one piece. A column that holds plain numbers or
dates is kept as such, eight bytes a value instead of its text; one of few different texts as a dictionary and a byte a
value. ``texts`` gives the canonical text of any column.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scanner.errors import SourceError, said
from scanner.model import Column
from scanner.values.typed import TEXT, is_text, narrowed, plain_type, text_of

SMALLEST = 8_192  # rows of a piece, but for the last …
HEAVY = 32 << 20  # … and for heavy ones, in bytes
LARGEST = 32_768  # rows of a piece: what kernels look at stays in the processor's cache
FEW = 256  # different texts of a piece up to which it is kept as a dictionary
WORDS = pa.dictionary(pa.uint8(), pa.string())


@dataclass(frozen=True, slots=True)
class _Piece:
    at: int
    size: int
    words: int  # bytes of its dictionary, which stand behind it
    kind: pa.DataType


class Store:
    """``columns`` in the order in which batches hold them."""

    def __init__(self, columns: Sequence[Column], folder: str) -> None:
        self.columns = tuple(columns)
        self.rows = 0
        self.nulls = [0] * len(columns)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._end, self._most = 0, shutil.disk_usage(folder).free // 2
        self._waiting: list[Sequence[pa.Array]] = []  # batches too small to be written
        self._waiting_rows = self._waiting_bytes = 0
        self._pieces: list[list[_Piece]] = [[] for _ in columns]
        self._repeating = [True] * len(columns)  # columns whose pieces have had few different texts so far
        self._types = [plain_type(column) for column in columns]

    def append(self, batch: pa.RecordBatch) -> None:
        """Take a batch whose columns are canonical text, or plain numbers and dates (``scanner.values.typed``)."""
        self.rows += batch.num_rows
        self._waiting.append(batch.columns)
        self._waiting_rows += batch.num_rows
        self._waiting_bytes += batch.nbytes
        if self._waiting_rows >= SMALLEST or self._waiting_bytes >= HEAVY:
            self.flush()

    def flush(self) -> None:
        """Write what waits; to be called after the last batch."""
        waiting, self._waiting, self._waiting_rows, self._waiting_bytes = self._waiting, [], 0, 0
        if not waiting:
            return
        for place, column in enumerate(self.columns):
            parts = [narrowed(columns[place], column, self._types[place]) for columns in waiting]
            array = parts[0] if len(parts) == 1 else _joined(parts)
            if is_text(array.type):
                self._types[place] = TEXT  # earlier pieces become text as they are read
            self.nulls[place] += array.null_count
            for start in range(0, len(array), LARGEST):
                self._keep(place, array.slice(start, LARGEST))

    def _keep(self, place: int, array: pa.Array) -> None:
        if is_text(array.type) and self._repeating[place]:
            array = _in_few_words(array)
            self._repeating[place] = array.type == WORDS
        if array.type == WORDS:
            words, piece = _serialized(array.dictionary), _serialized(array.indices)
        else:
            array = text_of(array) if is_text(array.type) else array
            words, piece = b"", _serialized(array)
        self._pieces[place].append(_Piece(self._end, len(piece), len(words), array.type))
        self._write(piece)
        if words:
            self._write(words)

    def _write(self, piece: pa.Buffer | bytes) -> None:
        left = memoryview(piece)
        if self._end + len(left) > self._most:
            raise SourceError(
                "too_large",
                object=said("the table"),
                reason=said("the disk here takes {limit} MiB of it", limit=self._most >> 20),
            )
        while len(left):
            written = os.pwrite(self._file.fileno(), left, self._end)
            self._end += written
            left = left[written:]

    def type(self, place: int) -> pa.DataType:
        """The plain type of all values of a column, or TEXT."""
        return self._types[place]

    def arrays(self, place: int) -> Iterator[pa.Array]:
        """The pieces of a column as they are kept: all of one type unless it is TEXT."""
        for piece in self._pieces[place]:
            data = pa.py_buffer(os.pread(self._file.fileno(), piece.size + piece.words, piece.at))
            if piece.words:
                words = _array(data.slice(piece.size), WORDS.value_type)
                yield pa.DictionaryArray.from_arrays(_array(data, WORDS.index_type), words, safe=False)
            else:
                yield _array(data, piece.kind)

    def texts(self, place: int) -> Iterator[pa.Array]:
        """The pieces of a column as canonical text."""
        for array in self.arrays(place):
            yield text_of(array)

    def numbers(self, place: int) -> npt.NDArray[Any]:
        """All values of a column of plain type that are not null: integers, doubles, days or microseconds."""
        found = list(self.numbers_by_piece(place))
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def numbers_by_piece(self, place: int) -> Iterator[npt.NDArray[Any]]:
        for array in self.arrays(place):
            yield values_of(array.drop_null())

    def take(self, place: int, rows: npt.NDArray[np.int64]) -> pa.Array:
        """The canonical texts of a column in these rows, which stand in ascending order."""
        found = [pa.array([], TEXT)]
        start = 0
        for array in self.arrays(place):
            first, last = np.searchsorted(rows, (start, start + len(array)))
            if first < last:
                found.append(pc.cast(text_of(array.take(pa.array(rows[first:last] - start))), TEXT))
            start += len(array)
        return pa.concat_arrays(found)

    def close(self) -> None:
        self._file.close()


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    if any(part.type != parts[0].type or pa.types.is_dictionary(part.type) for part in parts):
        parts = [pc.cast(text_of(part), TEXT) for part in parts]
    return pa.concat_arrays(parts)


def _in_few_words(array: pa.Array) -> pa.Array:
    """The array as WORDS when there are few different texts in it, else as it came."""
    if pa.types.is_dictionary(array.type):
        encoded = array
    elif len(array) <= FEW or len(array.slice(0, 4 * FEW).unique()) <= FEW:
        encoded = array.dictionary_encode()
    else:
        return array
    if len(encoded.dictionary) > FEW:
        return array
    words = pc.cast(encoded.dictionary, WORDS.value_type)
    return pa.DictionaryArray.from_arrays(pc.cast(encoded.indices, WORDS.index_type), words, safe=False)


def _serialized(array: pa.Array) -> pa.Buffer:
    return pa.record_batch([array], ["v"]).serialize()


def _array(data: pa.Buffer, kind: pa.DataType) -> pa.Array:
    return pa.ipc.read_record_batch(data, pa.schema([("v", kind)])).column(0)


def values_of(array: pa.Array) -> npt.NDArray[Any]:
    """The values of an array of plain type without nulls; a decimal as the integer of its digits."""
    kind = array.type
    found: npt.NDArray[Any]
    if pa.types.is_decimal(kind):
        words = np.frombuffer(array.buffers()[1], np.int64)[2 * array.offset :: 2]
        found = words[: len(array)].copy()
    elif pa.types.is_date(kind):
        found = array.view(pa.int32()).to_numpy().astype(np.int64)
    elif pa.types.is_timestamp(kind):
        found = array.view(pa.int64()).to_numpy()
    else:
        found = array.to_numpy()
    return found


class Scan:
    """Columns of a store as a relation that DuckDB can read as often as it likes: c0, c1, …, canonical text."""

    def __init__(self, store: Store, places: Sequence[int], stop: Callable[[], None]) -> None:
        self._store, self._places, self._stop = store, tuple(places), stop
        self._schema = pa.schema([(f"c{place}", TEXT) for place in self._places])

    def __arrow_c_schema__(self) -> Any:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return pa.RecordBatchReader.from_batches(self._schema, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for arrays in zip(*(self._store.texts(place) for place in self._places), strict=True):
            self._stop()
            yield pa.RecordBatch.from_arrays([pc.cast(array, TEXT) for array in arrays], schema=self._schema)
