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
