"""What a person or an API client asks for: a connection test, a census, a scan. Each becomes a job."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from assets.choices import ObjectState, SourceState
from assets.models import DataSource, Table
from assets.permissions import require
from assets.services.schedules import exclusive_key
from core import audit
from core.jobs import create_job
from core.models import Job


@transaction.atomic
def test_source(*, actor: Person | None, source: DataSource) -> Job:
    """Queue a connection test; an open one of the same source is given back. Raises PermissionDenied, ValidationError.

    A disabled source may be tested: that is how one finds out whether it can be enabled again.
    """
    require(actor, "source.manage", source)
    if source.state == SourceState.REMOVED:
        raise ValidationError(_("该数据源已移除。"))
    return _queue(actor, source, "assets.test_source", {}, exclusive=None)


@transaction.atomic
def request_census(*, actor: Person | None, source: DataSource) -> Job:
    """Queue a census; an open one of the same source is given back. Raises PermissionDenied, ValidationError."""
    require(actor, "census.run", source)
    _active(source)
    return _queue(actor, source, "assets.census", {}, exclusive=exclusive_key(source))


@transaction.atomic
def request_scan(*, actor: Person | None, source: DataSource, tables: Sequence[Table] = ()) -> Job:
    """Queue a scan of a source, or of some of its tables; an open one of the same tables is given back.

    Raises PermissionDenied, ValidationError (source not active, table of another source, table gone).
    """
    require(actor, "scan.run", source)
    _active(source)
    if any(table.source_id != source.pk for table in tables):
        raise ValidationError({"tables": _("所选的表不属于该数据源。")})
    if any(table.state == ObjectState.GONE for table in tables):
        raise ValidationError({"tables": _("所选的表已消失，请重新盘点。")})
    chosen = sorted({str(table.pk) for table in tables})
    return _queue(actor, source, "assets.scan", {"tables": chosen} if chosen else {}, exclusive=exclusive_key(source))


def _active(source: DataSource) -> None:
    if not source.is_active:
        raise ValidationError(_("数据源已停用，请先启用。"))


def _queue(actor: Person | None, source: DataSource, kind: str, extra: dict[str, Any], exclusive: str | None) -> Job:
    what = hashlib.sha256("".join(extra.get("tables", ())).encode()).hexdigest()[:16] if extra else "all"
    return create_job(
        actor=actor, kind=kind, params={"source": str(source.pk), **extra}, target=audit.target_of(source),
        target_label=source.name, scope_id=source.agency_id, exclusive_key=exclusive,
        idem_key=f"{kind}:{source.pk}:{what}", url=source.get_absolute_url(),
    )  # fmt: skip
