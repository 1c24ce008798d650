"""The sentences of the design-time check: what deviates, and what of a text could not be read."""

from collections.abc import Mapping

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core.texts import Text
from genes.designing import Deviation
from genes.engine.ddl import Problem

_DEVIATIONS: Mapping[str, Text] = {
    "type_unknown": _("类型“%(type)s”无法识别，可能缺少逗号"), "no_comment": _("缺少注释"),
    "repeated": _("同一张表中有 %(count)s 个字段叫这个名称"),
    "leading_zeros": _("代码有前导零（如 %(code)s），类型 %(type)s 会丢掉零，应为 %(wanted)s"),
    "temporal": _("数据格式 %(notation)s 不是日期，类型 %(type)s 应为 %(wanted)s"),
    "number": _("数据格式 %(notation)s 不是数值，类型 %(type)s 应为 %(wanted)s"),
    "too_short": _("长度 %(declared)s 不够，数据格式 %(notation)s 需要 %(needed)s 个字符"),
    "bytes": _("长度 %(declared)s 按字节计，存不下 %(needed)s 个汉字，应为 %(wanted)s"),
    "too_long_for": _("长度 %(declared)s 超过数据格式 %(notation)s 的 %(needed)s 个字符"),
    "too_narrow": _("类型 %(type)s 存不下数据格式 %(notation)s，应为 %(wanted)s"),
    "name": _("名称不是数据元的英文名或短名，可用 %(wanted)s"), "code_set": _("取值应引用代码集 %(code_set)s"),
    "notation": _("数据元的数据格式“%(notation)s”无法解析，没有检查类型"),
}  # fmt: skip
_PROBLEMS: Mapping[str, Text] = {
    "too_long": _("内容超过 %(most)s KB，请分成几份。"), "too_many": _("字段超过 %(most)s 个，请分成几份。"),
    "token": _("引号或注释没有结束：%(sign)s。"), "syntax": _("此语句无法解析：%(said)s。"),
    "no_table": _("没有找到 CREATE TABLE 语句。请确认所选的数据库产品与内容一致。"),
    "no_columns": _("表 %(table)s 没有字段清单；请贴出写明字段的 CREATE TABLE。"),
    "open_bracket": _("括号没有结束。"), "too_deep": _("括号嵌套超过 %(most)s 层。"), "bad_name": _("此处应为字段名：%(name)s"),
    "comment_of_nothing": _("注释所指的字段 %(name)s 不在上面的表中。"), "unreadable": _("%(said)s"),
}  # fmt: skip


def deviation_in_words(deviation: Deviation) -> str:
    return str(_DEVIATIONS[deviation.key]) % dict(deviation.facts)


def problem_in_words(problem: Problem) -> str:
    """With its line, when it has one."""
    said = str(_PROBLEMS[problem.key]) % dict(problem.facts)
    return translate("第 %(line)s 行：%(text)s") % {"line": problem.line, "text": said} if problem.line else said
