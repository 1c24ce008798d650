"""Check characters over whole columns (GB 11643, GB 32100), written apart from the scanner that is to be measured."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_CHARACTERS = np.frombuffer(USCC_ALPHABET.encode(), np.uint8)
_USCC_VALUES = np.zeros(256, np.int64)
_USCC_VALUES[USCC_CHARACTERS] = np.arange(31)


def fixed_width(rows: Ints, width: int) -> npt.NDArray[np.uint8]:
    """Numbers as ASCII digits with leading zeros: a matrix of one row a number."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    matrix: npt.NDArray[np.uint8] = (rows[:, None] // powers % 10 + 48).astype(np.uint8)
    return matrix


def texts(matrix: npt.NDArray[np.uint8]) -> pa.Array:
    """A matrix of bytes as an Arrow column of texts of one length."""
    count, width = matrix.shape
    ends = pa.py_buffer(np.arange(0, count * width + 1, width, dtype=np.int64))
    return pa.Array.from_buffers(pa.large_string(), count, [None, ends, pa.py_buffer(np.ascontiguousarray(matrix))])


def citizen_ids(regions: Ints, births: Ints, sequences: Ints) -> pa.Array:
    """公民身份号码 of region (6 digits), birth (YYYYMMDD) and sequence (3 digits)."""
    body = np.hstack([fixed_width(regions, 6), fixed_width(births, 8), fixed_width(sequences, 3)])
    sums = ((body - 48).astype(np.int64) * ID_WEIGHTS).sum(axis=1)
    return texts(np.hstack([body, ID_CHECKS[sums % 11][:, None]]))


def usccs(bodies: npt.NDArray[np.uint8]) -> pa.Array:
    """统一社会信用代码 of their first 17 characters."""
    weights = np.array([pow(3, place, 31) for place in range(17)])
    sums = (_USCC_VALUES[bodies] * weights).sum(axis=1)
    return texts(np.hstack([bodies, USCC_CHARACTERS[-sums % 31][:, None]]))


def with_uscc_check(body: str) -> str:
    """One code of its first 17 characters."""
    matrix = np.frombuffer(body.encode(), np.uint8)[None, :]
    return str(usccs(matrix)[0].as_py())
