"""Upkeep as jobs, so that it runs by schedule, shows its progress, can be cancelled, and fails where people look."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core import audit, keys, messages
from core.jobs import JobContext, JobFailed, JobKind, register
from datagene import upkeep

T = TypeVar("T")
Results = Callable[[], dict[str, Any]]
TARGET = "platform:backup"  # also the exclusive key: one of these at a time


def handle_backup(context: JobContext) -> Results:
    from datagene import backup  # slow import: only a worker makes backups

    folder = Path(settings.BACKUP_DIR)
    made = _or_failed(lambda: backup.make(folder, _step(context)))
    _or_failed(lambda: backup.prune(folder, settings.BACKUP_KEEP))

    def results() -> dict[str, Any]:
        upkeep.note(upkeep.BACKUP_MADE, **made.told())
        return made.told()

    return results


def handle_verify_backup(context: JobContext) -> Results:
    from datagene import backup  # slow import: as above

    newest = _or_failed(lambda: backup.newest(Path(settings.BACKUP_DIR)))
    manifest = _or_failed(lambda: backup.prove(newest, _step(context)))

    def results() -> dict[str, Any]:
        told = {"backup": manifest.name, "rows": sum(manifest.rows.values())}
        upkeep.note(upkeep.BACKUP_VERIFIED, **told)
        return told

    return results


def handle_verify_audit(context: JobContext) -> Results:
    """Fails when the chain is broken; either way the finding is an entry of the trail itself."""
    outcome = audit.verify()
    fault = outcome.fault
    told = {"entries": outcome.entries, "fault": fault.kind if fault else None}
    if fault:
        upkeep.note(upkeep.AUDIT_VERIFIED, **told)
        raise JobFailed("audit_broken", entry=fault.entry, kind=fault.kind)

    def results() -> dict[str, Any]:
        upkeep.note(upkeep.AUDIT_VERIFIED, **told)
        return told

    return results


def _step(context: JobContext) -> Callable[[int, str], None]:
    def step(done: int, phase: str) -> None:
        context.check()
        context.progress(done, 0, phase)

    return step


def _or_failed(act: Callable[[], T]) -> T:
    from datagene.backup import BackupError  # slow import: as above

    try:
        return act()
    except BackupError as error:
        raise JobFailed(error.code, **error.params) from None
    except keys.KeyFileError as error:
        raise JobFailed("key_file", reason=str(error)) from None


BACKUP = JobKind(kind="platform.backup", label=_("备份平台"), handler=handle_backup, max_attempt=2)
VERIFY_BACKUP = JobKind(
    kind="platform.verify_backup", label=_("验证最新备份"), handler=handle_verify_backup, max_attempt=2
)
VERIFY_AUDIT = JobKind(
    kind="platform.verify_audit", label=_("核验审计记录"), handler=handle_verify_audit, max_attempt=2
)
# When each is done, by cron text in the platform's time zone, unless schedule_upkeep says otherwise.
USUAL = {BACKUP: "30 2 * * *", VERIFY_AUDIT: "30 3 * * *", VERIFY_BACKUP: "30 4 * * 0"}


def register_kinds() -> None:
    for kind in USUAL:
        register(kind)
    messages.register("audit_broken", _("审计记录在第 {entry} 条处不完整（{kind}）。请保留现场并通知审计管理员。"))
    messages.register("key_file", _("密钥文件无法使用：{reason}"))
