"""What people add to what a census found: titles, descriptions, owners."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from assets import documents
from assets.models import Column, Table
from assets.permissions import require
from assets.services.counts import recount_columns
from assets.services.systems import set_fields
from core import audit, search

TABLE_FIELDS = ("title", "description", "owner")
COLUMN_FIELDS = ("title", "description", "personal_kind")


@transaction.atomic
def annotate_table(*, actor: Person | None, table: Table, **fields: Any) -> Table:
    """Set some of ``TABLE_FIELDS``; a census never changes them. Raises PermissionDenied, ValidationError, TypeError."""
    require(actor, "asset.edit", table)
    _known(fields, TABLE_FIELDS)
    owner = fields.get("owner")
    if owner is not None and not owner.is_active:
        raise ValidationError({"owner": _("该人员已停用，不能作为负责人。")})
    table = (
        Table.objects.select_for_update(of=("self",), no_key=True).select_related("source", "owner").get(pk=table.pk)
    )
    changes = set_fields(table, fields)
    if changes:
        table.clean_fields(exclude=[field.name for field in table._meta.fields if field.name not in changes])
        table.save(update_fields=list(changes))
        search.index([documents.of_table(table)])
        _audit(actor, "assets.table.annotate", table, changes)
    return table


@transaction.atomic
def annotate_column(*, actor: Person | None, column: Column, **fields: Any) -> Column:
    """Set some of ``COLUMN_FIELDS``. Raises PermissionDenied, ValidationError, TypeError."""
    require(actor, "asset.edit", column)
    _known(fields, COLUMN_FIELDS)
    column = (
        Column.objects.select_for_update(of=("self",), no_key=True).select_related("source", "table").get(pk=column.pk)
    )
    changes = set_fields(column, fields)
    if changes:
        if "personal_kind" in changes:
            column.personal_decided = True
        column.clean_fields(exclude=[field.name for field in column._meta.fields if field.name not in changes])
        column.save(update_fields=[*changes, "personal_decided"])
        recount_columns([column.table_id])
        search.index([documents.of_column(column)])
        _audit(actor, "assets.column.annotate", column, changes)
    return column


def _known(fields: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = set(fields) - set(known)
    if unknown:
        raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")


def _audit(actor: Person | None, verb: str, obj: Table | Column, changes: dict[str, list[Any]]) -> None:
    shown = {name: [None if side is None else str(side) for side in pair] for name, pair in changes.items()}
    audit.record(
        actor=actor, verb=verb, target=obj, target_label=obj.label, scope_id=obj.source.agency_id, changes=shown
    )
