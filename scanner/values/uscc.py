"""统一社会信用代码, GB 32100-2015: 17 characters and a check character over an alphabet without I, O, S, V, Z."""

import numpy as np

from scanner.values.chunk import Bytes, Chunk, Mask, translated, weighted

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, power, 31) for power in range(17))
_UNKNOWN = 255
_VALUES = np.full(256, _UNKNOWN, np.uint8)
_VALUES[np.frombuffer(ALPHABET.encode(), np.uint8)] = np.arange(31, dtype=np.uint8)
_TABLE = _VALUES.tobytes()


def is_uscc(text: str) -> bool:
    """18 characters of the alphabet, the last of them the check character of the others."""
    if len(text) != 18 or any(character not in ALPHABET for character in text):
        return False
    total = sum(weight * ALPHABET.index(character) for weight, character in zip(WEIGHTS, text, strict=False))
    return text[17] == ALPHABET[-total % 31]


def usccs(chunk: Chunk) -> Mask:
    """Which values are valid codes: as ``is_uscc``."""
    return chunk.mask_of(18, _valid)


def _valid(matrix: Bytes) -> Mask:
    values = translated(matrix, _TABLE)
    known: Mask = np.maximum.reduce(values, axis=0) != _UNKNOWN
    if not known.any():
        return known
    checks = -weighted(values[:17], WEIGHTS) % 31
    valid: Mask = known & (values[17] == checks)
    return valid
