"""Keyed bottom-k sketches: how many distinct values a column has and how far two columns share them.

Each distinct canonical value is hashed to 64 bits and the k least hashes are kept. The hash is SipHash-2-4 (Aumasson
and Bernstein 2012) under a secret key over an unkeyed 64-bit fingerprint of the value, so that one who reads a sketch
without the key cannot try values against it. It depends on nothing but the canonical text and the key: the same value
in PostgreSQL, MariaDB or a file has the same hash, and integer 1 that of the text "1".
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scanner.values.chunk import Chunk

K = 2048
SPACE = 1 << 64
Words = npt.NDArray[np.uint64]

_LONG = 256  # bytes; longer values are hashed one by one
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_FINAL = np.uint64(0xD6E8FEB86659FD93)
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(8)] + [SPACE - 1], np.uint64)  # keep the first bytes of a word


class Sketcher:
    """Collects the k least keyed hashes over chunks of distinct values."""

    def __init__(self, key: bytes, k: int = K) -> None:
        if len(key) < 16:
            raise ValueError("the key of a sketch has at least 16 bytes")
        self.k = k
        self.key = hashlib.blake2b(key, digest_size=16, person=b"datagene-sketch").digest()
        self._least: Words = np.zeros(0, np.uint64)

    def add(self, chunk: Chunk) -> None:
        hashes = keyed(fingerprints(chunk), self.key)
        if len(self._least) >= self.k:
            hashes = hashes[hashes < self._least[-1]]
        if len(hashes):
            self._least = np.unique(np.concatenate([self._least, hashes]))[: self.k]

    def as_json(self) -> dict[str, Any]:
        """{"k", "key_id", "hashes"}: the hashes in ascending order; fewer than k of them are all there are."""
        key_id = hashlib.blake2b(self.key, digest_size=4, person=b"datagene-key-id").hexdigest()
        return {"k": self.k, "key_id": key_id, "hashes": self._least.tolist()}


def distinct_estimate(sketch: Mapping[str, Any]) -> float:
    """Number of distinct values; exact below k, else with a standard error of 1/√(k-2) (Beyer et al. 2007)."""
    hashes: Sequence[int] = sketch["hashes"]
    k: int = sketch["k"]
    if len(hashes) < k:
        return float(len(hashes))
    return (k - 1) * SPACE / (hashes[-1] + 1)


def containment(part: Mapping[str, Any], whole: Mapping[str, Any]) -> float | None:
    """Share (0 to 1) of the distinct values of ``part`` that occur in ``whole``; None when nothing can be said.

    Judged on the hashes below the lesser of the two bounds, where both sketches are complete. Raises ValueError for
    sketches under different keys.
    """
    if part["key_id"] != whole["key_id"]:
        raise ValueError("sketches under different keys do not compare")
    bound = min(_bound(part), _bound(whole))
    mine = [item for item in part["hashes"] if item < bound]
    others = set(whole["hashes"])
    return sum(item in others for item in mine) / len(mine) if mine else None


def _bound(sketch: Mapping[str, Any]) -> int:
    """All hashes of the column below this are in the sketch."""
    return sketch["hashes"][-1] + 1 if len(sketch["hashes"]) >= sketch["k"] else SPACE


def fingerprints(chunk: Chunk) -> Words:
    """An unkeyed 64-bit hash of each value: its bytes taken eight at a time, little end first."""
    found: Words = chunk.sizes.astype(np.uint64) * _FINAL
    long = chunk.sizes > _LONG
    words = np.lib.stride_tricks.as_strided(
        padded := np.append(chunk.data, np.zeros(8, np.uint8)), (len(padded) - 7, 8), (1, 1)
    )
    for start in range(0, int(chunk.sizes[~long].max(initial=0)), 8):
        rows = np.flatnonzero((chunk.sizes > start) & ~long)
        taken = words[chunk.starts[rows] + start].view("<u8").ravel() & _MASKS[np.minimum(chunk.sizes[rows] - start, 8)]
        mixed = (found[rows] ^ taken) * _MULTIPLIER
        found[rows] = mixed ^ (mixed >> np.uint64(32))
    for row in np.flatnonzero(long).tolist():
        begin = chunk.starts[row]
        digest = hashlib.blake2b(chunk.data[begin : begin + chunk.sizes[row]].tobytes(), digest_size=8).digest()
        found[row] = int.from_bytes(digest, "little")
    found ^= found >> np.uint64(29)
    found *= _FINAL
    return found ^ (found >> np.uint64(32))


def keyed(words: Words, key: bytes) -> Words:
    """SipHash-2-4 of each word, taken as a message of eight bytes, little end first."""
    k0, k1 = (np.uint64(int.from_bytes(key[at : at + 8], "little")) for at in (0, 8))
    constants = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    state = [
        np.full(len(words), np.uint64(constant) ^ part)
        for constant, part in zip(constants, (k0, k1, k0, k1), strict=True)
    ]
    for block in (words, np.full(len(words), np.uint64(8 << 56))):
        state[3] ^= block
        _rounds(state, 2)
        state[0] ^= block
    state[2] ^= np.uint64(0xFF)
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[Words], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a += b
        _rotate(b, 13)
        b ^= a
        _rotate(a, 32)
        c += d
        _rotate(d, 16)
        d ^= c
        a += d
        _rotate(d, 21)
        d ^= a
        c += b
        _rotate(b, 17)
        b ^= c
        _rotate(c, 32)


def _rotate(words: Words, bits: int) -> None:
    high = words >> np.uint64(64 - bits)
    words <<= np.uint64(bits)
    words |= high
