"""Fixed choices of genes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Zone(models.TextChoices):
    """How sure the machine is of its best answer."""

    AUTO = "auto", _("高置信")  # may be accepted unseen: expected precision 0.95 or more
    SUGGESTED = "suggested", _("待确认")  # a person decides
    NONE = "none", _("无对应")  # no element fits


class MatchState(models.TextChoices):
    """What became of a proposed match."""

    PROPOSED = "proposed", _("待确认")  # waits for a person
    ACCEPTED = "accepted", _("已确认")  # the column carries this element
    REJECTED = "rejected", _("已否决")  # a person said it does not


class Origin(models.TextChoices):
    """Who bound a column to an element."""

    MACHINE = "machine", _("自动")  # the auto zone, accepted in bulk by policy
    PERSON = "person", _("人工")  # never overwritten by a machine


class Verdict(models.TextChoices):
    """One decision of a person, kept for ever: the training rows of the matcher."""

    ACCEPT = "accept", _("确认")  # this element
    REJECT = "reject", _("否决")  # not this element
    NONE = "none", _("无对应")  # no element of the catalogue
    UNDO = "undo", _("撤销")  # the decision before this one does not count


class Aspect(models.TextChoices):
    """What of a column is held against its data element."""

    CHECKSUM = "checksum", _("校验码")  # of the values
    CODES = "codes", _("代码集")  # of the values
    NOTATION = "notation", _("数据格式")  # of the values
    TYPE = "type", _("声明类型")  # of the declaration
    LENGTH = "length", _("声明长度")  # of the declaration


class DeviationState(models.TextChoices):
    """Where a deviation stands; reckoned from its dates, so that an acceptance ends by itself."""

    OPEN = "open", _("未处理")  # found by the newest check
    ACCEPTED = "accepted", _("已批准")  # somebody lets it stand until a day
    CLEARED = "cleared", _("已消除")  # a re-scan found nothing of it


class Outcome(models.TextChoices):
    """How an alarm ended."""

    DECIDED = "decided", _("已重新确认")  # a person decided on the column again
    RETURNED = "returned", _("取值已恢复")  # a later reading is near the baseline


class SecurityLevel(models.IntegerChoices):
    """级别 – of general data 1…4; 5 and 6 by a person alone (GB/T 43697-2024, annexes G and H)."""

    L1 = 1, _("1 级 非敏感")
    L2 = 2, _("2 级 低")
    L3 = 3, _("3 级 中")
    L4 = 4, _("4 级 高")
    L5 = 5, _("5 级 重要")
    L6 = 6, _("6 级 核心")


class RulingState(models.TextChoices):
    """Where a ruling on an authoritative source stands; `genes.workflows` says what leads where."""

    DRAFT = "draft", _("拟定")  # being written
    REVIEW = "review", _("待裁定")  # waits for somebody other than its author
    IN_FORCE = "in_force", _("已认定")  # names the source department
    ENDED = "ended", _("已终止")  # taken back, or another took its place


class Standing(models.TextChoices):
    """A ruling today: its state, and where its days stand."""

    DRAFT = "draft", _("拟定")  # being written
    REVIEW = "review", _("待裁定")  # waits for somebody other than its author
    UPCOMING = "upcoming", _("待生效")  # ruled; its first day is still to come
    IN_FORCE = "in_force", _("已认定")  # names the source department today
    ENDED = "ended", _("已终止")  # its last day has passed, it was taken back, or another took its place


class RelationKind(models.TextChoices):
    """How two genes belong together on the map."""

    TOGETHER = "together", _("同表出现")  # columns of one table carry them
    SHARED = "shared", _("取值包含")  # values of the one lie in the other
    DERIVED = "derived", _("可推导")  # the one can be read off the other


class Difference(models.TextChoices):
    """In what a column differs from the rest of its family."""

    FORMAT = "format", _("格式")  # characters or the written form of dates
    LENGTH = "length", _("长度")  # where the others have one length
    CODE_SET = "code_set", _("代码集")  # its values lie in another code set


class Product(models.TextChoices):
    """The database for which a table is designed; `genes.engine.ddl` reads what its tools write."""

    POSTGRESQL = "postgresql", "PostgreSQL"
    KINGBASE = "kingbase", _("人大金仓")  # as PostgreSQL
    OPENGAUSS = "opengauss", "openGauss"  # as PostgreSQL
    MYSQL = "mysql", "MySQL"
    MARIADB = "mariadb", "MariaDB"
    ORACLE = "oracle", "Oracle"
    DAMENG = "dameng", _("达梦")  # as Oracle
    SQLITE = "sqlite", "SQLite"


class DesignKind(models.TextChoices):
    """What is pasted for the design-time check."""

    DDL = "ddl", _("建表语句")
    LIST = "list", _("字段清单")
