"""Codes to sentences: an error or a phase is stored as a code and shown in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core.texts import Text

_templates: dict[str, Text] = {}


def register(code: str, template: Text) -> None:
    """Give a code its sentence, with ``{name}`` for parameters. Raises ValueError when the code has another one."""
    if _templates.setdefault(code, template) is not template:  # not ==: that would translate before Django is ready
        raise ValueError(f"message {code!r} is registered twice")


def register_all(templates: Mapping[str, Text]) -> None:
    for code, template in templates.items():
        register(code, template)


def is_known(code: str) -> bool:
    return code in _templates


def text(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence of a code in the active language; a generic one for a code nobody registered."""
    template = _templates.get(code)
    if template is None:
        return translate("操作没有完成（{code}）。").format(code=code)
    return str(template).format_map(_Blank({name: _named(value) for name, value in (params or {}).items()}))


def _named(value: Any) -> Any:
    """A parameter may be a sentence itself: {"code", "params", "text"}, the text for a code nobody registered."""
    if not isinstance(value, Mapping):
        return value
    code = str(value.get("code", ""))
    return text(code, value.get("params")) if is_known(code) else value.get("text", "…")


class _Blank(dict[str, Any]):
    """A parameter that was not stored shows as …, rather than breaking the page."""

    def __missing__(self, key: str) -> str:
        return "…"


register_all(
    {
        "internal_error": _("程序出错，操作没有完成。请把编号 {reference} 告知系统管理员。"),
        "worker_lost": _(
            "执行任务的进程多次意外退出，任务已停止；已完成的部分已保存。常见原因是内存不足，或某个表、文件使程序崩溃。"
            "请减少一次处理的内容后重试，仍然失败时请联系系统管理员。"
        ),
        "timeout": _("任务超过 {seconds} 秒仍未完成，已停止。已完成的部分已保存。"),
        "storage_full": _("平台的磁盘空间已满，任务已停止；已完成的部分已保存。请联系系统管理员清理磁盘后重试。"),
        "unknown_kind": _("执行程序的版本不认识这种任务（{kind}）。请升级执行程序后重试。"),
    }
)
