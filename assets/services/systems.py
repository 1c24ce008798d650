"""Information systems: register, change, remove."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from assets import documents
from assets.choices import SourceState
from assets.models import InformationSystem
from assets.permissions import require
from core import audit, search

SYSTEM_FIELDS = (
    "code", "name", "description", "kind", "status", "protection_level", "network", "deployment", "basis",
    "department", "contact_name", "contact_phone", "vendor", "operator", "audience", "address", "online_on",
)  # fmt: skip


@transaction.atomic
def create_system(*, actor: Person | None, agency: Agency, **fields: Any) -> InformationSystem:
    """A new system of ``agency``; ``fields`` are of ``SYSTEM_FIELDS``.

    Raises PermissionDenied, ValidationError (by field), TypeError for an unknown field.
    """
    require(actor, "asset.edit", agency)
    _known(fields)
    system = InformationSystem(agency=agency, **fields)
    system.full_clean()
    system.save(force_insert=True)
    _indexed_and_audited(actor, "assets.system.create", system, {name: [None, fields[name]] for name in fields})
    return system


@transaction.atomic
def update_system(*, actor: Person | None, system: InformationSystem, **fields: Any) -> InformationSystem:
    """Change some of ``SYSTEM_FIELDS``. Raises PermissionDenied, ValidationError, TypeError for an unknown field."""
    require(actor, "asset.edit", system)
    _known(fields)
    system = InformationSystem.objects.select_for_update(of=("self",)).select_related("agency").get(pk=system.pk)
    changes = set_fields(system, fields)
    if changes:
        system.full_clean()
        system.save()
        _indexed_and_audited(actor, "assets.system.update", system, changes)
    return system


@transaction.atomic
def delete_system(*, actor: Person | None, system: InformationSystem) -> None:
    """Remove a system that no active source belongs to. Raises PermissionDenied, ValidationError."""
    require(actor, "asset.edit", system)
    count = system.sources.exclude(state=SourceState.REMOVED).count()
    if count:
        raise ValidationError(_("该信息系统下还有 %(count)d 个数据源，请先移走再删除。") % {"count": count})
    key = audit.target_of(system)
    label, agency_id = system.name, system.agency_id
    system.delete()
    search.remove([key])
    audit.record(actor=actor, verb="assets.system.delete", target=key, target_label=label, scope_id=agency_id)


def set_fields(obj: Any, fields: dict[str, Any]) -> dict[str, list[Any]]:
    """Set the fields that differ and answer ``{name: [before, after]}``."""
    changes = {name: [getattr(obj, name), value] for name, value in fields.items() if getattr(obj, name) != value}
    for name, (_before, after) in changes.items():
        setattr(obj, name, after)
    return changes


def _known(fields: dict[str, Any]) -> None:
    unknown = set(fields) - set(SYSTEM_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")


def _indexed_and_audited(actor: Person | None, verb: str, system: InformationSystem, changes: dict[str, Any]) -> None:
    search.index([documents.of_system(system)])
    audit.record(actor=actor, verb=verb, target=system, scope_id=system.agency_id, changes=changes)
