"""Envelope encryption of credentials at rest.

A value is sealed with AES-256-GCM under a data key; data keys lie in ``KeyRecord``, themselves sealed by the key file.
The associated data binds a token to its row and field ("assets.DataSource:<pk>:secrets"), so ciphertext copied to
another row does not open. Tokens read ``v1:<kid>:<base64 of nonce + ciphertext>``.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from core import keys
from core.choices import KeyState
from core.models import KeyRecord

LOCK = 0x6B657973  # "keys"; the number of the advisory lock for making data keys
NONCE = 12  # bytes


class CryptoError(Exception):
    """A token or key cannot be opened. The message says which key or row, never a value."""


@dataclass(frozen=True, slots=True)
class _DataKey:
    kid: str
    _secret: bytes = field(repr=False)

    def cipher(self) -> AESGCM:
        return AESGCM(self._secret)


_opened: dict[tuple[str, str], _DataKey] = {}  # by (kid, wrapped): the text changes when the key file does
_sealed_fields: list[tuple[str, str]] = []


def register_sealed(model: str, name: str) -> None:
    """Tell ``rotate`` that ``model`` ("app.Model") holds tokens in the text field ``name``."""
    if (model, name) not in _sealed_fields:
        _sealed_fields.append((model, name))


def aad(obj: Model, name: str) -> str:
    """The associated data of a field of a row: "app.Model:<pk>:<field>"."""
    return f"{obj._meta.label}:{obj.pk}:{name}"


@sensitive_variables("plain")
def seal(plain: str, aad: str) -> str:
    """A token that opens only with the same ``aad``. Raises keys.KeyFileError."""
    return _seal(_active_key(), plain, aad)


def unseal(token: str, aad: str) -> str:
    """What was sealed. Raises CryptoError (wrong row, altered, unknown key) or keys.KeyFileError."""
    version, _, rest = token.partition(":")
    kid, _, body = rest.partition(":")
    if version != "v1" or not body:
        raise CryptoError(f"not a sealed value: {aad}")
    try:
        return _open(_data_key(kid).cipher(), body, aad.encode()).decode()
    except (InvalidTag, binascii.Error):
        raise CryptoError(f"the sealed value of {aad} was altered or belongs to another row") from None


def rotate(batch: int = 200) -> int:
    """Seal every registered field with a new data key and re-wrap old keys; returns the number of tokens resealed.

    Each batch is a transaction; after an interruption the next call goes on with what the active key has not sealed
    yet (``resume``). A value changed meanwhile by its owner is left alone.
    """
    _make_key()
    return resume(batch)


def resume(batch: int = 200) -> int:
    """Finish a rotation: reseal what older keys sealed, re-wrap keys under the first line of the key file."""
    _rewrap()
    active = _active_key()
    return sum(_reseal(model, name, active, batch) for model, name in _sealed_fields)


def remove_retired(unused_for: timedelta = timedelta(hours=1)) -> int:
    """Delete retired data keys that no token needs; the number deleted.

    One retired a moment ago stays: a transaction that began before may still write what it sealed with it.
    """
    needed: set[str] = set()
    for label, name in _sealed_fields:
        tokens = apps.get_model(label)._default_manager.exclude(**{name: ""}).values_list(name, flat=True)
        needed |= {token.split(":", 2)[1] for token in tokens.iterator()}
    retired = KeyRecord.objects.filter(state=KeyState.RETIRED, retired_at__lt=timezone.now() - unused_for)
    return int(retired.exclude(kid__in=needed).delete()[0])


def _reseal(label: str, name: str, active: _DataKey, batch: int) -> int:
    model = apps.get_model(label)
    rows = model._default_manager.exclude(**{name: ""}).exclude(**{f"{name}__startswith": f"v1:{active.kid}:"})
    done, last = 0, None
    while True:
        page = rows.filter(pk__gt=last) if last is not None else rows
        found = list(page.order_by("pk")[:batch])
        with transaction.atomic():
            for row in found:
                old, bound = getattr(row, name), aad(row, name)
                new = _seal(active, unseal(old, bound), bound)
                done += model._default_manager.filter(pk=row.pk, **{name: old}).update(**{name: new})
        if len(found) < batch:
            return done
        last = found[-1].pk


def _rewrap() -> None:
    """Wrap data keys of older lines of the key file under its first line."""
    current = keys.current()
    for record in KeyRecord.objects.exclude(kek_id=current.kid):
        key = _unwrap(record)
        KeyRecord.objects.filter(pk=record.pk, wrapped=record.wrapped).update(
            wrapped=_wrap(current, key.kid, key._secret), kek_id=current.kid
        )


def _active_key() -> _DataKey:
    record = KeyRecord.objects.filter(state=KeyState.ACTIVE).first()
    return _unwrap(record) if record else _make_key(only_first=True)


def _make_key(*, only_first: bool = False) -> _DataKey:
    """A new active key; with ``only_first`` the one that another process may have made meanwhile."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        active = KeyRecord.objects.filter(state=KeyState.ACTIVE)
        record = active.first()
        if record and only_first:
            return _unwrap(record)
        active.update(state=KeyState.RETIRED, retired_at=timezone.now())
        key = _DataKey(secrets.token_hex(8), secrets.token_bytes(32))
        current = keys.current()
        KeyRecord.objects.create(kid=key.kid, wrapped=_wrap(current, key.kid, key._secret), kek_id=current.kid)
    return key


def _data_key(kid: str) -> _DataKey:
    record = KeyRecord.objects.filter(kid=kid).first()
    if record is None:
        raise CryptoError(f"data key {kid} is not in the database")
    return _unwrap(record)


def _unwrap(record: KeyRecord) -> _DataKey:
    at = (record.kid, record.wrapped)
    if at not in _opened:
        master = AESGCM(keys.by_id(record.kek_id).derive(b"datagene data keys"))
        try:
            _opened[at] = _DataKey(record.kid, _open(master, record.wrapped, f"key:{record.kid}".encode()))
        except (InvalidTag, binascii.Error):
            raise CryptoError(f"data key {record.kid} was altered") from None
    return _opened[at]


def _wrap(master: keys.MasterKey, kid: str, secret: bytes) -> str:
    return _encrypt(AESGCM(master.derive(b"datagene data keys")), secret, f"key:{kid}".encode())


@sensitive_variables("plain")
def _seal(key: _DataKey, plain: str, aad: str) -> str:
    return f"v1:{key.kid}:{_encrypt(key.cipher(), plain.encode(), aad.encode())}"


@sensitive_variables("plain")
def _encrypt(cipher: AESGCM, plain: bytes, aad: bytes) -> str:
    nonce = secrets.token_bytes(NONCE)
    return base64.urlsafe_b64encode(nonce + cipher.encrypt(nonce, plain, aad)).decode()


def _open(cipher: AESGCM, body: str, aad: bytes) -> bytes:
    sealed = base64.b64decode(body, altchars=b"-_", validate=True)
    if len(sealed) < NONCE:
        raise InvalidTag
    return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], aad)
