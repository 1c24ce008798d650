"""Fixed choices of standards."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EditionState(models.TextChoices):
    """Where an edition of an element or a code set stands; `standards.workflows` says what leads where."""

    DRAFT = "draft", _("草案")  # being written
    COMMENTING = "commenting", _("征求意见")  # open to the comments of every agency
    REVIEW = "review", _("待审")  # waits for somebody other than its author
    PUBLISHED = "published", _("已发布")  # in force; never edited again
    SUPERSEDED = "superseded", _("被取代")  # a later edition is in force
    RETIRED = "retired", _("已废止")  # out of force without a successor


IN_WORK = (EditionState.DRAFT, EditionState.COMMENTING, EditionState.REVIEW)
FINAL_STATES = (EditionState.PUBLISHED, EditionState.SUPERSEDED, EditionState.RETIRED)


class RegistrationStatus(models.TextChoices):
    """登记状态 – how far an element has come in the registry (ISO/IEC 11179-6)."""

    INCOMPLETE = "incomplete", _("不完整")  # mandatory attributes are missing
    CANDIDATE = "candidate", _("候选")  # proposed for progression
    RECORDED = "recorded", _("已登记")  # mandatory attributes are there
    QUALIFIED = "qualified", _("已审定")  # complete and conforming
    STANDARD = "standard", pgettext_lazy("registration status", "标准")  # of sufficient quality for broad use
    PREFERRED = "preferred", _("首选标准")  # the one to use
    SUPERSEDED = "superseded", _("被取代")  # another is to be used instead
    RETIRED = "retired", _("已退役")  # no longer to be used


class Domain(models.TextChoices):
    """主题域 – the subject domains of the gene map; each keeps one colour on every page."""

    POPULATION = "population", _("人口")  # natural persons
    ORGANIZATION = "organization", _("法人")  # legal persons and other organisations
    GEOGRAPHY = "geography", _("空间地理")  # regions, addresses, coordinates
    SOCIAL_SECURITY = "social_security", _("社会保障")  # insurance, relief, employment, education
    CREDIT = "credit", _("信用")  # penalties, permits, cases
    CERTIFICATE = "certificate", _("电子证照")  # certificates and licences, vehicles among them
    HEALTH = "health", _("医疗健康")  # patients, visits, drugs
    REAL_ESTATE = "real_estate", _("不动产")  # land and houses
    GENERAL = "general", _("通用")  # what every table carries


class Level(models.TextChoices):
    """安全级别 – of one item of general data (GB/T 43697-2024, 附录 H 为参考)."""

    L1 = "L1", _("1 级")  # not sensitive
    L2 = "L2", _("2 级")  # low
    L3 = "L3", _("3 级")  # medium: personal information
    L4 = "L4", _("4 级")  # high: identity, health, finance


class ValueDomain(models.TextChoices):
    """值域 – whether the permissible values are listed or described (ISO/IEC 11179-3)."""

    ENUMERATED = "enumerated", _("可枚举")  # a code set
    DESCRIBED = "described", _("不可枚举")  # a notation, a range, a check character


class NameKind(models.TextChoices):
    """What a further name of an element is."""

    SYNONYM = "synonym", _("同义名称")  # Chinese
    ENGLISH = "english", _("英文名称")  # words as column names use them
    ABBREVIATION = "abbreviation", _("短名")  # pinyin initials and codes


class NameOrigin(models.TextChoices):
    """Who said that an element is called so."""

    SHIPPED = "shipped", _("平台自带")  # came with the platform
    PERSON = "person", _("人工维护")  # typed by a steward
    DECISION = "decision", _("对标确认")  # learned from an accepted match


class StandardLevel(models.TextChoices):
    """标准层级 – who stands behind a standard (标准化法, 第二条)."""

    NATIONAL = "national", _("国家标准")  # GB, GB/T
    INDUSTRY = "industry", _("行业标准")  # GA/T, WS, LD/T, …
    LOCAL = "local", _("地方标准")  # DB
    GROUP = "group", _("团体标准")  # T/
    ENTERPRISE = "enterprise", _("企业标准")  # Q/
    INTERNATIONAL = "international", _("国际标准")  # ISO, RFC


class TextStatus(models.TextChoices):
    """Whether a standard text is in force."""

    UPCOMING = "upcoming", _("即将实施")  # published, not yet effective
    CURRENT = "current", _("现行")  # in force
    SUPERSEDED = "superseded", _("被代替")  # another text took its place
    ABOLISHED = "abolished", _("废止")  # out of force
