"""The only proof of a backup: restore it, as an operator would, into a database made for it and dropped again."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connection

from datagene.backup import manifest as manifests
from datagene.backup import postgres
from datagene.backup.errors import BackupError, place_of
from datagene.backup.make import Step, alone, nothing
from datagene.backup.manifest import Manifest
from datagene.embedded.layout import PROJECT
from datagene.environment import database_url


def prove(backup: Path, step: Step = nothing) -> Manifest:
    """Run `manage.py restore` on a scratch database and a scratch data directory beside the backup. Raises BackupError.

    It counts rows and verifies the audit chain; nothing of it stays, and the platform's own database is not touched.
    """
    manifest = manifests.read(backup)
    data = backup.parent / ".proving"
    with place_of(backup.parent), alone(backup.parent), _scratch_database() as name:
        shutil.rmtree(data, ignore_errors=True)  # of a run that was killed
        try:
            url = database_url({**connection.settings_dict, "NAME": name})
            # Whoever makes the scratch database owns it: nobody else is needed.
            given = {"DATABASE_URL": url, "DATABASE_OWNER_URL": "", "KEY_FILE": str(settings.KEY_FILE)}
            given["DATAGENE_DATA"] = str(data.absolute())
            command = [sys.executable, "manage.py", "restore", str(backup.absolute())]
            _run(command, os.environ | given, manifest, step)
        finally:
            shutil.rmtree(data, ignore_errors=True)
    return manifest


def _run(command: list[str], environment: dict[str, str], manifest: Manifest, step: Step) -> None:
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        try:
            while process.poll() is None:
                step(0, "backup.restoring")
                time.sleep(0.2)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            said.seek(0)
            reason = said.read().decode("utf-8", "replace").strip().splitlines()
            raise BackupError("backup.unusable", backup=manifest.name, reason=reason[-1] if reason else "?")


@contextmanager
def _scratch_database() -> Iterator[str]:
    name = f"proving_{hashlib.sha256(connection.settings_dict['NAME'].encode()).hexdigest()[:12]}_datagene"
    with postgres.databases() as cursor:
        try:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # of a run that was killed
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except psycopg2.Error as error:
            raise BackupError("backup.no_scratch", reason=str(error).strip()) from None
        try:
            yield name
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
