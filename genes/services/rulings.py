"""Rulings on authoritative sources: proposed with a basis, decided through the workflow, at most one in force."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import audit, workflow
from core.texts import clean
from genes.choices import RulingState
from genes.models import Ruling
from genes.selectors import authority
from genes.selectors.authority import TODAY, effective, has_lapsed, on_its_days
from genes.services import relating, repetitions
from standards.models import DataElement

IN_WORK = (RulingState.DRAFT, RulingState.REVIEW)


@transaction.atomic
def propose_ruling(
    *,
    actor: Person,
    element: DataElement,
    agency: Agency,
    holder: Agency,
    basis: str,
    valid_from: date,
    valid_until: date | None = None,
) -> Ruling:
    """Draft a ruling that names ``holder`` for the area of ``agency``, with the candidates as they stand now.

    Raises PermissionDenied, ValidationError by field.
    """
    require(actor, "gene.decide", agency)
    if Ruling.objects.filter(element=element, agency=agency, state__in=IN_WORK).exists():
        raise ValidationError(_("“%(name)s”在此范围内已有一份待处理的数源裁定，请先处理它。") % {"name": element.name})
    ruling = Ruling(
        element=element, agency=agency, holder=holder, basis=clean(basis.strip(), 2_000), valid_from=valid_from,
        valid_until=valid_until, proposed_by=actor, figures=authority.stored(authority.candidates(element, actor)),
    )  # fmt: skip
    _checked(ruling)
    ruling.save()
    workflow.authored(actor, ruling)
    _record(actor, "genes.ruling.draft", ruling, {"holder": [None, holder.name], "basis": [None, ruling.basis]})
    return ruling


@transaction.atomic
def edit_ruling(*, actor: Person, ruling: Ruling, **fields: Any) -> Ruling:
    """Change a draft (holder, basis, dates). Raises PermissionDenied, ValidationError by field."""
    require(actor, "gene.decide", ruling)
    ruling = (
        Ruling.objects.select_for_update(of=("self",)).select_related("element", "holder", "agency").get(pk=ruling.pk)
    )
    if ruling.state != RulingState.DRAFT:
        raise ValidationError(_("只有拟定中的数源裁定可以修改。"))
    before = {name: str(getattr(ruling, name) or "") for name in fields}
    for name, value in fields.items():
        setattr(ruling, name, clean(value.strip(), 2_000) if isinstance(value, str) else value)
    _checked(ruling)
    ruling.save()
    after = {name: str(getattr(ruling, name) or "") for name in fields}
    changes = {name: [before[name], after[name]] for name in fields if before[name] != after[name]}
    if changes:
        workflow.authored(actor, ruling)
        _record(actor, "genes.ruling.edit", ruling, changes)
    return ruling


@transaction.atomic
def discard_ruling(*, actor: Person, ruling: Ruling) -> None:
    """Give a draft up, so that another can be proposed. Raises PermissionDenied, ValidationError."""
    require(actor, "gene.decide", ruling)
    row = Ruling.objects.select_for_update(of=("self",)).select_related("element", "holder").get(pk=ruling.pk)
    if row.state != RulingState.DRAFT:
        raise ValidationError(_("只有拟定中的数源裁定可以放弃。"))
    _record(actor, "genes.ruling.discard", row, {"holder": [row.holder.name, None], "basis": [row.basis, None]})
    row.delete()


def check(ruling: Ruling) -> None:
    """Raise ValidationError unless the ruling says what it must and its element is in force."""
    _checked(ruling)
    if ruling.element.current_id is None:
        raise ValidationError(_("数据元“%(name)s”没有现行版本，不能认定数源。") % {"name": ruling.element.name})
    if has_lapsed(ruling):
        raise ValidationError(_("终止日期已过，请退回修改后再提交。"))


def come_into_force(ruling: Ruling, actor: Person) -> None:
    """From its first day the ruling takes the place of those before it.

    Who collects again what the source department holds is found at once when that day has come, else on it.
    """
    former = Ruling.objects.select_for_update(of=("self",)).filter(
        Q(valid_until=None) | Q(valid_until__gte=ruling.valid_from),
        element=ruling.element, agency=ruling.agency, state=RulingState.IN_FORCE,
    )  # fmt: skip
    if ruling.valid_until:
        former = former.filter(valid_from__lte=ruling.valid_until)
    for row in former.exclude(pk=ruling.pk):
        _make_room(row, ruling, actor)
    relating.keep_nightly()
    if Ruling.objects.filter(on_its_days(), pk=ruling.pk).exists():
        repetitions.find_for(ruling)


def _make_room(row: Ruling, ruling: Ruling, actor: Person) -> None:
    """The last day of ``row`` is the one before ``ruling`` begins; if there is none left it ends."""
    last = ruling.valid_from - timedelta(days=1)
    state = row.state if last >= row.valid_from else RulingState.ENDED
    until = max(row.valid_from, last)
    Ruling.objects.filter(pk=row.pk).update(state=state, valid_until=until)
    row.repetitions.exclude(ruling__in=Ruling.objects.filter(effective())).delete()
    changes = {"valid_until": [row.valid_until and row.valid_until.isoformat(), until.isoformat()]}
    _record(actor, "genes.ruling.supersede", row, {**changes, "state": [row.state, state]})


def check_not_lapsed(ruling: Ruling) -> None:
    """Raise ValidationError when the last day of the ruling has passed."""
    if has_lapsed(ruling):
        raise ValidationError(_("这份数源裁定已到期，不需要终止。"))


def go_out_of_force(ruling: Ruling, actor: Person) -> None:
    """Nothing is collected again where nobody is named."""
    Ruling.objects.filter(pk=ruling.pk).update(valid_until=Greatest(F("valid_from"), TODAY))
    ruling.repetitions.all().delete()


def _checked(ruling: Ruling) -> None:
    faults: dict[str, str] = {}
    if not ruling.basis:
        faults["basis"] = _("请填写依据：法律、法规或职责清单的名称与条款。")
    if not ruling.holder.path.startswith(ruling.agency.path):
        faults["holder"] = _("数源部门应在适用范围“%(area)s”之内。") % {"area": ruling.agency.name}
    if ruling.valid_until and ruling.valid_until < ruling.valid_from:
        faults["valid_until"] = _("终止日期不能早于生效日期。")
    if faults:
        raise ValidationError(faults)


def _record(actor: Person, verb: str, ruling: Ruling, changes: dict[str, Any]) -> None:
    audit.record(
        actor=actor, verb=verb, target=ruling, target_label=str(ruling), scope_id=ruling.agency_id, changes=changes
    )
