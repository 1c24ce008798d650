"""审计: append-only, hash-chained record of who did what (GB/T 22239-2019 8.1.4, 安全审计).

Entry n carries HMAC(key, digest of n-1 ‖ canonical JSON of n), with SHA-256 or SM3 (``settings.AUDIT_DIGEST``), the
key derived from the key file, which the database does not hold. Numbers have no gaps: they are given under a lock that
lasts until the caller's transaction ends, so ``record`` belongs near its end. The newest entry is copied to a head file
outside the database at each commit; ``verify`` uses it to notice a cut tail.
"""

import contextlib
import fcntl
import hmac
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from core import keys
from core.actors import Actor, actor_fields
from core.models import AuditEntry
from core.texts import clean, plain

log = logging.getLogger(__name__)

LOCK = 0x6175646974  # "audit"; the number of the advisory lock
GENESIS = "0" * 64
DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {"hmac-sha256": hashes.SHA256, "hmac-sm3": hashes.SM3}


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry, as known outside the database."""

    id: int
    digest: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong with the chain. ``kind``: gap, altered, unknown_key, cut_tail, replaced_tail, head_unreadable."""

    kind: str
    entry: int


@dataclass(frozen=True, slots=True)
class Verification:
    """``entries`` were read in order; ``fault`` is None when the whole chain holds."""

    entries: int
    fault: Fault | None


def lock() -> datetime:
    """Wait for one's turn to write entries, until the transaction ends. Taken before any row that may also wait.

    Answers the database's time when the turn came: later entries are never older ones.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() FROM pg_advisory_xact_lock(%s)", [LOCK])
        return cast(datetime, cursor.fetchone()[0])


class Entry(NamedTuple):
    """What ``record`` takes of one entry."""

    verb: str
    target: Model | str
    target_label: str = ""
    scope_id: UUID | None = None
    changes: Mapping[str, Any] | None = None


def record(
    *,
    actor: Actor | None,
    verb: str,
    target: Model | str,
    target_label: str = "",
    scope_id: UUID | None = None,
    changes: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry in the caller's transaction: it stays or goes with what it describes.

    ``target`` is an object or its key ("app.Model:<pk>"); ``changes`` is JSON-like and must hold no secrets. Raises keys.KeyFileError when the key file cannot be read.
    """
    return record_all(actor=actor, entries=[Entry(verb, target, target_label, scope_id, changes)])[0]


@transaction.atomic
def record_all(*, actor: Actor | None, entries: Sequence[Entry]) -> list[AuditEntry]:
    """Entries as of ``record``, in their order: few statements, however many they are."""
    at = lock()
    last, made = AuditEntry.objects.order_by("-id").first(), []
    for said in entries:
        entry = AuditEntry(
            id=last.id + 1 if last else 1,
            at=at,
            **actor_fields(actor),
            verb=said.verb,
            target=clean(said.target if isinstance(said.target, str) else target_of(said.target), 200),
            target_label=clean(said.target_label or (said.target if isinstance(said.target, Model) else ""), 300),
            scope_id=said.scope_id,
            changes=plain(dict(said.changes or {})),
            method=f"hmac-{getattr(settings, 'AUDIT_DIGEST', 'sha256')}:{keys.current().kid}",
        )
        entry.digest = digest(entry, last.digest if last else GENESIS)
        made.append(entry)
        last = entry
    AuditEntry.objects.bulk_create(made)
    if made and last:
        head = Head(last.id, last.digest)
        transaction.on_commit(lambda: _note_head(head), robust=True)
    return made


def target_of(obj: Model) -> str:
    """The key by which audit, jobs and search name an object: "assets.Table:<pk>"."""
    return f"{obj._meta.label}:{obj.pk}"


def digest(entry: AuditEntry, previous: str) -> str:
    """The hex digest an entry must carry after ``previous``. Raises keys.KeyFileError when its key is not in the file."""
    name, _, kid = entry.method.partition(":")
    mac = HMAC(keys.by_id(kid).derive(b"datagene audit"), DIGESTS[name]())
    mac.update(previous.encode())
    mac.update(_canonical(entry))
    return mac.finalize().hex()


def _canonical(entry: AuditEntry) -> bytes:
    """Every field but the digest, as JSON with sorted keys and no spaces."""
    fields = {field.attname: getattr(entry, field.attname) for field in AuditEntry._meta.concrete_fields}
    del fields["digest"]
    fields["at"] = entry.at.astimezone(UTC).isoformat()
    return json.dumps(plain(fields), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def verify() -> Verification:
    """Walk the whole chain and compare it with the head file; stops at the first fault."""
    previous, read = GENESIS, 0
    try:
        head = read_head()
    except (ValueError, KeyError, TypeError):
        return Verification(0, Fault("head_unreadable", 0))
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        fault = _fault_of(entry, read + 1, previous)
        if fault is None and head and head.id == entry.id and not hmac.compare_digest(head.digest, entry.digest):
            fault = Fault("replaced_tail", entry.id)
        if fault:
            return Verification(read, fault)
        previous, read = entry.digest, entry.id
    if head and head.id > read:
        return Verification(read, Fault("cut_tail", read + 1))
    return Verification(read, None)


def _fault_of(entry: AuditEntry, expected_id: int, previous: str) -> Fault | None:
    if entry.id != expected_id:
        return Fault("gap", expected_id)
    try:
        wanted = digest(entry, previous)
    except (keys.KeyFileError, KeyError):
        return Fault("unknown_key", entry.id)
    return None if hmac.compare_digest(wanted, entry.digest) else Fault("altered", entry.id)


def head_path() -> Path:
    """The head file; one per database, so that a test or a copy never speaks for another."""
    return Path(settings.DATA_DIR) / f"audit-head-{connection.settings_dict['NAME']}.json"


def read_head() -> Head | None:
    """What the head file says, or None when there is none. Raises ValueError, KeyError or TypeError when it is not ours."""
    try:
        stored = json.loads(head_path().read_text())
    except FileNotFoundError:
        return None
    return Head(int(stored["id"]), str(stored["digest"]))


@contextlib.contextmanager
def _head_lock() -> Iterator[None]:
    """One process at a time moves the head."""
    path = head_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _note_head(head: Head) -> None:
    """Move the head forward, unless the chain no longer contains the old head: that evidence must stay."""
    with _head_lock():
        known = read_head()
        if known and not AuditEntry.objects.filter(pk=known.id, digest=known.digest).exists():
            log.critical("the audit chain does not contain its recorded head", extra={"head": known.id})
            return
        if known is None or known.id < head.id:
            set_head(head)


def set_head(head: Head) -> None:
    """Write the head file, whatever it said: what ``restore`` does after it has put the old one aside."""
    path = head_path()
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps({"id": head.id, "digest": head.digest}))
    os.replace(scratch, path)
