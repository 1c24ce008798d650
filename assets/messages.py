"""The sentences of this app's codes: source errors (scanner.errors.MESSAGES) and phases of its jobs.

Every sentence names what and where, and what to do about it when there is something to do.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from assets.scanner_sentences import SENTENCES
from core import messages
from core.texts import Text
from scanner.errors import Said, SourceError

# core already says "timeout" of a job that ran too long; a silent source is another matter.
_RENAMED = {"timeout": "source_timeout"}

SOURCE_ERRORS: dict[str, Text] = {
    "wrong_password": _("登录失败：{host}:{port} 拒绝了账号 {user}。请核对用户名和口令。"),
    "unknown_database": _("数据库 {database} 在 {host}:{port} 上不存在。请核对库名。"),
    "unreachable": _("连接失败：主机 {host} 的 {port} 端口无响应（{reason}）。请检查地址和防火墙后重试。"),
    "host_refused": _("网络策略不允许连接主机 {host}。请联系系统管理员开放该网段。"),
    "source_timeout": _("连接超时：{host}:{port} 在 {seconds} 秒内没有应答。请稍后重试或联系数据库管理员。"),
    "connection_lost": _("读取 {object} 时与 {host}:{port} 的连接中断。请检查网络后重试。"),
    "no_permission": _("账号无权读取 {object}。请授予查询权限后重试。"),
    "no_such_table": _("表 {object} 不存在。请重新盘点。"),
    "ambiguous_table": _("有多张表叫 {object}：{candidates}。请写明模式名。"),
    "read_failed": _("{object} 读取失败：{reason}。"),
    "driver_missing": _("没有安装 {kind} 的驱动程序。请在服务器上执行：{command}"),
    "bad_parameter": _("连接参数 {name} 有误：{reason}。"),
    "no_such_path": _("路径 {path} 不存在或无法打开。"),
    "outside_folder": _("路径 {path} 不在允许的目录内。"),
    "not_a_workbook": _("文件 {path} 不是 Excel 工作簿（xlsx）。"),
    "not_parquet": _("文件 {path} 不是 Parquet 文件。"),
    "not_sqlite": _("文件 {path} 不是 SQLite 数据库。"),
    "bad_encoding": _("文件 {path} 第 {line} 行既不是 UTF-8 也不是 GB18030 编码。"),
    "bad_csv": _("文件 {path} 不是可读的表格：{reason}。"),
    "file_rejected": _("{path} 未通过安全检查：{reason}。"),
    "too_large": _("{object} 超过允许的大小：{reason}。"),
    "file_demanded": _("{host}:{port} 索要本机文件，已拒绝并断开。请核实这台服务器是否可信。"),
    "not_listed": _("{object} 不在已登记的前 {kept} 张表之内（数据源共 {found} 张），没有读取。"),
    "tables_cut": _("数据源共有 {found} 张表，按名称只登记前 {kept} 张，其余未登记。请拆分数据源。"),
    "columns_cut": _("{object} 共有 {found} 个字段，只登记前 {kept} 个，其余未登记。"),
    "row_too_large": _("{object} 有一行超过 {megabytes} MiB，无法读取。请将其中的大字段移出或改用视图。"),
    "out_of_memory": _("{object} 的剖析超过一次读取允许占用的内存或磁盘。请减少长文本字段，或改为不出库方式。"),
    "bad_answer": _("{source} 对{object}的应答不合规范：{reason}。没有据此更改任何登记，请核实该数据源。"),
    "answer_too_large": _("读取 {object} 时服务器发来的数据超过 {megabytes} MiB，连接已切断。"),
    "unsupported": _("{kind} 类型的数据源不支持 {feature}。"),
}

PHASES: dict[str, Text] = {
    "assets.connect": _("连接数据源"),
    "assets.snapshot": _("读取目录"),
    "assets.compare": _("与上次盘点比对"),
    "assets.record": _("登记表和字段"),
    "assets.read": _("逐表读取"),
    "assets.finish": _("汇总结果"),
}

OTHERS: dict[str, Text] = {
    "source_inactive": _("数据源 {name} 已停用或移除，任务没有执行。"),
    "nothing_read": _("{count} 张表都无法读取，原因见各表。请核对账号的查询权限。"),
    "source_missing": _("数据源已不存在，任务没有执行。"),
}


def register() -> None:
    messages.register_all({**SOURCE_ERRORS, **PHASES, **OTHERS, **SENTENCES})


def message_code(code: str) -> str:
    """The code under which ``core.messages`` knows a code of ``scanner.errors``."""
    return _RENAMED.get(code, code)


def as_stored(error: SourceError) -> tuple[str, dict[str, Any]]:
    """(code, params) of an error as rows keep them."""
    return sentence_stored(error.said)


def sentence_stored(sentence: str) -> tuple[str, dict[str, Any]]:
    """(code, params) of a sentence of the scanner as rows keep them; no code for text that is not its own.

    Params are text, numbers, and sentences as core.messages takes them: {"code", "params", "text"}.
    """
    if not isinstance(sentence, Said):
        return "", {}
    return message_code(sentence.code), {name: param_stored(value) for name, value in sentence.params.items()}


def param_stored(value: Any) -> Any:
    if isinstance(value, Said):
        code, params = sentence_stored(value)
        return {"code": code, "params": params, "text": str(value)}
    return value if isinstance(value, int | float) else str(value)


def sentence_text(sentence: str) -> str:
    """A sentence of the scanner in the active language."""
    code, params = sentence_stored(sentence)
    return messages.text(code, params) if code else sentence


def error_text(code: str, params: dict[str, Any]) -> str:
    """The sentence of a stored code in the active language; empty for none."""
    return messages.text(code, params) if code else ""
