"""A few ten thousand distinct values as bytes, for kernels that look at all of them at once."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]

CHUNK_ROWS = 32_768  # small enough to stay in the processor's cache


class Chunk:
    """Distinct non-null values and how often each occurs.

    ``data`` holds the UTF-8 bytes of all values, value ``i`` being ``data[starts[i] : starts[i] + sizes[i]]``.
    """

    def __init__(self, values: pa.Array, counts: Ints | None = None) -> None:
        """``values``: an Arrow string array without nulls; ``counts`` of the same length, one each when absent."""
        if values.type != pa.large_string():
            values = values.cast(pa.large_string())
        self.values = values
        self.counts = np.ones(len(values), np.int64) if counts is None else counts
        _, offsets, data = values.buffers()
        ends = (
            np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
            if len(values)
            else np.zeros(1, np.int64)
        )
        everything = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
        self.data: Bytes = everything[ends[0] : ends[-1]]
        self.starts: Ints = ends[:-1] - ends[0]
        self.sizes: Ints = np.diff(ends)
        self._fixed: dict[int, tuple[Ints, Bytes]] = {}

    def __len__(self) -> int:
        return len(self.sizes)

    @cached_property
    def widths(self) -> frozenset[int]:
        """The byte lengths that occur, up to 64."""
        return frozenset(np.flatnonzero(np.bincount(np.minimum(self.sizes, 65), minlength=66)[:65]).tolist())

    @cached_property
    def raw(self) -> bytes:
        """All values in a row."""
        return self.data.tobytes()

    @cached_property
    def lengths(self) -> Ints:
        """How many characters each value has."""
        if self.is_ascii:
            return self.sizes
        found: Ints = pc.utf8_length(self.values).to_numpy(zero_copy_only=False)
        return found

    @cached_property
    def firsts(self) -> npt.NDArray[np.int16]:
        """The first byte of each value, 256 of an empty one."""
        return self._bytes_at(self.starts)

    @cached_property
    def lasts(self) -> npt.NDArray[np.int16]:
        """The last byte of each value, 256 of an empty one."""
        return self._bytes_at(np.maximum(self.starts + self.sizes - 1, 0))

    def _bytes_at(self, places: Ints) -> npt.NDArray[np.int16]:
        found: npt.NDArray[np.int16] = np.append(self.data, np.uint8(0))[places].astype(np.int16)
        found[self.sizes == 0] = 256
        return found

    @cached_property
    def is_ascii(self) -> bool:
        return self.raw.isascii()

    def fixed(self, width: int) -> tuple[Ints, Bytes]:
        """Positions of the values of this many bytes, and their bytes: ``matrix[3]`` is the fourth byte of each.

        Bytes of one place stand together, so that a kernel walks along them in a straight line.
        """
        if width not in self._fixed:
            rows = np.flatnonzero(self.sizes == width) if width in self.widths else np.zeros(0, np.int64)
            if len(rows) == len(self):  # all alike: no gathering needed
                matrix = np.ascontiguousarray(self.data.reshape(len(rows), width).T)
            elif len(rows):
                windows = np.lib.stride_tricks.as_strided(self.data, (len(self.data) - width + 1, width), (1, 1))
                matrix = np.ascontiguousarray(windows[self.starts[rows]].T)
            else:
                matrix = np.zeros((width, 0), np.uint8)
            self._fixed[width] = rows, matrix
        return self._fixed[width]

    def mask_of(self, width: int, test: Callable[[Bytes], Mask]) -> Mask:
        """Which values have this many bytes and pass the test, which is given their bytes (see ``fixed``)."""
        mask = np.zeros(len(self), np.bool_)
        rows, matrix = self.fixed(width)
        if len(rows):
            mask[rows] = test(matrix)
        return mask


def chunk_of(texts: list[str]) -> Chunk:
    """A chunk of Python strings, each counted once."""
    return Chunk(pa.array(texts, pa.large_string()))


def digits(matrix: Bytes) -> tuple[Mask, Bytes]:
    """Which values are decimal digits throughout, and each byte as a digit (nonsense where it is none)."""
    numbers = matrix - np.uint8(48)  # bytes below 48 wrap to large numbers
    numeric: Mask = np.maximum.reduce(numbers, axis=0) < 10
    return numeric, numbers


def everywhere(found: npt.NDArray[np.bool_]) -> Mask:
    """Which values are true in every place."""
    mask: Mask = np.all(found, axis=0)
    return mask


def translated(matrix: Bytes, table: bytes) -> Bytes:
    """Each byte as the table of 256 bytes has it; five times as quick as indexing an array."""
    return np.frombuffer(matrix.tobytes().translate(table), np.uint8).reshape(matrix.shape)


def weighted(numbers: Bytes, weights: Sequence[int]) -> Numbers:
    """The weighted sum of the first places of each value; 16 bits hold it for all that is digits."""
    total: Numbers = np.einsum("ij,i->j", numbers[: len(weights)], np.array(weights, np.int16))
    return total


def number_at(numbers: Bytes, start: int, length: int) -> Numbers:
    """The number that the digits of each value from place ``start`` on state."""
    return weighted(numbers[start : start + length], [10**power for power in reversed(range(length))])
