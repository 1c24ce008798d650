"""What can go wrong with a backup, as codes with a sentence in the reader's language."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core import messages
from core.texts import Text, clean

SENTENCES: dict[str, Text] = {
    "backup.no_program": _("本机没有 PostgreSQL {major} 的 {program}。请安装 postgresql-client-{major} 后重试。"),
    "backup.program_failed": _("{program} 没有完成：{reason}"),
    "backup.no_place": _("目录 {folder} 无法使用：{reason}。"),
    "backup.busy": _("{folder} 中另一个备份正在进行。"),
    "backup.none": _("{folder} 中没有备份。"),
    "backup.not_one": _("{folder} 不是备份：{reason}。"),
    "backup.altered": _("备份 {backup} 的 {part} 已被改动或不完整。"),
    "backup.wrong_key": _("备份 {backup} 由密钥 {kid} 加密，密钥文件中没有它。请使用备份当时的密钥文件。"),
    "backup.later_release": _("备份 {backup} 来自更新的版本（{migration}）。请先升级程序再恢复。"),
    "backup.database_in_use": _("数据库 {database} 不是空的（有 {tables}）。只能恢复到空数据库，没有做任何改动。"),
    "backup.uploads_in_use": _("{folder} 中已有文件。请移走后再恢复，没有做任何改动。"),
    "backup.rows_differ": _("恢复后的行数与备份记录不符：{tables}。"),
    "backup.audit_broken": _("恢复后的审计记录在第 {entry} 条处不完整（{kind}）。"),
    "backup.no_scratch": _("无法建立验证用的数据库：{reason} 数据库账号需要 CREATEDB 权限。"),
    "backup.unusable": _("备份 {backup} 没有通过恢复验证：{reason}"),
}
PHASES: dict[str, Text] = {
    "backup.dumping": _("正在导出数据库"),
    "backup.packing": _("正在打包上传的文件"),
    "backup.restoring": _("正在恢复到验证用的数据库"),
}


class BackupError(Exception):
    """``code`` and ``params`` as core.messages knows them; as text, the English sentence for a terminal."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, {name: clean(value, 500) for name, value in params.items()}
        super().__init__(code)

    def __str__(self) -> str:
        with override("en"):
            return messages.text(self.code, self.params)


@contextmanager
def place_of(folder: Any) -> Iterator[None]:
    """Files in ``folder`` that cannot be written (full, closed, gone) end as a BackupError."""
    try:
        yield
    except OSError as error:
        raise BackupError("backup.no_place", folder=folder, reason=error.strerror or str(error)) from None


def register() -> None:
    messages.register_all(SENTENCES | PHASES)
