"""Restoring a backup into an empty database, and the proof that what came out is what went in."""

import contextlib
import os
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from assets.policy import upload_store
from assets.services.uploads import move_store
from core import audit
from datagene import upkeep
from datagene.backup import manifest as manifests
from datagene.backup import postgres
from datagene.backup.errors import BackupError, place_of
from datagene.backup.manifest import DATABASE, UPLOADS, Manifest
from datagene.backup.sealing import Broken, Opened, opened


@dataclass(frozen=True, slots=True)
class Restored:
    """Counted and verified, not copied from the manifest."""

    name: str
    tables: int
    rows: int
    files: int
    audit_entries: int


def restore(backup: Path) -> Restored:
    """Restore into the database and data directory of the settings. Raises BackupError, keys.KeyFileError.

    Refuses a database or a store of uploads that holds anything; a failure before the rows are counted leaves both as
    they were. An older release's backup is migrated to this one.
    """
    manifest = manifests.read(backup)
    _refuse_later_release(manifest)
    _refuse_used(manifest)
    _restore_database(backup, manifest)
    rows = _count(manifest)
    files = _restore_uploads(backup, manifest)
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    former = _set_head(manifest)
    entries = _verify_audit(manifest)
    moved = move_store(actor=None, former=Path(manifest.uploads["folder"]))
    upkeep.note(upkeep.BACKUP_RESTORED, backup=manifest.name, former_head=former, moved_uploads=moved)
    return Restored(manifest.name, len(rows), sum(rows.values()), files, entries)


def _refuse_later_release(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise BackupError("backup.later_release", backup=manifest.name, migration=unknown[0])


def _refuse_used(manifest: Manifest) -> None:
    used = postgres.used_by()
    if used:
        name = connection.settings_dict["NAME"]
        raise BackupError("backup.database_in_use", database=name, tables=", ".join(used[:3]))
    store = upload_store()
    if store.exists() and any(store.iterdir()):
        raise BackupError("backup.uploads_in_use", folder=store)


def _restore_database(backup: Path, manifest: Manifest) -> None:
    """Through pg_restore in one transaction: a stream that breaks off leaves the database empty."""
    postgres.make_extensions()
    connection.close()
    with (backup / DATABASE).open("rb") as sealed, tempfile.TemporaryFile() as errors:
        process = postgres.start_restore(max(manifest.postgres, postgres.major_version()), errors)
        assert process.stdin is not None
        try:
            for chunk in opened(sealed, manifest.key(DATABASE)):
                process.stdin.write(chunk)
            process.stdin.close()
            postgres.finish(process, errors)
        except Broken:
            raise BackupError("backup.altered", backup=manifest.name, part=DATABASE) from None
        except BrokenPipeError:
            postgres.finish(process, errors)  # it says why it would not go on
        finally:
            process.kill()  # before its input ends, or it might take that for the end of the dump
            process.wait()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()


def _count(manifest: Manifest) -> dict[str, int]:
    with connection.cursor() as cursor:
        rows = postgres.row_counts(cursor)
    if rows != manifest.rows:
        differing = sorted(
            table for table in rows.keys() | manifest.rows.keys() if rows.get(table) != manifest.rows.get(table)
        )
        told = ", ".join(f"{table} {rows.get(table)} ≠ {manifest.rows.get(table)}" for table in differing[:5])
        raise BackupError("backup.rows_differ", tables=told)
    return rows


def _restore_uploads(backup: Path, manifest: Manifest) -> int:
    store = upload_store()
    aside = store.with_name(store.name + ".partial")
    with place_of(store):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700, parents=True)
        try:
            with (backup / UPLOADS).open("rb") as sealed:
                files = _unpack(Opened(sealed, manifest.key(UPLOADS)), aside)
        except (Broken, tarfile.TarError):
            raise BackupError("backup.altered", backup=manifest.name, part=UPLOADS) from None
        if files != manifest.uploads["files"]:
            raise BackupError("backup.altered", backup=manifest.name, part=UPLOADS)
        if store.exists():
            store.rmdir()
        aside.rename(store)
    return files


def _unpack(stream: Opened, folder: Path) -> int:
    """Regular files below ``folder`` and nothing else; the number of them."""
    files = 0
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
        for member in archive:
            name = PurePosixPath(member.name)
            if not member.isfile() or name.is_absolute() or ".." in name.parts:
                raise tarfile.TarError(member.name)
            target = folder / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content: IO[bytes] | None = archive.extractfile(member)
            assert content is not None
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                shutil.copyfileobj(content, file)
            files += 1
    while stream.read(1 << 20):  # tar's end may come before the stream's, whose last chunk proves it whole
        pass
    return files


def _set_head(manifest: Manifest) -> dict[str, Any] | None:
    """The head file speaks of the restored chain; the one that was here stays beside it, as evidence of what was lost."""
    path = audit.head_path()
    former = None
    if path.exists():
        former = path.with_name(f"{path.stem}-before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json")
        path.rename(former)
    if manifest.audit:
        audit.set_head(audit.Head(manifest.audit["id"], manifest.audit["digest"]))
    return {"file": former.name} if former else None


def _verify_audit(manifest: Manifest) -> int:
    outcome = audit.verify()
    if outcome.fault:
        raise BackupError("backup.audit_broken", entry=outcome.fault.entry, kind=outcome.fault.kind)
    return outcome.entries
