"""组织机构代码, GB 11714-1997: eight characters and a check character, with or without a hyphen between."""

import re

import numpy as np

from scanner.values.chunk import Bytes, Chunk, Mask, translated, weighted

WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "0X987654321"  # by the weighted sum modulo 11: 11 minus it, 10 written X, 11 written 0
_FORM = re.compile(r"[0-9A-Z]{8}-?[0-9X]")
_UNKNOWN = 255
_VALUES = np.full(256, _UNKNOWN, np.uint8)
_VALUES[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)] = np.arange(36, dtype=np.uint8)
_TABLE = _VALUES.tobytes()
_CHECK_BYTES = np.frombuffer(CHECKS.encode(), np.uint8)


def is_org_code(text: str) -> bool:
    """Eight digits or capital letters and the right check character."""
    if not _FORM.fullmatch(text):
        return False
    total = sum(weight * int(character, 36) for weight, character in zip(WEIGHTS, text, strict=False))
    return text[-1] == CHECKS[total % 11]


def org_codes(chunk: Chunk) -> Mask:
    """Which values are valid codes: as ``is_org_code``."""
    return chunk.mask_of(9, _valid) | chunk.mask_of(10, _valid_with_hyphen)


def _valid(matrix: Bytes) -> Mask:
    values = translated(matrix[:8], _TABLE)
    known: Mask = np.maximum.reduce(values, axis=0) != _UNKNOWN
    if not known.any():
        return known
    valid: Mask = known & (matrix[-1] == _CHECK_BYTES[weighted(values, WEIGHTS) % 11])
    return valid


def _valid_with_hyphen(matrix: Bytes) -> Mask:
    valid: Mask = _valid(matrix) & (matrix[8] == ord("-"))
    return valid
