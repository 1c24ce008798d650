"""The key file: key-encrypting keys that never enter the database, the settings or a log.

One key per line, 32 bytes in base64 (URL alphabet); the first line is in use, the others open what they sealed.
To change the key: put a new line on top, run ``rotate_keys``; keep the old lines, old audit entries need them.
"""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class KeyFileError(Exception):
    """The key file is missing, malformed, or lacks a key. The message names the file and line, never a key."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One line of the key file. ``kid`` is a fingerprint, safe to show; the key itself is in no repr."""

    kid: str
    _secret: bytes = field(repr=False)

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes for one purpose (HKDF-SHA256), so that no two uses share a key."""
        return HKDF(hashes.SHA256(), 32, None, purpose).derive(self._secret)


_cache: dict[tuple[str, int, int], tuple[MasterKey, ...]] = {}


def current() -> MasterKey:
    """The key in use: the first line. Raises KeyFileError."""
    return _load()[0]


def by_id(kid: str) -> MasterKey:
    """The key with this fingerprint. Raises KeyFileError when the file does not hold it."""
    for key in _load():
        if key.kid == kid:
            return key
    raise KeyFileError(f"the key file {settings.KEY_FILE} does not hold key {kid}")


def create(path: Path) -> None:
    """Write a key file with one new key, readable by its owner alone. Raises FileExistsError: a key is never replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")


def _load() -> tuple[MasterKey, ...]:
    """The keys of the file, read again when it changes."""
    location = str(getattr(settings, "KEY_FILE", "") or "")
    if not location:
        raise KeyFileError("KEY_FILE is not set: secrets cannot be sealed without a key file")
    try:
        stat = os.stat(location)
        stamp = (location, stat.st_mtime_ns, stat.st_size)
        if stamp not in _cache:
            _cache.clear()
            _cache[stamp] = _parse(location, Path(location).read_text(encoding="ascii"))
    except OSError as error:
        raise KeyFileError(f"the key file {location} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeyFileError(f"the key file {location} is not plain text") from None
    return _cache[stamp]


def _parse(location: str, content: str) -> tuple[MasterKey, ...]:
    keys = []
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            secret = base64.b64decode(line.strip(), altchars=b"-_", validate=True)
        except ValueError:
            secret = b""
        if len(secret) != 32:
            raise KeyFileError(f"the key file {location}, line {number}: not 32 bytes in base64")
        keys.append(MasterKey(hashlib.sha256(b"datagene kek" + secret).hexdigest()[:16], secret))
    if not keys:
        raise KeyFileError(f"the key file {location} is empty")
    return tuple(keys)
