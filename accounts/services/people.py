"""People: their record, their password, their preferences."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import passwords
from accounts.choices import ADMIN_ROLES
from accounts.documents import of_person
from accounts.models import Agency, FormerPassword, Person
from accounts.permissions import require
from accounts.scope import agency_ids
from accounts.services._common import apply_changes, save_clean, target_of
from accounts.services.sign_in import end_all_sessions
from core import audit, search

CHANGEABLE = ("username", "name", "agency", "email", "phone")
PREFERENCES = ("language", "theme")


@transaction.atomic
def create_person(
    *,
    actor: Person | None,
    username: str,
    name: str,
    agency: Agency,
    password: str | None = None,
    must_change: bool = True,
    **fields: Any,
) -> Person:
    """Add a person to `agency`; needs `person.manage` there. Without a password they cannot sign in yet.

    Raises ValidationError for a bad name or a password against the policy.
    """
    if actor is not None:
        require(actor, "person.manage", agency)
    person = Person(username=_username(username), name=name, agency=agency)
    apply_changes(person, fields, (*CHANGEABLE, *PREFERENCES))
    _set_password(person, password, must_change=must_change)
    save_clean(person)
    _record(actor, "person.create", person)
    search.index([of_person(person)])
    return person


@transaction.atomic
def update_person(*, actor: Person | None, person: Person, **fields: Any) -> Person:
    """Change a person's record; needs `person.manage` where they are and where they go."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if actor is not None:
        require(actor, "person.manage", person)
    if "username" in fields:
        fields["username"] = _username(fields["username"])
    changes = apply_changes(person, fields, CHANGEABLE)
    if not changes:
        return person
    if actor is not None:
        require(actor, "person.manage", person)
    save_clean(person)
    _record(actor, "person.update", person, changes)
    search.index([of_person(person)])
    return person


@transaction.atomic
def disable_person(*, actor: Person | None, person: Person) -> Person:
    """Shut a person out at once: sessions end, tokens are revoked, grants count no longer. Nobody disables themselves."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if actor is not None:
        require(actor, "person.manage", person)
        if actor.pk == person.pk:
            raise ValidationError(_("不能停用自己的账号。"))
    person.is_active = False
    person.save(update_fields=["is_active", "updated_at"])
    person.tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    end_all_sessions(person)
    _record(actor, "person.disable", person)
    return person


@transaction.atomic
def enable_person(*, actor: Person | None, person: Person) -> Person:
    """Let a disabled person sign in again; the tokens stay revoked."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if actor is not None:
        require(actor, "person.manage", person)
    person.is_active = True
    person.save(update_fields=["is_active", "updated_at"])
    _record(actor, "person.enable", person)
    return person


@transaction.atomic
def reset_password(*, actor: Person | None, person: Person, password: str) -> None:
    """Give somebody a new initial password, to be changed at the next sign-in; needs `person.manage`.

    The password of an administrator is reset only on the server: else one administrator could become another.
    Raises PermissionDenied for those, and for people whose rights reach beyond the actor's own agencies.
    """
    person = Person.objects.select_for_update().get(pk=person.pk)
    if actor is not None:
        require(actor, "person.manage", person)
        if actor.pk == person.pk:
            raise ValidationError(_("修改自己的密码请到“我的账号”。"))
        _refuse_takeover(actor, person)
    _set_password(person, password, must_change=True)
    person.save()
    person.tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    end_all_sessions(person)
    _record(actor, "person.reset_password", person)


@transaction.atomic
def change_own_password(*, actor: Person, current: str, new: str) -> Person:
    """Change one's own password; every session ends but the caller's, which the view renews.

    Raises ValidationError with the field that is wrong (`current` or `new`).
    """
    person = Person.objects.select_for_update().get(pk=actor.pk)
    if not person.check_password(current):
        raise ValidationError({"current": _("当前密码不正确。")})
    try:
        _set_password(person, new, must_change=False)
    except ValidationError as error:
        raise ValidationError({"new": error.messages}) from None
    person.save()
    _record(actor, "person.change_password", person)
    return person


@transaction.atomic
def set_preferences(*, actor: Person, **fields: Any) -> Person:
    """Language and theme of one's own pages. Not audited: they concern nobody else."""
    changes = apply_changes(actor, fields, PREFERENCES)
    if changes:
        actor.full_clean(exclude=[field.name for field in Person._meta.fields if field.name not in PREFERENCES])
        actor.save(update_fields=[*changes, "updated_at"])
    return actor


def _refuse_takeover(actor: Person, person: Person) -> None:
    """A reset lets the resetter sign in as that person, so it must not reach any right above the resetter's own place."""
    grants = list(person.grants.current().values_list("role", "agency_id"))
    if any(role in ADMIN_ROLES for role, _agency in grants):
        raise PermissionDenied(_("管理员的密码只能在服务器上用命令重置。"))
    if not {agency for _role, agency in grants} <= agency_ids(actor, "person.manage"):
        raise PermissionDenied(_("此人在本机构以外有授权，请上级机构的系统管理员重置密码。"))


def _username(username: str) -> str:
    return Person.normalize_username(username).strip().lower()


def _set_password(person: Person, password: str | None, *, must_change: bool) -> None:
    if password is None:
        person.set_unusable_password()
        return
    passwords.validate(password, person)
    if not person._state.adding and person.has_usable_password():
        FormerPassword.objects.create(person=person, password=person.password)
    person.set_password(password)
    person.password_changed_at = timezone.now()
    person.must_change_password = must_change


def _record(actor: Person | None, verb: str, person: Person, changes: dict[str, list[Any]] | None = None) -> None:
    audit.record(
        actor=actor,
        verb=verb,
        target=target_of(person),
        target_label=person.name,
        scope_id=person.agency_id,
        changes=changes,
    )
