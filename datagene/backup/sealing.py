"""Sealed streams: AES-256-GCM in chunks that cannot be reordered, dropped, cut off or taken from another backup.

The key is of one part of one backup (derived with the backup's random salt), so a counter serves as nonce; its last byte
marks the last chunk. Memory stays at one chunk however large the stream.
"""

from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 1 << 20  # bytes of content
TAG = 16  # bytes


class Broken(Exception):
    """The stream was altered, cut off, or sealed under another key."""


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Sealer:
    """Writes to ``file`` what is written to it, sealed. ``close`` seals the last chunk; without it nothing opens."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._file, self._cipher = file, AESGCM(key)
        self._held, self._number = bytearray(), 0

    def write(self, content: bytes) -> int:
        self._held += content
        while len(self._held) > CHUNK:  # one byte at least is kept back: the last chunk is marked
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(content)

    def close(self) -> None:
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, content: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), content, None))
        self._number += 1


def opened(file: IO[bytes], key: bytes) -> Iterator[bytes]:
    """The content of a sealed stream, chunk by chunk; each is authentic when it is given out. Raises Broken."""
    cipher, number = AESGCM(key), 0
    chunk = file.read(CHUNK + TAG)
    while True:
        following = file.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(number, not following), chunk, None)
        except (InvalidTag, ValueError):
            raise Broken from None
        if not following:
            return
        chunk, number = following, number + 1


class Opened:
    """The same as a file to read from, for tarfile. Raises Broken."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._chunks, self._held = opened(file, key), b""

    def read(self, size: int) -> bytes:
        while len(self._held) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._held += chunk
        given, self._held = self._held[:size], self._held[size:]
        return given
