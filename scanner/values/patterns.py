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

from scanner.values.chunk import Bytes, Chunk, Ints

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
_ASCII_AND_HAN = bytes(HAN.encode()[0] if 0xE4 <= byte <= 0xE9 else _ASCII[byte] for byte in range(256))
_HEXAGRAMS = b"\xe4\xb7"  # U+4DC0 to U+4DFF, between Han characters


def pattern_of(text: str) -> str:
    """The pattern of one value."""
    runs = ((symbol, sum(1 for _ in run)) for symbol, run in groupby(map(symbol_of, text)))
    return "".join(symbol if length == 1 else f"{symbol}{{{length}}}" for symbol, length in runs)


@dataclass(frozen=True, slots=True)
class Symbols:
    """What the characters of each value become, before runs are written as such; and how many characters it has."""

    texts: pa.Array  # large_string
    lengths: Ints


@dataclass(frozen=True, slots=True)
class Shapes:
    """The patterns of a chunk: each once, which of them each value has, and how many characters each value has.

    Two of them are the same only where a value itself holds ``{9}``.
    """

    patterns: pa.Array  # large_string
    codes: npt.NDArray[np.int32]
    lengths: Ints


def symbols_of(chunk: Chunk) -> Symbols:
    if chunk.is_ascii:
        return Symbols(_in_place(chunk, chunk.raw.translate(_ASCII)), chunk.sizes)
    lengths = chunk.lengths
    written = _han_in_place(chunk)
    if written is not None:
        return Symbols(_in_place(chunk, written), lengths)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    text = chunk.raw.decode()
    if chunk.data.max() < 0xF0:  # no character of four bytes
        symbols = _looked_up(np.frombuffer(text.encode("utf-16-le"), np.uint16), _plane)
    else:
        symbols = _looked_up(np.frombuffer(text.encode("utf-32-le"), np.uint32), _all_planes)
    return Symbols(_strings(symbols, ends), lengths)


def shapes_of(chunk: Chunk) -> Shapes:
    """Values are told apart by what their characters become, and only different ones are written as patterns."""
    symbols = symbols_of(chunk)
    encoded = symbols.texts.dictionary_encode()
    return Shapes(patterns_of_symbols(encoded.dictionary), encoded.indices.to_numpy(), symbols.lengths)


def patterns_of(chunk: Chunk) -> pa.Array:
    """The pattern of every value, as a large_string array: as ``pattern_of``."""
    shapes = shapes_of(chunk)
    return shapes.patterns.take(pa.array(shapes.codes))


def patterns_of_symbols(symbols: pa.Array) -> pa.Array:
    """The patterns of texts of symbols, which are symbols of themselves."""
    chunk = Chunk(symbols)
    if chunk.is_ascii:
        return _patterns_of(chunk.data, chunk.starts)
    lengths = chunk.lengths
    points = np.frombuffer(chunk.raw.decode().encode("utf-32-le"), np.uint32)
    return _patterns_of(points, np.cumsum(lengths) - lengths)


def _in_place(chunk: Chunk, written: Any) -> pa.Array:
    """Texts of the same bytes at the same places."""
    offsets = pa.py_buffer(np.append(chunk.starts, len(chunk.data)))
    return pa.LargeStringArray.from_buffers(len(chunk), offsets, pa.py_buffer(written))


def _han_in_place(chunk: Chunk) -> npt.NDArray[np.uint8] | None:
    """The symbols of text in which all that is not ASCII is Han or stands for itself, else None: nearly all text is.

    Han characters of U+4000 to U+9FFF, which begin with a byte E4 to E9, are written over by the symbol of Han.
    """
    if _HEXAGRAMS in chunk.raw:
        return None
    written = np.frombuffer(bytearray(chunk.raw.translate(_ASCII_AND_HAN)), np.uint8)
    han = chunk.data - np.uint8(0xE4) < 6
    others = (chunk.data >= 0xC0) ^ han
    if others.any():
        points = _points_at(chunk.data, np.flatnonzero(others))
        if points is None or not np.array_equal(_looked_up(points, _plane), points):
            return None
    marks = np.negative(han.view(np.uint8))  # 255 where a Han character begins
    for at, byte in enumerate(HAN.encode()[1:], 1):
        written[at:] ^= (written[at:] ^ np.uint8(byte)) & marks[:-at]
    return written


def _points_at(data: Bytes, places: Ints) -> npt.NDArray[np.uint16] | None:
    """The characters that begin at these places; None when one of them has four bytes."""
    padded = np.append(data, np.zeros(2, np.uint8))
    first, second, third = (padded[places + at].astype(np.uint16) for at in range(3))
    if first.max() >= 0xF0:
        return None
    short = (first & 0x1F) << 6 | (second & 0x3F)
    long = (first & 0x0F) << 12 | (second & 0x3F) << 6 | (third & 0x3F)
    points: npt.NDArray[np.uint16] = np.where(first < 0xE0, short, long)
    return points


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
