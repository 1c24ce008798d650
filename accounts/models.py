"""Agencies, people, grants, tokens and sign-in sessions."""

import hashlib
import uuid
from datetime import date, datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pypinyin import Style, lazy_pinyin

from accounts.choices import ADMIN_ROLES, Language, Role, Theme


def pinyin_key(text: str) -> str:
    """The key by which Chinese names sort the way a reader expects: 公安局 → `gong1 an1 ju2`."""
    return " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)).lower()[:400]


class Agency(models.Model):
    """机构 – a unit of government; the tree of agencies decides who sees what.

    `path` is `/<hex of each id from the root>/`, so that a subtree is one prefix and renaming a code moves nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(
        _("机构编码"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"\A[0-9A-Za-z][0-9A-Za-z._-]*\Z", _("只能使用字母、数字、点、横线和下划线。"))],
    )
    name = models.CharField(_("机构名称"), max_length=120)
    short_name = models.CharField(_("简称"), max_length=40, blank=True)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级机构")
    )
    path = models.TextField(unique=True, editable=False)
    level = models.PositiveSmallIntegerField(editable=False)
    sort_key = models.CharField(max_length=400, editable=False)
    is_active = models.BooleanField(_("在用"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    scope_lookup: ClassVar[str] = "id"
    view_verb: ClassVar[str] = "agency.view"

    class Meta:
        db_table = "accounts_agency"
        ordering = ("sort_key", "id")
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        indexes = [models.Index(fields=["path"], name="accounts_agency_prefix", opclasses=["text_pattern_ops"])]
        constraints = [
            models.CheckConstraint(
                name="accounts_agency_not_own_parent", condition=~Q(parent=F("id")) | Q(parent__isnull=True)
            ),
            models.CheckConstraint(
                name="accounts_agency_root_is_level_one",
                condition=Q(level=1, parent__isnull=True) | Q(level__gt=1, parent__isnull=False),
            ),
            models.CheckConstraint(name="accounts_agency_path_shape", condition=Q(path__regex=r"^/([0-9a-f]{32}/)+$")),
            models.UniqueConstraint(
                name="accounts_agency_name_among_siblings",
                fields=["parent", "name"],
                nulls_distinct=False,
                violation_error_message=_("同一上级机构下已有这个名称。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Derived fields follow their source: the pinyin key always, the place in the tree for a new agency."""
        self.sort_key = pinyin_key(self.name)
        if self._state.adding:
            self.place()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("accounts:agency_detail", args=[self.id])

    def place(self) -> None:
        """Set path and level from the parent. Moving descendants along is the business of `services.update_agency`."""
        above = self.parent.path if self.parent else "/"
        self.path = f"{above}{self.id.hex}/"
        self.level = self.path.count("/") - 1

    @property
    def label(self) -> str:
        return self.short_name or self.name


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username=Person.normalize_username(username or "").lower())

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "Person":
        """A person with a hashed password; without one they cannot sign in. For set-up and tests; pages use services."""
        person = self.model(username=Person.normalize_username(username).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """人员 – somebody who signs in. There is no superuser: every right comes from a grant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(
        _("登录名"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"\A[\w.@-]{2,64}\Z", _("使用 2 至 64 个字母、数字或 . @ - _。"))],
    )
    name = models.CharField(_("姓名"), max_length=60)
    sort_key = models.CharField(max_length=400, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="people", verbose_name=_("所属机构"))
    email = models.EmailField(_("邮箱"), blank=True)
    phone = models.CharField(_("联系电话"), max_length=30, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    password_changed_at = models.DateTimeField(null=True, editable=False)
    must_change_password = models.BooleanField(default=False, editable=False)
    language = models.CharField(_("语言"), max_length=10, choices=Language, default=Language.CHINESE)
    theme = models.CharField(_("外观"), max_length=10, choices=Theme, default=Theme.LIGHT)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PersonManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    scope_lookup: ClassVar[str] = "agency_id"
    view_verb: ClassVar[str] = "person.view"

    class Meta:
        db_table = "accounts_person"
        ordering = ("sort_key", "id")
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        constraints = [
            models.CheckConstraint(
                name="accounts_person_username_lower",
                condition=Q(username=Lower(F("username"))),
                violation_error_message=_("登录名只用小写字母。"),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = pinyin_key(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("accounts:person_detail", args=[self.id])


class GrantQuerySet(models.QuerySet["Grant"]):
    def current(self, day: date | None = None) -> "GrantQuerySet":
        """Grants in force on `day` (today in the platform's time zone)."""
        day = day or timezone.localdate()
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=day), revoked_at__isnull=True, valid_from__lte=day
        )


class Grant(models.Model):
    """授权 – a role for a person over an agency and everything below it, for a period."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants", verbose_name=_("人员"))
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="grants", verbose_name=_("机构范围"))
    valid_from = models.DateField(_("生效日期"), default=timezone.localdate)
    valid_until = models.DateField(_("截止日期"), null=True, blank=True)
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="grants_given")
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+", editable=False)

    objects = GrantQuerySet.as_manager()
    scope_lookup: ClassVar[str] = "person__agency_id"
    view_verb: ClassVar[str] = "grant.view"

    class Meta:
        db_table = "accounts_grant"
        ordering = ("-granted_at", "id")
        verbose_name = _("授权")
        verbose_name_plural = _("授权")
        constraints = [
            models.CheckConstraint(name="accounts_grant_known_role", condition=Q(role__in=Role.values)),
            # A grant of two administrator roles at different times is refused too until the first is revoked:
            # one open administrator grant per person is the simplest rule that cannot be got round.
            models.UniqueConstraint(
                name="accounts_grant_one_admin_role",
                fields=["person"],
                condition=Q(role__in=ADMIN_ROLES, revoked_at__isnull=True),
                violation_error_message=_("系统管理员、安全管理员、审计管理员由不同的人担任，此人已有其中一个角色。"),
            ),
            models.UniqueConstraint(
                name="accounts_grant_once",
                fields=["person", "role", "agency"],
                condition=Q(revoked_at__isnull=True),
                violation_error_message=_("此人在该机构已有这个角色。"),
            ),
            models.CheckConstraint(
                name="accounts_grant_not_to_oneself",
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("person")),
                violation_error_message=_("不能给自己授权。"),
            ),
            models.CheckConstraint(
                name="accounts_grant_period",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("截止日期不能早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.agency}"

    def is_current(self, day: date | None = None) -> bool:
        day = day or timezone.localdate()
        return (
            self.revoked_at is None and self.valid_from <= day and (self.valid_until is None or self.valid_until >= day)
        )

    @property
    def is_ahead(self) -> bool:
        """Granted, but for a period that has not begun."""
        return self.revoked_at is None and self.valid_from > timezone.localdate()


class Token(models.Model):
    """令牌 – a key for programs that acts with at most the rights of its person. Only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("名称"), max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=20), verbose_name=_("权限范围"))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "accounts_token"
        ordering = ("-created_at", "id")
        verbose_name = _("令牌")
        verbose_name_plural = _("令牌")
        constraints = [
            models.CheckConstraint(name="accounts_token_has_scope", condition=Q(scopes__len__gt=0)),
            models.CheckConstraint(name="accounts_token_digest_shape", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(secret: str) -> str:
        """SHA-256, hex. The secret has 256 random bits, so a slow hash would add cost and no safety."""
        return hashlib.sha256(secret.encode()).hexdigest()

    def is_usable(self, now: datetime | None = None) -> bool:
        return self.revoked_at is None and self.expires_at > (now or timezone.now())


class SignedIn(models.Model):
    """登录会话 – one browser in which a person is signed in; deleting the row signs that browser out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session_key = models.CharField(max_length=40, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="signed_in")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "accounts_signed_in"
        ordering = ("-seen_at", "id")

    def __str__(self) -> str:
        return f"{self.person} {self.seen_at:%Y-%m-%d %H:%M}"


class SignInAttempt(models.Model):
    """登录尝试 – counted for the lockout. The typed name is kept as a keyed digest: people type passwords there."""

    name_digest = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(default=timezone.now)
    succeeded = models.BooleanField(default=False)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_sign_in_attempt"
        indexes = [
            models.Index(fields=["name_digest", "at"], name="accounts_attempt_name"),
            models.Index(fields=["address", "at"], name="accounts_attempt_address"),
        ]

    def __str__(self) -> str:
        return f"{self.name_digest[:8]} {self.at:%Y-%m-%d %H:%M}"


class FormerPassword(models.Model):
    """历史密码 – hashes of earlier passwords, so that the last five are not used again (dengbao3)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "accounts_former_password"
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.person} {self.at:%Y-%m-%d}"
