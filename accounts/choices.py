"""Fixed choices of accounts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """角色 – what a grant lets a person do; the verbs of each role are in `accounts.permissions`."""

    VIEWER = "viewer", _("观察员")  # reads everything of the agencies, changes nothing
    STEWARD = "steward", _("数据管理员")  # works on assets, rules and findings
    SOURCE_MANAGER = "source_manager", _("数据源管理员")  # registers sources and runs censuses
    LEADER = "leader", _("部门负责人")  # reads, follows jobs, decides
    SYSTEM_ADMIN = "system_admin", _("系统管理员")  # agencies and people; no grants, no audit
    SECURITY_ADMIN = "security_admin", _("安全管理员")  # grants, lockouts; creates no people
    AUDIT_ADMIN = "audit_admin", _("审计管理员")  # reads the audit trail; changes nothing


# The three separated administrators (三员, GB/T 22239-2019 8.1.5): one person holds at most one of them.
ADMIN_ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


class Theme(models.TextChoices):
    LIGHT = "light", _("浅色")  # the default
    DARK = "dark", _("深色")  # the second full theme
    SYSTEM = "system", _("跟随系统")  # what the operating system says


class Language(models.TextChoices):
    CHINESE = "zh-hans", "中文"  # the source language of the interface
    ENGLISH = "en", "English"  # the complete translation


class TokenScope(models.TextChoices):
    """What a token may be used for, within the rights of its person."""

    READ = "read", _("读取")  # GET and HEAD
    WRITE = "write", _("写入")  # create and change records
    JOBS = "jobs", _("任务")  # start and cancel background jobs


# Every verb a person may be allowed; docs/roles.md is the same table for people.
VERBS = {
    "agency.view": _("查看机构"),
    "agency.manage": _("维护机构"),
    "person.view": _("查看人员"),
    "person.manage": _("维护人员"),
    "grant.view": _("查看授权"),
    "grant.manage": _("维护授权"),
    "lockout.manage": _("解除登录锁定"),
    "policy.manage": _("维护安全策略"),
    "audit.read": _("查看审计记录"),
    "platform.view": _("查看不属于任何机构的平台记录"),
    "data.view": _("查看资产、质量与统计"),
    "asset.edit": _("维护信息系统与资产说明"),
    "source.view": _("查看数据源"),
    "source.manage": _("登记与维护数据源"),
    "census.run": _("启动盘点"),
    "scan.run": _("启动扫描"),
    "rule.edit": _("维护质量规则"),
    "finding.handle": _("处理质量问题"),
    "standard.edit": _("起草标准"),
    "standard.comment": _("对标准提出意见"),
    "standard.review": _("审核与发布标准"),
    "gene.decide": _("确认对标"),
    "authority.rule": _("裁定数源"),
    "job.view": _("查看任务"),
    "job.cancel": _("取消任务"),
}

_COMMON = {"agency.view", "person.view"}
_READING = _COMMON | {"data.view", "source.view", "job.view"}

# Role × verb, the whole of it: what is not here is not allowed. A right holds for the grant's agency and all below it.
ROLE_VERBS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset(_READING),
    Role.LEADER: frozenset(
        _READING | {"finding.handle", "job.cancel", "standard.comment", "standard.review", "authority.rule"}
    ),
    Role.STEWARD: frozenset(
        _READING
        | {"asset.edit", "census.run", "scan.run", "rule.edit", "finding.handle", "job.cancel"}
        | {"standard.edit", "standard.comment", "standard.review", "gene.decide"}
    ),
    Role.SOURCE_MANAGER: frozenset(
        _READING | {"asset.edit", "source.manage", "census.run", "scan.run", "job.cancel", "standard.comment"}
    ),
    Role.SYSTEM_ADMIN: frozenset(
        _COMMON | {"agency.manage", "person.manage", "source.view", "job.view", "job.cancel", "platform.view"}
    ),
    Role.SECURITY_ADMIN: frozenset(_COMMON | {"grant.view", "grant.manage", "lockout.manage", "policy.manage"}),
    Role.AUDIT_ADMIN: frozenset(_COMMON | {"grant.view", "audit.read", "platform.view"}),
}


def roles_with(verb: str) -> frozenset[str]:
    """The roles that may do `verb`. Raises KeyError for a verb that is not in VERBS, so that a misspelt one is noticed."""
    if verb not in VERBS:
        raise KeyError(f"unknown verb {verb!r}")
    return frozenset(role for role, verbs in ROLE_VERBS.items() if verb in verbs)
