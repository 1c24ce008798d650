"""Closed lists of the asset register; the Chinese label is what a page shows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SystemKind(models.TextChoices):
    """系统类别 – what an information system is for."""

    BUSINESS = "business", _("业务办理")  # handles matters for citizens and firms
    SUPERVISION = "supervision", _("监管执法")  # inspects and enforces
    SERVICE = "service", _("公共服务")  # informs the public
    OFFICE = "office", _("内部办公")  # serves the agency itself
    ANALYSIS = "analysis", _("分析决策")  # reads what others record
    PLATFORM = "platform", _("基础支撑")  # carries other systems


class SystemStatus(models.TextChoices):
    """建设状态 – where a system stands in its life."""

    PLANNED = "planned", _("拟建")  # approved, not begun
    BUILDING = "building", _("在建")  # contract signed
    RUNNING = "running", _("在用")  # in service
    SUSPENDED = "suspended", _("停用")  # out of service, data kept
    RETIRED = "retired", _("下线")  # gone for good


class Network(models.TextChoices):
    """接入网络 – the network that a system stands in."""

    EXTERNAL = "external", _("政务外网")  # e-government extranet
    INTERNAL = "internal", _("政务内网")  # e-government intranet
    INTERNET = "internet", _("互联网")  # reachable by anyone
    DEDICATED = "dedicated", _("业务专网")  # a sector's own network


class ProtectionLevel(models.IntegerChoices):
    """等级保护级别 – level of protection by GB/T 22240."""

    NONE = 0, _("未定级")  # not yet graded
    ONE = 1, _("一级")  # harm to one's own rights
    TWO = 2, _("二级")  # serious harm to rights, or harm to public order
    THREE = 3, _("三级")  # serious harm to public order, or harm to the state
    FOUR = 4, _("四级")  # grave harm to public order
    FIVE = 5, _("五级")  # grave harm to the state


class SourceState(models.TextChoices):
    """数据源状态 – what is known about the connection."""

    REGISTERED = "registered", _("待测试")  # entered, never reached
    HEALTHY = "healthy", _("正常")  # the last contact went well
    FAILING = "failing", _("异常")  # the last contact failed
    DISABLED = "disabled", _("已停用")  # a person stopped it
    REMOVED = "removed", _("已移除")  # secrets destroyed; history stays


class ValuesPolicy(models.TextChoices):
    """取值展示策略 – whether values of this source may be shown."""

    MASKED = "masked", _("个人信息脱敏后展示")  # the default
    OPEN = "open", _("原样展示")  # nothing personal in it, by decision of the owner
    HIDDEN = "hidden", _("不展示取值")  # only counts and shapes


class ObjectState(models.TextChoices):
    """对象状态 – how the last census found a table or column."""

    SEEN = "seen", _("在册")  # it was there and could be described
    GONE = "gone", _("已消失")  # a successful census did not find it
    UNREADABLE = "unreadable", _("无法读取")  # it is there, or may be, but could not be read


class TableKind(models.TextChoices):
    """表类型 – as the connectors name them."""

    TABLE = "table", _("表")  # holds rows
    VIEW = "view", _("视图")  # computed at each reading
    MATERIALIZED_VIEW = "materialized_view", _("物化视图")  # computed and kept
    FOREIGN_TABLE = "foreign_table", _("外部表")  # rows live elsewhere


class RunState(models.TextChoices):
    """运行状态 – how a census or scan ended."""

    RUNNING = "running", _("进行中")  # its job is queued or at work
    SUCCEEDED = "succeeded", _("成功")  # everything was read
    PARTIAL = "partial", _("部分成功")  # some objects could not be read
    FAILED = "failed", _("失败")  # nothing was changed
    CANCELLED = "cancelled", _("已取消")  # a person stopped it; finished tables stay


class Brake(models.TextChoices):
    """消失确认 – whether a mass disappearance waits for a person."""

    NONE = "none", _("无需确认")  # no mass disappearance
    HELD = "held", _("待确认")  # objects keep their state until a person decides
    CONFIRMED = "confirmed", _("已确认消失")  # a person said that they are gone
    REJECTED = "rejected", _("已驳回")  # a person said that the source was at fault
    SUPERSEDED = "superseded", _("已被新的盘点取代")  # a later census looked again


class ChangeKind(models.TextChoices):
    """变更类型 – what a census found different."""

    CREATED = "created", _("新增")  # first seen
    CHANGED = "changed", _("变更")  # described otherwise than before
    RENAMED = "renamed", _("更名")  # same structure under another name
    GONE = "gone", _("消失")  # confirmed not there any more
    RETURNED = "returned", _("恢复")  # gone or unreadable before, there again
    UNREADABLE = "unreadable", _("无法读取")  # there, but not to be read


class Method(models.TextChoices):
    """计量方法 – how a number was come by."""

    EXACT = "exact", _("精确计数")  # every row was counted
    ESTIMATE = "estimate", _("系统估计")  # the source's own catalogue says so
    SAMPLE = "sample", _("抽样推算")  # computed from a part


class PersonalKind(models.TextChoices):
    """个人信息类别 – why the values of a column are masked."""

    CITIZEN_ID = "citizen_id", _("身份证号")  # GB 11643
    MOBILE = "mobile", _("手机号")
    LANDLINE = "landline", _("固定电话")
    BANK_CARD = "bank_card", _("银行卡号")  # Luhn, 16–19 digits
    EMAIL = "email", _("电子邮箱")
    NAME = "name", _("姓名")
    ADDRESS = "address", _("住址")
    PLATE = "plate", _("车牌号")
    PASSPORT = "passport", _("护照号")
    BIRTH_DATE = "birth_date", _("出生日期")
