"""Character-class patterns: 330102199001011234 is ``9{18}``, AB-1 is ``A{2}-9``, 张三 is ``汉{2}``.

Capital letters (Unicode Lu) become A, small ones (Ll) a, decimal digits (Nd) 9, Han characters 汉; every other
character stands for itself. A run of n > 1 equal results is written once with ``{n}``.
"""

import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scanner.values.chunk import Chunk, Ints

HAN = "汉"
_CLASSES = {"Lu": "A", "Ll": "a", "Nd": "9"}
# Blocks and single characters of the script Han (Unicode Scripts.txt); unassigned code points in them are no characters.
_HAN_RANGES = (
    (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029),
    (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3),
    (0x16FF0, 0x16FF1), (0x20000, 0x2FA1F), (0x30000, 0x323AF),
)  # fmt: skip
# What each code point becomes, filled as characters turn up. Nearly all text lies in the first plane, whose table is
# small enough to stay in the processor's cache.
_UNKNOWN = 0xFFFF
_plane = np.full(0x10000, _UNKNOWN, np.uint16)
_all_planes = np.full(0x110000, _UNKNOWN, np.uint32)
_OPEN, _CLOSE, _ZERO = ord("{"), ord("}"), ord("0")
_POWERS = np.array([10**power for power in range(13)], np.int64)


def symbol_of(character: str) -> str:
    """What a character becomes in a pattern."""
    point = ord(character)
    if any(first <= point <= last for first, last in _HAN_RANGES):
        return HAN
    return _CLASSES.get(unicodedata.category(character), character)


_ASCII = bytes(ord(symbol_of(chr(point))) if point < 128 else point for point in range(256))
_HAN_BYTE = 0x80
_CONTINUATION = bytes(range(0x80, 0xC0))
_ASCII_AND_HAN = bytes(_HAN_BYTE if 0xE5 <= byte <= 0xE9 else _ASCII[byte] for byte in range(256))
# ASCII, and Han characters of U+5000 to U+9FFF, which begin with a byte E5 to E9: nearly all that Chinese text holds
_USUAL = bytes((*range(0xC0), *range(0xE5, 0xEA)))
_WIDE = np.array([ord(HAN) if byte == _HAN_BYTE else byte for byte in range(256)], np.uint16)


def pattern_of(text: str) -> str:
    """The pattern of one value."""
    runs = ((symbol, sum(1 for _ in run)) for symbol, run in groupby(map(symbol_of, text)))
    return "".join(symbol if length == 1 else f"{symbol}{{{length}}}" for symbol, length in runs)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The patterns of a chunk: each once, which of them each value has, and how many characters each value has."""

    patterns: pa.Array  # large_string
    codes: npt.NDArray[np.int32]
    lengths: Ints


def shapes_of(chunk: Chunk) -> Shapes:
    """Values are told apart by what their characters become, and only different ones are written as patterns."""
    symbols, begins = _symbols_of(chunk)
    ends = np.append(begins, len(symbols))
    if not len(chunk):
        return Shapes(pa.array([], pa.large_string()), np.zeros(0, np.int32), begins)
    offsets = pa.py_buffer(np.ascontiguousarray(ends * symbols.itemsize))
    encoded = pa.Array.from_buffers(
        pa.large_binary(), len(chunk), [None, offsets, pa.py_buffer(np.ascontiguousarray(symbols))]
    ).dictionary_encode()
    distinct = encoded.dictionary
    _, bounds, data = distinct.buffers()
    first = np.frombuffer(bounds, np.int64)[: len(distinct) + 1] // symbols.itemsize
    written = np.frombuffer(data, symbols.dtype)[: first[-1]] if first[-1] else np.zeros(0, symbols.dtype)
    return Shapes(_patterns_of(written, first[:-1]), encoded.indices.to_numpy(), np.diff(ends))


@dataclass(frozen=True, slots=True)
class Symbols:
    """What the characters of each value become, before runs are written as such; and how many characters it has."""

    texts: pa.Array  # large_string
    lengths: Ints


def symbols_of(chunk: Chunk) -> Symbols:
    symbols, begins = _symbols_of(chunk)
    ends = np.append(begins, len(symbols))
    if not len(symbols):
        return Symbols(pa.array([""] * len(chunk), pa.large_string()), np.diff(ends))
    return Symbols(_strings(symbols, ends), np.diff(ends))


def patterns_of_symbols(symbols: pa.Array) -> pa.Array:
    """The patterns of texts of symbols, which are symbols of themselves."""
    points, begins = _points_of(Chunk(symbols))
    return _patterns_of(points, begins)


def patterns_of(chunk: Chunk) -> pa.Array:
    """The pattern of every value, as a large_string array: as ``pattern_of``."""
    shapes = shapes_of(chunk)
    return shapes.patterns.take(pa.array(shapes.codes))


def _patterns_of(symbols: npt.NDArray[Any], begins: Ints) -> pa.Array:
    """The patterns of texts that stand one after the other as symbols."""
    if not len(symbols):
        return pa.array([""] * len(begins), pa.large_string())
    first_of_run = np.empty(len(symbols), np.bool_)
    first_of_run[0] = True
    np.not_equal(symbols[1:], symbols[:-1], out=first_of_run[1:])
    first_of_run[begins[begins < len(symbols)]] = True
    heads = np.flatnonzero(first_of_run)
    written, ends = _write(symbols[heads], np.diff(heads, append=len(symbols)))
    # where each value's text begins: at its first run; an empty value begins where the next one does
    run_starts = np.concatenate([[0], ends])
    bounds = run_starts[np.searchsorted(heads, np.append(begins, len(symbols)))]
    return _strings(written, bounds)


def _points_of(chunk: Chunk) -> tuple[npt.NDArray[Any], Ints]:
    """The characters of all values in a row, and where each value begins."""
    if chunk.is_ascii:
        return chunk.data, chunk.starts
    lengths = pc.utf8_length(chunk.values).to_numpy(zero_copy_only=False)
    return np.frombuffer(chunk.raw.decode().encode("utf-32-le"), np.uint32), np.cumsum(lengths) - lengths


def _symbols_of(chunk: Chunk) -> tuple[npt.NDArray[Any], Ints]:
    """What all characters in a row become, and the position at which each value begins."""
    if chunk.is_ascii:
        return np.frombuffer(chunk.raw.translate(_ASCII), np.uint8), chunk.starts
    lengths = pc.utf8_length(chunk.values).to_numpy(zero_copy_only=False)
    begins = np.cumsum(lengths) - lengths
    if not chunk.raw.translate(None, _USUAL):
        short = np.frombuffer(chunk.raw.translate(_ASCII_AND_HAN, _CONTINUATION), np.uint8)
        return _WIDE[short], begins
    text = chunk.raw.decode()
    if chunk.data.max() < 0xF0:  # no character of four bytes
        return _looked_up(np.frombuffer(text.encode("utf-16-le"), np.uint16), _plane), begins
    return _looked_up(np.frombuffer(text.encode("utf-32-le"), np.uint32), _all_planes), begins


def _looked_up(points: npt.NDArray[Any], table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    symbols: npt.NDArray[Any] = table[points]
    missing = symbols == _UNKNOWN  # U+FFFF itself, which stands for itself, is looked up every time
    if missing.any():
        for point in np.unique(points[missing]).tolist():
            table[point] = ord(symbol_of(chr(point)))
        symbols = table[points]
    return symbols


def _write(symbols: npt.NDArray[Any], lengths: Ints) -> tuple[npt.NDArray[Any], Ints]:
    """The runs as code points, and where each ends."""
    long = np.flatnonzero(lengths > 1)
    rest = lengths[long]
    figures = np.searchsorted(_POWERS, rest, side="right")  # decimal digits of the length
    sizes = np.ones(len(lengths), np.int64)
    sizes[long] = figures + 3
    ends = np.cumsum(sizes)
    written = np.empty(int(ends[-1]), symbols.dtype)
    written[ends - sizes] = symbols
    last = ends[long] - 1
    written[last - figures - 1] = _OPEN
    written[last] = _CLOSE
    for place in range(int(figures.max(initial=0))):
        if place:
            kept = figures > place
            last, rest, figures = last[kept], rest[kept] // 10, figures[kept]
        written[last - 1 - place] = _ZERO + rest % 10
    return written, ends


def _strings(points: npt.NDArray[Any], bounds: Ints) -> pa.Array:
    """Strings cut from code points at the bounds."""
    if points.max() < 128:
        data, offsets = points.astype(np.uint8).tobytes(), bounds
    else:
        widths = (points >= 0x80).view(np.int8) + (points >= 0x800).view(np.int8)
        if points.dtype == np.uint32:
            widths += points >= 0x10000
        offsets = bounds + np.concatenate([[0], np.cumsum(widths, dtype=np.int64)])[bounds]
        data = points.tobytes().decode("utf-16-le" if points.dtype == np.uint16 else "utf-32-le").encode()
    offsets = np.ascontiguousarray(offsets, np.int64)
    return pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
