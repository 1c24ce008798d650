"""Making a backup: one snapshot of the database for the dump, the row counts and the audit head; then the uploads."""

import contextlib
import fcntl
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from assets.policy import upload_store
from core import keys
from datagene.backup import manifest as manifests
from datagene.backup import postgres
from datagene.backup.errors import BackupError, place_of
from datagene.backup.manifest import DATABASE, UPLOADS, Manifest
from datagene.backup.sealing import CHUNK, Sealer
from datagene.version import version

PARTIAL = ".partial"
Step = Callable[[int, str], None]
"""Called often with bytes written and a phase; raises to stop the backup."""


def nothing(done: int, phase: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    manifest: Manifest

    def told(self) -> dict[str, Any]:
        """For the audit trail and the job's result."""
        size = sum(self.manifest.parts.values())
        return {"backup": self.manifest.name, "bytes": size, "rows": sum(self.manifest.rows.values())}


def make(folder: Path, step: Step = nothing) -> Made:
    """A finished backup in ``folder``, or nothing: it gets its name last. Raises BackupError, keys.KeyFileError.

    Files of an upload made meanwhile may be in it though their row is not: they do no harm.
    """
    with place_of(folder), alone(folder):
        name = manifests.new_name()
        aside = folder / f"{name}{PARTIAL}"
        aside.mkdir(mode=0o700)
        try:
            written = _write(aside, name, step)
            _settle(aside)
            aside.rename(folder / name)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return Made(folder / name, written)


def prune(folder: Path, keep: int) -> list[str]:
    """Remove all but the ``keep`` newest finished backups, and what interrupted ones left; the names removed."""
    with place_of(folder), alone(folder):
        old = manifests.all_in(folder)[: -max(keep, 1)]
        left = [path for path in folder.iterdir() if manifests.NAME.match(path.name.removesuffix(PARTIAL))]
        for path in (*old, *(path for path in left if path.name.endswith(PARTIAL))):
            shutil.rmtree(path)
    return [path.name for path in old]


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time makes, removes or proves backups in a folder. Raises BackupError busy."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("backup.busy", folder=folder) from None
        yield


def _write(aside: Path, name: str, step: Step) -> Manifest:
    held = postgres.connect()
    try:
        held.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with held.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            manifest = _describe(cursor, name)
            with _sealed(aside, manifest, DATABASE) as sealer:
                _dump(manifest.postgres, snapshot, sealer, step)
    finally:
        held.close()
    with _sealed(aside, manifest, UPLOADS) as sealer:
        packed = _pack(upload_store(), sealer, step)
    parts = {part: (aside / part).stat().st_size for part in (DATABASE, UPLOADS)}
    finished = replace(manifest, uploads=packed, parts=parts)
    manifests.write(aside, finished)
    return finished


def _describe(cursor: Any, name: str) -> Manifest:
    """What the snapshot holds."""
    rows = postgres.row_counts(cursor)
    cursor.execute("SELECT id, digest FROM core_auditentry ORDER BY id DESC LIMIT 1")
    newest = cursor.fetchone()
    applied = MigrationRecorder(connection).applied_migrations()
    return Manifest(
        name=name,
        made_at=name.split("-")[1],
        kid=keys.current().kid,
        salt=os.urandom(32).hex(),
        release=version(),
        postgres=postgres.major_version(),
        migrations=sorted(f"{app}.{migration}" for app, migration in applied),
        rows=rows,
        audit={"id": newest[0], "digest": newest[1]} if newest else None,
        uploads={},
    )


@contextlib.contextmanager
def _sealed(aside: Path, manifest: Manifest, part: str) -> Iterator[Sealer]:
    with (aside / part).open("wb") as file:
        sealer = Sealer(file, manifest.key(part))
        yield sealer
        sealer.close()


def _dump(major: int, snapshot: str, sealer: Sealer, step: Step) -> None:
    with tempfile.TemporaryFile() as errors:
        process = postgres.start_dump(major, snapshot, errors)
        assert process.stdout is not None
        done = 0
        try:
            while chunk := process.stdout.read(CHUNK):
                done += sealer.write(chunk)
                step(done, "backup.dumping")
            postgres.finish(process, errors)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _pack(store: Path, sealer: Sealer, step: Step) -> dict[str, Any]:
    """The store as a tar: regular files only, no links; {"folder", "files", "bytes"}."""
    files = total = 0
    archive = tarfile.open(fileobj=_Writing(sealer), mode="w|")  # type: ignore[call-overload]  # noqa: SIM115
    for path in sorted(store.rglob("*")) if store.is_dir() else ():
        if path.is_symlink() or not path.is_file():
            continue
        with contextlib.suppress(FileNotFoundError):  # its upload was taken back meanwhile
            archive.add(path, str(path.relative_to(store)), recursive=False)
            files, total = files + 1, total + path.stat().st_size
            step(total, "backup.packing")
    archive.close()
    return {"folder": str(store), "files": files, "bytes": total}


class _Writing:
    """The little of a file that tarfile wants."""

    def __init__(self, sealer: Sealer) -> None:
        self.write = sealer.write


def _settle(folder: Path) -> None:
    """To the disk before the name says that it is finished."""
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
