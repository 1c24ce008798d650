"""A backup is worth what its restoring proves: rows, audit chain, sealed passwords and uploads, on an empty server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection

from assets.models import DataSource
from assets.services import sources, uploads
from core import audit, crypto, jobs, keys
from core.models import AuditEntry, Job, Schedule
from datagene import backup, environment, ownership, upkeep
from datagene.backup import BackupError, manifest, postgres, sealing
from datagene.environment import database_url
from datagene.jobs import BACKUP, TARGET, VERIFY_AUDIT, VERIFY_BACKUP
from tests.accounts import world
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
ROLE = "restored_app"  # made by the restoring itself
PASSWORD = "planted-Reader-密码-77"
CONTENT = b"code,name\n1,planted-upload-text\n" * 5000
SERVER = {"host": "10.1.2.3", "port": 5432, "database": "hj", "user": "reader"}


@pytest.fixture
def own(settings: Any, tmp_path: Path) -> Path:
    """Keys, uploads, audit head and backups of this test alone."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    settings.BACKUP_DIR, settings.KEY_FILE = str(tmp_path / "备 份"), str(tmp_path / "keys")
    keys.create(tmp_path / "keys")
    return tmp_path


@pytest.fixture
def filled(own: Path, city: SimpleNamespace) -> DataSource:
    """Agencies, people, a source with a password, an upload, a signed-in session, an audit trail."""
    world.browser(city.officer).get("/")
    manager = world.person(city.police, "source_manager")
    file = SimpleUploadedFile("名 单.csv", CONTENT)
    uploads.register_upload(actor=manager, agency=city.police, name="上传", files=[file])
    return sources.register_source(
        actor=manager,
        agency=city.police,
        kind="postgresql",
        name="户籍库",
        parameters=SERVER,
        secrets={"password": PASSWORD},
    )


@pytest.fixture
def folder(settings: Any, own: Path) -> Path:
    return Path(settings.BACKUP_DIR)


@pytest.fixture
def empty_database() -> Iterator[str]:
    """URL of a new database on the same server."""
    with postgres.databases() as cursor:
        cursor.execute("CREATE DATABASE restored_elsewhere TEMPLATE template0")
    yield database_url({**connection.settings_dict, "NAME": "restored_elsewhere"})
    with postgres.databases() as cursor:
        cursor.execute("DROP DATABASE restored_elsewhere WITH (FORCE)")
        cursor.execute(f"DROP ROLE IF EXISTS {ROLE}")


@pytest.fixture
def elsewhere(empty_database: str, own: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Another installation, of two roles: `elsewhere("restore", path)` is manage.py there."""
    given = {"DATABASE_URL": as_application(empty_database), "DATABASE_OWNER_URL": empty_database}
    given |= {"DATAGENE_DATA": str(own / "elsewhere"), "KEY_FILE": str(own / "keys")}

    def manage(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), *arguments]
        return subprocess.run(command, env=os.environ | given | more, capture_output=True, text=True, timeout=300)

    return manage


@pytest.fixture
def restore_here(empty_database: str, settings: Any, own: Path) -> Iterator[Callable[[Path], backup.Restored]]:
    """The same within this process: the platform's connection and data directory are those of the other place meanwhile."""
    name = connection.settings_dict["NAME"]

    def restore(path: Path) -> backup.Restored:
        connection.close()
        connection.settings_dict["NAME"], settings.DATA_DIR = "restored_elsewhere", own / "elsewhere"
        settings.DATA_DIR.mkdir(exist_ok=True)
        return backup.restore(path)

    yield restore
    connection.close()
    connection.settings_dict["NAME"] = name


def as_application(url: str) -> str:
    return database_url({**environment.postgres(url), "USER": ROLE, "PASSWORD": "planted-application"})


def rows(url: str) -> dict[str, int]:
    with psycopg2.connect(url) as held, held.cursor() as cursor:
        counts = postgres.row_counts(cursor)
    held.close()
    return counts


def every_byte(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# There and back -----------------------------------------------------------------------------------------------------


def test_a_restored_platform_is_the_platform(
    filled: DataSource, folder: Path, empty_database: str, elsewhere: Callable[..., Any], own: Path
) -> None:
    call_command("backup")
    before = rows(database_url(connection.settings_dict))
    (made,) = manifest.all_in(folder)
    sealed = every_byte(made)
    key_lines = (own / "keys").read_bytes().split()
    for secret in (
        PASSWORD.encode(),
        b"planted-upload-text",
        b"django_session",
        filled.sealed_secrets.encode(),
        *key_lines,
    ):
        assert secret not in sealed
    assert {path.stat().st_mode & 0o077 for path in (folder, made)} == {0}

    done = elsewhere("restore", str(made))
    assert done.returncode == 0, done.stderr
    after = rows(empty_database)
    # The backup's own entry in the trail came after it; the restoring, and the upload's new place, are in the new one.
    assert before.pop("core_auditentry") - 1 == after.pop("core_auditentry") - 2
    assert before == after
    assert before["assets_datasource"] == 2
    verified = elsewhere("verify_audit")
    assert (verified.returncode, "the chain is whole" in verified.stdout) == (0, True), verified.stderr

    (uploaded,) = (own / "elsewhere" / "uploads").glob("*/*.csv")
    assert (uploaded.read_bytes(), uploaded.name, uploaded.stat().st_mode & 0o777) == (CONTENT, "名 单.csv", 0o600)
    with psycopg2.connect(as_application(empty_database)) as held, held.cursor() as cursor:
        cursor.execute(ownership.MAY_CHANGE)
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT parameters ->> 'path' FROM assets_datasource WHERE kind = 'files'")
        assert cursor.fetchone() == (str(uploaded.parent),)
        cursor.execute("SELECT sealed_secrets FROM assets_datasource WHERE kind = 'postgresql'")
        token = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)
    held.close()
    assert json.loads(crypto.unseal(token, crypto.aad(filled, "sealed_secrets"))) == {"password": PASSWORD}

    again = elsewhere("restore", str(made))
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_verifying_restores_into_a_scratch_database_and_leaves_nothing(filled: DataSource, folder: Path) -> None:
    call_command("backup", verify=True)
    assert [entry.verb for entry in AuditEntry.objects.order_by("-id")[:2]] == ["backup.verify", "backup.make"]
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == [manifest.newest(folder).name]
    with postgres.databases() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'proving%'")
        assert cursor.fetchone() == (0,)
    assert DataSource.objects.count() == 2


def test_a_backup_of_a_platform_in_use_is_of_one_moment(
    filled: DataSource, folder: Path, city: SimpleNamespace, restore_here: Callable[..., Any]
) -> None:
    """Rows written while the dump runs are in neither the dump nor its counts."""
    steps = []

    def meanwhile(done: int, phase: str) -> None:
        if not steps:
            world.agency("备份期间新增的机构", city.root)
        steps.append(phase)

    made = backup.make(folder, meanwhile)
    assert set(steps) == {"backup.dumping", "backup.packing"}
    here = rows(database_url(connection.settings_dict))
    assert made.manifest.rows["accounts_agency"] == here["accounts_agency"] - 1
    assert restore_here(made.path).rows == sum(made.manifest.rows.values())  # the dump's rows are counted there


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "harm"), [("database", "flip"), ("database", "cut"), ("database", "swap"), ("uploads", "flip")]
)
def test_an_altered_backup_does_not_come_back(
    filled: DataSource, folder: Path, restore_here: Callable[..., Any], empty_database: str, part: str, harm: str
) -> None:
    made = backup.make(folder).path
    content = bytearray((made / part).read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
    elif harm == "cut":
        content = content[:-20]
    else:
        other = backup.make(folder).path
        content = bytearray((other / part).read_bytes())
        content += bytes((made / part).stat().st_size - len(content))  # of the same size
    (made / part).write_bytes(content)
    with pytest.raises(BackupError) as refused:
        restore_here(made)
    assert (refused.value.code, refused.value.params["part"]) == ("backup.altered", part)
    assert (rows(empty_database) == {}) is (part == "database")


def test_a_changed_manifest_is_noticed(filled: DataSource, folder: Path) -> None:
    made = backup.make(folder).path
    told = json.loads((made / manifest.FILE).read_text())
    told["rows"]["accounts_person"] = 0
    (made / manifest.FILE).write_text(json.dumps(told))
    with pytest.raises(BackupError) as refused:
        backup.read(made)
    assert refused.value.code == "backup.altered"


def test_another_key_file_opens_nothing_and_says_which_is_wanted(
    filled: DataSource, folder: Path, own: Path, settings: Any
) -> None:
    made = backup.make(folder)
    keys.create(own / "other")
    settings.KEY_FILE = str(own / "other")
    with pytest.raises(BackupError, match=made.manifest.kid) as refused:
        backup.read(made.path)
    assert refused.value.code == "backup.wrong_key"


def test_a_backup_of_a_later_release_is_refused(
    filled: DataSource, folder: Path, restore_here: Callable[..., Any], empty_database: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('core', '9999_later', now())")
        try:
            made = backup.make(folder)
        finally:
            cursor.execute("DELETE FROM django_migrations WHERE name = '9999_later'")
    with pytest.raises(BackupError, match=r"core\.9999_later"):
        restore_here(made.path)
    assert rows(empty_database) == {}


def test_uploads_that_are_there_are_not_written_over(
    filled: DataSource, folder: Path, restore_here: Callable[..., Any], empty_database: str, own: Path
) -> None:
    made = backup.make(folder)
    (own / "elsewhere" / "uploads" / "kept").mkdir(parents=True)
    with pytest.raises(BackupError) as refused:
        restore_here(made.path)
    assert refused.value.code == "backup.uploads_in_use"
    assert rows(empty_database) == {}


def test_restoring_over_a_lost_database_keeps_the_former_head_as_evidence(
    filled: DataSource, folder: Path, restore_here: Callable[..., Any], own: Path
) -> None:
    made = backup.make(folder)
    data = own / "elsewhere"
    data.mkdir()
    (data / "audit-head-restored_elsewhere.json").write_text(json.dumps({"id": 999, "digest": "f" * 64}))
    done = restore_here(made.path)
    (kept,) = data.glob("audit-head-*-before-*.json")
    assert json.loads(kept.read_text())["id"] == 999
    assert made.manifest.audit is not None
    assert done.audit_entries == made.manifest.audit["id"]
    noted = upkeep.last(upkeep.BACKUP_RESTORED)
    assert noted is not None
    assert noted.changes["former_head"] == {"file": kept.name}
    assert audit.verify().fault is None


# What is kept ---------------------------------------------------------------------------------------------------------


def test_the_newest_are_kept_and_what_was_interrupted_goes(filled: DataSource, folder: Path, own: Path) -> None:
    for day in range(1, 5):
        (folder / f"datagene-2026010{day}T000000Z-00aa").mkdir(parents=True)
        (folder / f"datagene-2026010{day}T000000Z-00aa" / manifest.FILE).touch()
    (folder / "datagene-20260109T000000Z-00aa.partial").mkdir()
    (folder / "somebody-elses").mkdir()
    call_command("backup", keep=2)
    left = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    assert left == ["datagene-20260104T000000Z-00aa", manifest.newest(folder).name, "somebody-elses"]


def test_a_backup_that_fails_leaves_nothing_and_is_not_noted(
    filled: DataSource, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres.providers, "PROVIDERS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        major = int(cursor.fetchone()[0]) // 10_000
    with pytest.raises(CommandError, match=f"postgresql-client-{major}"):
        call_command("backup")
    assert [path.name for path in folder.iterdir()] == [".lock"]
    assert upkeep.last(upkeep.BACKUP_MADE) is None


def test_a_folder_that_cannot_be_written_is_named(filled: DataSource, settings: Any, own: Path) -> None:
    (own / "file").touch()
    settings.BACKUP_DIR = str(own / "file" / "x")
    with pytest.raises(CommandError, match="cannot be used: Not a directory"):
        call_command("backup")


# By schedule ------------------------------------------------------------------------------------------------------------


def run(kind: Any) -> Job:
    job = jobs.create_job(actor=None, kind=kind.kind, params={}, target=TARGET, exclusive_key=TARGET)
    jobs.drain()
    job.refresh_from_db()
    return job


def test_upkeep_runs_as_jobs_and_leaves_its_entries(filled: DataSource, folder: Path) -> None:
    made = run(BACKUP)
    assert (made.state, made.result["backup"]) == ("succeeded", manifest.newest(folder).name), made.error_text
    assert run(VERIFY_BACKUP).state == "succeeded"
    assert run(VERIFY_AUDIT).state == "succeeded"
    for act in (upkeep.BACKUP_MADE, upkeep.BACKUP_VERIFIED, upkeep.AUDIT_VERIFIED):
        assert upkeep.last(act) is not None
    shutil.rmtree(folder)
    failed = run(VERIFY_BACKUP)
    assert (failed.state, failed.error_code) == ("failed", "backup.none")


def test_a_cancelled_backup_leaves_nothing(filled: DataSource, folder: Path) -> None:
    def cancel(done: int, phase: str) -> None:
        raise jobs.JobCancelled

    with pytest.raises(jobs.JobCancelled):
        backup.make(folder, cancel)
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_a_tampered_trail_fails_its_verification_and_stays_on_record(filled: DataSource) -> None:
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_change")
        cursor.execute("UPDATE core_auditentry SET actor_name = 'nobody' WHERE id = 2")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_no_change")
    job = run(VERIFY_AUDIT)
    assert (job.state, job.error_code, job.error_params) == ("failed", "audit_broken", {"entry": 2, "kind": "altered"})
    noted = upkeep.last(upkeep.AUDIT_VERIFIED)
    assert noted is not None
    assert noted.changes["fault"] == "altered"


def test_schedules_are_made_once_and_changed_only_when_asked(db: None, own: Path) -> None:
    def crons() -> dict[str, str]:
        return {row.kind: row.cron if row.enabled else "off" for row in Schedule.objects.filter(target=TARGET)}

    call_command("schedule_upkeep")
    usual = crons()
    assert set(usual) == {BACKUP.kind, VERIFY_BACKUP.kind, VERIFY_AUDIT.kind}
    call_command("schedule_upkeep", backup="0 1 * * *", verify_audit="off")
    changed = {**usual, BACKUP.kind: "0 1 * * *", VERIFY_AUDIT.kind: "off"}
    assert crons() == changed
    entries = AuditEntry.objects.count()
    call_command("schedule_upkeep")
    assert (crons(), AuditEntry.objects.count()) == (changed, entries)
    with pytest.raises(CommandError, match="no schedule"):
        call_command("schedule_upkeep", backup="every day")


# Sealed streams ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, sealing.CHUNK - 1, sealing.CHUNK, sealing.CHUNK + 1, 3 * sealing.CHUNK])
def test_a_sealed_stream_opens_to_what_was_written(tmp_path: Path, size: int) -> None:
    content, key = os.urandom(size), os.urandom(32)
    with (tmp_path / "sealed").open("wb") as file:
        sealer = sealing.Sealer(file, key)
        for start in range(0, size, 300_000):
            sealer.write(content[start : start + 300_000])
        sealer.close()
    with (tmp_path / "sealed").open("rb") as file:
        assert b"".join(sealing.opened(file, key)) == content
    with (tmp_path / "sealed").open("rb") as file:
        stream, read = sealing.Opened(file, key), b""
        while piece := stream.read(70_001):
            read += piece
        assert read == content


def test_a_sealed_stream_notices_what_was_dropped_or_moved(tmp_path: Path) -> None:
    key, piece = os.urandom(32), sealing.CHUNK + sealing.TAG
    with (tmp_path / "sealed").open("wb") as file:
        sealer = sealing.Sealer(file, key)
        sealer.write(os.urandom(3 * sealing.CHUNK))
        sealer.close()
    whole = (tmp_path / "sealed").read_bytes()
    first, second, third = whole[:piece], whole[piece : 2 * piece], whole[2 * piece :]
    harmed = [first + second, second + first + third, first + third, whole + third, b"", whole[:-1]]
    for content in harmed:
        (tmp_path / "sealed").write_bytes(content)
        with (tmp_path / "sealed").open("rb") as file, pytest.raises(sealing.Broken):
            list(sealing.opened(file, key))


def test_the_head_file_can_be_set_back() -> None:
    audit.set_head(audit.Head(7, "a" * 64))
    assert audit.read_head() == audit.Head(7, "a" * 64)
    audit.head_path().unlink()
