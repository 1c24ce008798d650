"""公民身份号码, GB 11643-1999: region(6) birth(8) sequence(3) check(1)."""

import re
from datetime import date

import numpy as np

from scanner.values.chunk import Bytes, Chunk, Mask, digits, number_at, weighted
from scanner.values.dates import real_dates

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"  # by the weighted sum modulo 11
_FORM = re.compile(r"[0-9]{17}[0-9X]")
_CHECK_BYTES = np.frombuffer(CHECKS.encode(), np.uint8)


def is_citizen_id(text: str) -> bool:
    """18 characters, a real calendar date of birth, the right check character, X in upper case.

    The region is not judged: codes come and go, and a number keeps the one it was given. Old numbers of 15 digits
    have no check character and so are not valid here.
    """
    if not _FORM.fullmatch(text):
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, text, strict=False))
    return text[17] == CHECKS[total % 11]


def citizen_ids(chunk: Chunk) -> Mask:
    """Which values are valid numbers: as ``is_citizen_id``."""
    return chunk.mask_of(18, _valid)


def _valid(matrix: Bytes) -> Mask:
    numeric, values = digits(matrix[:17])
    if not numeric.any():
        return numeric
    born = real_dates(number_at(values, 6, 4), number_at(values, 10, 2), number_at(values, 12, 2))
    checks = _CHECK_BYTES[weighted(values, WEIGHTS) % 11]
    valid: Mask = numeric & born & (matrix[17] == checks)
    return valid
