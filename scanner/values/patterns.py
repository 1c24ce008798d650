"""Character-class patterns: 330102199001011234 is ``9{18}``, AB-1 is ``A{2}-9``, 张三 is ``汉{2}``.

Capital letters (Unicode Lu) become A, small ones (Ll) a, decimal digits (Nd) 9, Han characters 汉; every other
character stands for itself. A run of n > 1 equal results is written once with ``{n}``.
"""

import unicodedata
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scanner.values.chunk import Chunk, Ints

HAN = "汉"
_CLASSES = {"Lu": "A", "Ll": "a", "Nd": "9"}
# Blocks and single characters of the script Han (Unicode Scripts.txt); unassigned code points in them are no characters.
_HAN_RANGES = (
    (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029),
    (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3),
    (0x16FF0, 0x16FF1), (0x20000, 0x2FA1F), (0x30000, 0x323AF),
)  # fmt: skip
_POINTS = 0x110000
_UNKNOWN = 0xFFFFFFFF
_symbols = np.full(_POINTS, _UNKNOWN, np.uint32)  # filled as characters turn up
_OPEN, _CLOSE, _ZERO = ord("{"), ord("}"), ord("0")


def symbol_of(character: str) -> str:
    """What a character becomes in a pattern."""
    point = ord(character)
    if any(first <= point <= last for first, last in _HAN_RANGES):
        return HAN
    return _CLASSES.get(unicodedata.category(character), character)


def pattern_of(text: str) -> str:
    """The pattern of one value."""
    runs = ((symbol, sum(1 for _ in run)) for symbol, run in groupby(map(symbol_of, text)))
    return "".join(symbol if length == 1 else f"{symbol}{{{length}}}" for symbol, length in runs)


def patterns_of(chunk: Chunk) -> pa.Array:
    """The pattern of every value, as a large_string array: as ``pattern_of``."""
    points, begins = _code_points(chunk)
    symbols = _symbols_of(points)
    if not len(symbols):
        return pa.array([""] * len(chunk), pa.large_string())
    first_of_run = np.empty(len(symbols), np.bool_)
    first_of_run[0] = True
    np.not_equal(symbols[1:], symbols[:-1], out=first_of_run[1:])
    first_of_run[begins[begins < len(symbols)]] = True
    heads = np.flatnonzero(first_of_run)
    lengths = np.diff(heads, append=len(symbols))
    written, sizes = _write(symbols[heads], lengths)
    # where each value's text begins: at its first run; an empty value begins where the next one does
    run_starts = np.concatenate([[0], np.cumsum(sizes)])
    bounds = run_starts[np.searchsorted(heads, np.append(begins, len(symbols)))]
    return _strings(written, bounds)


def _code_points(chunk: Chunk) -> tuple[npt.NDArray[np.uint32], Ints]:
    """All characters in a row, and the position at which each value begins."""
    if chunk.is_ascii:
        return chunk.data.astype(np.uint32), chunk.starts
    points = np.frombuffer(chunk.data.tobytes().decode().encode("utf-32-le"), np.uint32)
    leads = np.concatenate([[0], np.cumsum((chunk.data & 0xC0) != 0x80)])  # characters before each byte
    return points, leads[chunk.starts]


def _symbols_of(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    symbols = _symbols[points]
    missing = symbols == _UNKNOWN
    if missing.any():
        for point in np.unique(points[missing]).tolist():
            _symbols[point] = ord(symbol_of(chr(point)))
        symbols = _symbols[points]
    return symbols


def _write(symbols: npt.NDArray[np.uint32], lengths: Ints) -> tuple[npt.NDArray[np.uint32], Ints]:
    """The runs as code points, and how many each takes."""
    figures = np.zeros(len(lengths), np.int64)  # decimal digits of the length, none for a single character
    bound, figure = 2, 1
    while len(lengths) and lengths.max() >= bound:
        figures[lengths >= bound] = figure
        figure += 1
        bound = 10 ** (figure - 1)
    sizes = np.where(figures > 0, figures + 3, 1)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    written = np.empty(int(ends[-1]), np.uint32)
    written[starts] = symbols
    long = np.flatnonzero(figures)
    written[starts[long] + 1] = _OPEN
    written[ends[long] - 1] = _CLOSE
    rest = lengths[long]
    for place in range(int(figures.max())):
        present = figures[long] > place
        written[ends[long[present]] - 2 - place] = _ZERO + rest[present] % 10
        rest = rest // 10
    return written, sizes


def _strings(points: npt.NDArray[np.uint32], bounds: Ints) -> pa.Array:
    """Strings cut from code points at the bounds."""
    if not len(points) or points.max() < 128:
        data, offsets = points.astype(np.uint8).tobytes(), bounds
    else:
        widths = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
        offsets = np.concatenate([[0], np.cumsum(widths)])[bounds]
        data = points.tobytes().decode("utf-32-le").encode()
    offsets = np.ascontiguousarray(offsets, np.int64)
    return pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
