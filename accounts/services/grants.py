"""Grants: role × agency subtree × period. Nobody grants to themselves; one administrator role a person."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, Grant, Person
from accounts.permissions import require
from accounts.scope import forget
from accounts.services._common import save_clean, target_of
from accounts.services.sign_in import end_all_sessions
from core import audit


@transaction.atomic
def grant_role(
    *,
    actor: Person | None,
    person: Person,
    role: str,
    agency: Agency,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Grant:
    """Give `person` a role over `agency` and all below; needs `grant.manage` over the agency and the person.

    Raises ValidationError: to oneself, a second administrator role, the same grant twice, an impossible period.
    """
    if actor is not None:
        if actor.pk == person.pk:
            raise ValidationError(_("不能给自己授权。"))
        require(actor, "grant.manage", agency)
        require(actor, "grant.manage", person)
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # grants of one person are made one at a time
    _close_ended(person)
    grant = Grant(person=person, role=role, agency=agency, valid_until=valid_until, granted_by=actor)
    if valid_from is not None:
        grant.valid_from = valid_from
    save_clean(grant)
    forget(person)
    _record(actor, "grant.add", grant)
    return grant


@transaction.atomic
def revoke_grant(*, actor: Person | None, grant: Grant) -> Grant:
    """End a grant now, and the person's sessions; needs `grant.manage` over the person and the agency.

    One's own is for a colleague to revoke.
    """
    grant = Grant.objects.select_for_update(of=("self",)).select_related("person", "agency").get(pk=grant.pk)
    if actor is not None:
        require(actor, "grant.manage", grant.person)
        require(actor, "grant.manage", grant.agency)
        if actor.pk == grant.person_id:
            raise PermissionDenied(_("不能撤销自己的授权。"))
    if grant.revoked_at is None:
        grant.revoked_at, grant.revoked_by = timezone.now(), actor
        grant.save(update_fields=["revoked_at", "revoked_by"])
        forget(grant.person)
        end_all_sessions(grant.person)  # nothing opened under the right goes on; one signs in again with what is left
        _record(actor, "grant.revoke", grant)
    return grant


def _close_ended(person: Person) -> None:
    """A grant whose period is over makes room: it is closed, so that the same role can be given again."""
    person.grants.filter(revoked_at__isnull=True, valid_until__lt=timezone.localdate()).update(
        revoked_at=timezone.now()
    )


def _record(actor: Person | None, verb: str, grant: Grant) -> None:
    details: dict[str, Any] = {
        "role": grant.role,
        "agency": str(grant.agency),
        "valid_from": str(grant.valid_from),
        "valid_until": str(grant.valid_until) if grant.valid_until else None,
    }
    audit.record(
        actor=actor,
        verb=verb,
        target=target_of(grant.person),
        target_label=grant.person.name,
        scope_id=grant.person.agency_id,
        changes=details,
    )
