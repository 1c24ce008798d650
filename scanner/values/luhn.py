"""Numbers of bank cards and the like: 12 to 19 digits, the last by the Luhn formula (ISO/IEC 7812-1, annex B)."""

import re

import numpy as np

from scanner.values.chunk import Bytes, Chunk, Mask, digits

SHORTEST, LONGEST = 12, 19
_FORM = re.compile(rf"[0-9]{{{SHORTEST},{LONGEST}}}")


def is_luhn(text: str) -> bool:
    if not _FORM.fullmatch(text):
        return False
    numbers = [int(digit) for digit in reversed(text)]
    return (sum(numbers[::2]) + sum(sum(divmod(2 * number, 10)) for number in numbers[1::2])) % 10 == 0


def luhns(chunk: Chunk) -> Mask:
    """Which values are valid numbers: as ``is_luhn``."""
    mask = np.zeros(len(chunk), np.bool_)
    for width in chunk.widths:
        if SHORTEST <= width <= LONGEST:
            mask |= chunk.mask_of(width, _valid)
    return mask


def _valid(matrix: Bytes) -> Mask:
    numeric, values = digits(matrix)
    if not numeric.any():
        return numeric
    values = values[::-1]
    doubled = 2 * values[1::2]  # what is no digit is of no account: bytes may overflow
    doubled -= 9 * (doubled > 9).view(np.uint8)  # the digit sum of the double
    total = np.add.reduce(values[::2], axis=0, dtype=np.uint8) + np.add.reduce(doubled, axis=0, dtype=np.uint8)
    valid: Mask = numeric & (total % 10 == 0)
    return valid
