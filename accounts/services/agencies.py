"""The agency tree."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from accounts.documents import of_agency
from accounts.models import Agency, Person
from accounts.permissions import require
from accounts.services._common import apply_changes, save_clean, target_of
from core import audit, search

CHANGEABLE = ("code", "name", "short_name", "name_en", "is_active", "parent")
MAX_LEVEL = 12
_TREE_LOCK = 0x6467_7472  # "dgtr": one change of the tree's shape at a time


@transaction.atomic
def create_agency(*, actor: Person | None, code: str, name: str, parent: Agency | None = None, **fields: Any) -> Agency:
    """Add an agency below `parent`; needs `agency.manage` there. Only set-up (actor None) adds a root."""
    _lock_tree()
    agency = Agency(code=code, name=name)
    apply_changes(agency, fields, CHANGEABLE)
    agency.parent = _current(parent)
    _check_parent(actor, agency)
    agency.place()
    save_clean(agency)
    audit.record(
        actor=actor, verb="agency.create", target=target_of(agency), target_label=agency.name, scope_id=agency.id
    )
    search.index([of_agency(agency)])
    return agency


@transaction.atomic
def update_agency(*, actor: Person | None, agency: Agency, **fields: Any) -> Agency:
    """Change an agency, or move it with everything below; needs `agency.manage` on it and on the new parent."""
    _lock_tree()
    agency = Agency.objects.select_for_update().get(pk=agency.pk)
    if actor is not None:
        require(actor, "agency.manage", agency)
    if fields.get("parent") is not None:
        fields["parent"] = _current(fields["parent"])
    changes = apply_changes(agency, fields, CHANGEABLE)
    if not changes:
        return agency
    if "parent" in changes:
        _check_parent(actor, agency)
        _move(agency)
    save_clean(agency)
    audit.record(
        actor=actor,
        verb="agency.update",
        target=target_of(agency),
        target_label=agency.name,
        scope_id=agency.id,
        changes=changes,
    )
    search.index([of_agency(agency)])
    return agency


def _check_parent(actor: Person | None, agency: Agency) -> None:
    parent = agency.parent
    if parent is None:
        if actor is not None:
            raise PermissionDenied(_("顶层机构只能在服务器上用命令建立。"))
        return
    if actor is not None:
        require(actor, "agency.manage", parent)
    if agency.path and parent.path.startswith(agency.path):
        raise ValidationError({"parent": _("上级机构不能是本机构或其下级。")})
    if parent.level >= MAX_LEVEL:
        raise ValidationError({"parent": _("机构最多 %(count)d 级。") % {"count": MAX_LEVEL}})


def _move(agency: Agency) -> None:
    """Give the agency its new place and carry its descendants along, in one statement."""
    old_path, old_level = agency.path, agency.level
    agency.place()
    below = Agency.objects.filter(path__startswith=old_path).exclude(pk=agency.pk)
    deepest = below.order_by("-level").values_list("level", flat=True).first() or old_level
    if deepest + agency.level - old_level > MAX_LEVEL:
        raise ValidationError({"parent": _("机构最多 %(count)d 级。") % {"count": MAX_LEVEL}})
    below.update(
        path=Concat(Value(agency.path), Substr("path", len(old_path) + 1)), level=F("level") + agency.level - old_level
    )


def _current(agency: Agency | None) -> Agency | None:
    """The agency as it stands in the database: its path may have moved since it was loaded."""
    return Agency.objects.get(pk=agency.pk) if agency is not None else None


def _lock_tree() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE_LOCK])
