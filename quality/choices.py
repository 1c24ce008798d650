"""Closed lists of data quality; the Chinese label is what a page shows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Dimension(models.TextChoices):
    """质量维度 – the six dimensions of GB/T 36344-2018, by the first two digits of the indicator code."""

    STANDARD = "01", _("规范性")  # conforms to standards, models, reference data
    COMPLETE = "02", _("完整性")  # nothing that should be there is missing
    ACCURATE = "03", _("准确性")  # says what is true, in the right form, once
    CONSISTENT = "04", _("一致性")  # agrees with other data
    TIMELY = "05", _("时效性")  # is there when it is needed
    ACCESSIBLE = "06", _("可访问性")  # can be reached and used


class IndicatorCode(models.TextChoices):
    """质量指标 – indicators of GB/T 36344-2018 that a rule may serve; the first two digits are the dimension."""

    DATA_STANDARD = "0101", _("数据标准")
    DATA_MODEL = "0102", _("数据模型")
    METADATA = "0103", _("元数据")
    BUSINESS_RULE = "0104", _("业务规则")
    REFERENCE_DATA = "0105", _("权威参考数据")
    SECURITY = "0106", _("安全规范")
    ELEMENT_COMPLETE = "0201", _("数据元素完整性")
    RECORD_COMPLETE = "0202", _("数据记录完整性")
    CONTENT_CORRECT = "0301", _("数据内容正确性")
    FORMAT_VALID = "0302", _("数据格式合规性")
    DUPLICATE_RATE = "0303", _("数据重复率")
    UNIQUE = "0304", _("数据唯一性")
    DIRTY_RATE = "0305", _("脏数据出现率")
    SAME_DATA = "0401", _("相同数据一致性")
    RELATED_DATA = "0402", _("关联数据一致性")
    PERIOD_CORRECT = "0501", _("基于时间段的正确性")
    POINT_TIMELY = "0502", _("基于时间点的及时性")
    SEQUENCE = "0503", _("时序性")
    ACCESSIBLE = "0601", _("可访问性")
    AVAILABLE = "0602", _("可用性")


class Severity(models.TextChoices):
    """严重程度 – what a broken rule means for whoever uses the data."""

    CRITICAL = "critical", _("严重")  # the row cannot be used
    MAJOR = "major", _("一般")  # the value cannot be relied on
    MINOR = "minor", _("轻微")  # a blemish


class RuleOrigin(models.TextChoices):
    """规则来源 – how a rule came about."""

    MANUAL = "manual", _("手工登记")  # a person wrote it
    PROPOSAL = "proposal", _("采纳建议")  # a person accepted a proposal


class ProposalState(models.TextChoices):
    """建议状态 – what a person made of a proposed rule."""

    OPEN = "open", _("待处理")  # waits for a person
    ACCEPTED = "accepted", _("已采纳")  # became a rule
    REJECTED = "rejected", _("已忽略")  # never proposed again
    OUTDATED = "outdated", _("已失效")  # the latest profile no longer speaks for it


class FindingState(models.TextChoices):
    """问题状态 – only a passing re-scan closes a finding."""

    OPEN = "open", _("未解决")  # the last check of the rule failed
    CLOSED = "closed", _("已解决")  # a later check of the same rule passed
    WITHDRAWN = "withdrawn", _("已撤销")  # its rule was changed, disabled or deleted


# Which indicator a kind of rule serves unless a person says otherwise.
KIND_INDICATORS = {
    "not_null": IndicatorCode.ELEMENT_COMPLETE,
    "unique": IndicatorCode.UNIQUE,
    "compound_unique": IndicatorCode.UNIQUE,
    "in_set": IndicatorCode.REFERENCE_DATA,
    "matches": IndicatorCode.FORMAT_VALID,
    "length_between": IndicatorCode.FORMAT_VALID,
    "between": IndicatorCode.CONTENT_CORRECT,
    "date_format": IndicatorCode.FORMAT_VALID,
    "checksum": IndicatorCode.CONTENT_CORRECT,
    "reference": IndicatorCode.RELATED_DATA,
    "row_count": IndicatorCode.RECORD_COMPLETE,
    "freshness": IndicatorCode.POINT_TIMELY,
}
