"""The brake: a mass disappearance is not believed until a person confirms it.

A dropped grant, a wrong database or a half-restored server look exactly like deletion. So when a census misses
much at once, the objects keep their state, the run is held, and a person decides; a later census of the source
looks again and takes the question back.
"""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from assets.choices import Brake
from assets.models import CensusRun, Column, Table
from assets.permissions import require
from assets.services import gone
from core import audit, clock

MANY_COLUMNS = 20
COLUMN_SHARE = 0.3  # of what was known


def must_hold_columns(known: int, missing: int) -> bool:
    """Whether ``missing`` of ``known`` columns are too many at once; that of tables is ``scanner.diff``'s to say.

    The coming and going of columns is everyday, so only many at once are doubted.
    """
    return missing >= MANY_COLUMNS and missing >= COLUMN_SHARE * known


def hold(run: CensusRun, tables: Sequence[UUID], columns: Sequence[UUID]) -> None:
    """Keep on the run what it missed. The caller saves the run."""
    run.brake = Brake.HELD
    run.held = {"tables": [str(pk) for pk in tables], "columns": [str(pk) for pk in columns]}


def supersede_older(run: CensusRun) -> None:
    """A newer census has looked again: older questions about the source are void."""
    older = CensusRun.objects.filter(source=run.source_id, brake=Brake.HELD).exclude(pk=run.pk)
    older.update(brake=Brake.SUPERSEDED, decided_at=clock.now())


@transaction.atomic
def confirm_disappearance(*, actor: Person | None, run: CensusRun, comment: str = "") -> CensusRun:
    """The objects of a held run are really gone. Raises PermissionDenied, ValidationError (not held any more)."""
    run = _held(actor, run)
    tables = list(Table.objects.filter(pk__in=run.held.get("tables", ())).select_related("source"))
    columns = list(Column.objects.filter(pk__in=run.held.get("columns", ())).select_related("table"))
    gone.mark_columns(run, columns)
    gone.mark_tables(run, tables)
    _decide(run, actor, Brake.CONFIRMED, comment)
    run.tables_gone = len(tables)
    run.save()
    gone.recount(run.source)
    _audit(actor, "assets.census.confirm", run, comment)
    return run


@transaction.atomic
def reject_disappearance(*, actor: Person | None, run: CensusRun, comment: str) -> CensusRun:
    """The source was at fault; everything stays as it is. Raises PermissionDenied, ValidationError (no comment)."""
    if not comment.strip():
        raise ValidationError({"comment": _("请填写处理意见。")})
    run = _held(actor, run)
    _decide(run, actor, Brake.REJECTED, comment)
    run.save()
    _audit(actor, "assets.census.reject", run, comment)
    return run


DECISIONS = {"confirm": confirm_disappearance, "reject": reject_disappearance}


def _held(actor: Person | None, run: CensusRun) -> CensusRun:
    require(actor, "census.run", run)
    found = CensusRun.objects.select_for_update(of=("self",)).select_related("source").get(pk=run.pk)
    if found.brake != Brake.HELD:
        raise ValidationError(_("这次盘点没有待确认的消失对象，或已被处理。"))
    return found


def _decide(run: CensusRun, actor: Person | None, decision: Brake, comment: str) -> None:
    run.brake, run.decided_by, run.decided_at, run.decision_comment = decision, actor, clock.now(), comment.strip()


def _audit(actor: Person | None, verb: str, run: CensusRun, comment: str) -> None:
    held = {name: len(ids) for name, ids in run.held.items()}
    audit.record(
        actor=actor, verb=verb, target=run, target_label=run.source.name, scope_id=run.source.agency_id,
        changes={"held": held, "comment": comment.strip()},
    )  # fmt: skip
