"""Conformity from the one reading: what each bound column is checked for, what came of it, and what people accept of it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

import scanner.model
from accounts.models import Person
from accounts.permissions import require
from assets.masking import mask_values
from assets.models import Column, Table
from core import audit, clock
from genes import conforming
from genes.choices import Aspect
from genes.conforming import Check, Codes
from genes.models import Binding, Conformity, Deviation
from standards.models import Code, Edition

LONGEST = timedelta(days=3 * 365)  # a deviation is accepted for three years at most
EXAMPLES = 5
_LENGTH = re.compile(r"char[a-z0-9_ ]*\((\d+)", re.IGNORECASE)


class Held(NamedTuple):
    """A bound column with what it is held to; ``check`` None where nothing of its values can be checked."""

    column: Column
    edition: Edition
    codes: Codes | None
    check: Check | None

    @property
    def key(self) -> str:
        """With the edition: what was read for one element says nothing about another that was bound meanwhile."""
        return f"conformity:{self.column.pk}:{self.edition.pk}"


def rules_for(table: Table) -> list[scanner.model.Rule]:
    """The checks of the bound columns, as rules of the scanner."""
    rules = []
    for held in _held(table):
        if held.check is None or not held.check.kind:
            continue
        columns = (held.column.name,)
        rules.append(scanner.model.Rule(held.key, held.check.kind, columns, held.check.parameters))
        if held.check.today is not None:
            rules.append(scanner.model.Rule(f"{held.key}:today", held.check.kind, columns, held.check.today))
    return rules


def store(*, table: Table, reading: scanner.model.Reading) -> None:
    """Keep what a reading found. A check that could not be run leaves what was known; only a passing one clears."""
    now = clock.now()
    results = {result.id: result for result in reading.results}
    profiles = {profile.name: profile for profile in reading.columns}
    bound = _held(table)
    kept, found = [], {}
    for held in bound:
        profile, result = profiles.get(held.column.name), results.get(held.key)
        if profile is None or (held.check and held.check.kind and (result is None or result.error)):
            continue
        facts = {aspect: {"detail": detail} for aspect, detail in _declared(held).items()}
        if held.check:
            kept.append(_conformity(held, profile, results, now))
            if result and result.failed:
                facts[held.check.aspect] = _broken(held, result, table)
        found[held.column.pk] = facts
    Conformity.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["column"],
        update_fields=["edition", "aspect", "at", "checked", "failed", "ended"],
    )  # fmt: skip
    unbound = table.columns.filter(name__in=profiles).exclude(pk__in=[held.column.pk for held in bound])
    forget_unbound(Conformity.objects.filter(column__in=[*unbound, *(row.column for row in kept)]))
    Deviation.objects.filter(column__in=unbound, cleared_at=None).update(cleared_at=now)
    _follow(found, {held.column.pk: held.edition.element_id for held in bound}, now)


def forget_unbound(rows: QuerySet[Conformity]) -> None:
    """Of ``rows`` those whose column carries another element now, or none: they are in no rate, and are counted no more.

    Asking each binding when rates are read would be a walk over millions; so whoever changes one calls this.
    """
    rows.exclude(column__binding__element=F("edition__element")).delete()


def _conformity(
    held: Held, profile: scanner.model.ColumnProfile, results: Mapping[str, scanner.model.CheckResult], now: Any
) -> Conformity:
    assert held.check is not None
    result, today = results.get(held.key), results.get(f"{held.key}:today")
    checked, failed = (result.evaluated, result.failed) if result else (profile.rows - profile.nulls, 0)
    return Conformity(
        column=held.column, edition=held.edition, aspect=held.check.aspect, at=now, checked=checked, failed=failed,
        ended=max(0, today.failed - failed) if today and not today.error else 0,
    )  # fmt: skip


def _broken(held: Held, result: scanner.model.CheckResult, table: Table) -> dict[str, Any]:
    values = mask_values(list(result.examples)[:EXAMPLES], held.column.personal_kind, table.source.values_policy)
    return {"checked": result.evaluated, "failed": result.failed, "examples": list(values)}


def _declared(held: Held) -> dict[Aspect, dict[str, Any]]:
    size = _LENGTH.search(held.column.type)
    return conforming.declared(
        notation=held.edition.notation, codes=held.codes, value_class=held.column.value_class,
        length=int(size[1]) if size else None,
    )  # fmt: skip


def _follow(found: Mapping[UUID, Mapping[Aspect, Mapping[str, Any]]], elements: Mapping[UUID, Any], now: Any) -> None:
    """Open, keep open or clear the deviations of the columns that were checked."""
    known = {(item.column_id, item.aspect): item for item in Deviation.objects.filter(column__in=found)}
    for column_id, aspects in found.items():
        for aspect, facts in aspects.items():
            row = known.pop((column_id, aspect), None) or Deviation(column_id=column_id, aspect=aspect)
            if row.cleared_at is not None or row.element_id != elements[column_id] or row.first_at is None:
                _begin(row, now)
            row.element_id, row.last_at = elements[column_id], now
            row.detail, row.examples = facts.get("detail", {}), facts.get("examples", [])
            row.checked, row.failed = facts.get("checked"), facts.get("failed")
            row.save()
    passed = [row.pk for row in known.values() if row.cleared_at is None]
    Deviation.objects.filter(pk__in=passed).update(cleared_at=now)


def _begin(row: Deviation, now: Any) -> None:
    """It came back, or is another element's: what was accepted before does not count."""
    row.first_at, row.cleared_at = now, None
    row.accepted_by, row.accepted_at, row.accepted_until, row.reason = None, None, None, ""


@transaction.atomic
def accept_deviation(*, actor: Person, deviation: Deviation, reason: str, until: date) -> Deviation:
    """Let it stand until a day, for a reason. Raises PermissionDenied, ValidationError by field."""
    require(actor, "standard.review", deviation)
    row = Deviation.objects.select_for_update(of=("self",)).get(pk=deviation.pk)
    if row.cleared_at is not None:
        raise ValidationError(_("该偏离已消除，无需批准。"))
    today = timezone.localdate()
    if not reason.strip():
        raise ValidationError({"reason": _("请填写理由。")})
    if not today <= until <= today + LONGEST:
        raise ValidationError({"until": _("批准的截止日期应在今天之后、三年之内。")})
    before = row.accepted_until
    row.reason, row.accepted_until, row.accepted_by, row.accepted_at = (
        reason.strip()[:500],
        until,
        actor,
        clock.now(),
    )
    row.save()
    _record(
        actor,
        "accept",
        row,
        {"accepted_until": [str(before) if before else None, str(until)], "reason": [None, row.reason]},
    )
    return row


@transaction.atomic
def withdraw_acceptance(*, actor: Person, deviation: Deviation) -> Deviation:
    """It counts as open again. Raises PermissionDenied."""
    require(actor, "standard.review", deviation)
    row = Deviation.objects.select_for_update(of=("self",)).get(pk=deviation.pk)
    if row.accepted_at is not None:
        until = row.accepted_until
        row.accepted_by, row.accepted_at, row.accepted_until, row.reason = None, None, None, ""
        row.save()
        _record(actor, "withdraw", row, {"accepted_until": [str(until), None]})
    return row


def _record(actor: Person, verb: str, row: Deviation, changes: dict[str, Any]) -> None:
    audit.record(
        actor=actor, verb=f"genes.deviation.{verb}", target=row, target_label=str(row),
        scope_id=row.column.source.agency_id, changes=changes,
    )  # fmt: skip


def _held(table: Table) -> list[Held]:
    """The bound columns of a table, in their order: two queries, and one more where code sets are meant."""
    bindings = (
        Binding.objects.filter(column__table=table, column__state="seen", element__current__isnull=False)
        .select_related("column", "element__current__code_set")
        .order_by("column__position")
    )
    pairs = [(binding.column, binding.element.current) for binding in bindings if binding.element]
    wanted = {edition.code_set.current_id for _column, edition in pairs if edition and edition.code_set}
    codes = _codes(wanted - {None})
    found = []
    for column, edition in pairs:
        assert edition is not None
        listed = codes.get(edition.code_set.current_id) if edition.code_set else None
        check = conforming.check_of(
            notation=edition.notation, check_scheme=edition.check_scheme, codes=listed, value_class=column.value_class
        )
        found.append(Held(column, edition, listed, check))
    return found


def _codes(editions: set[Any]) -> dict[Any, Codes]:
    """Of each edition its codes, and those of today where some have begun or ended by date."""
    if not editions:
        return {}
    today = timezone.localdate()
    ever: dict[Any, dict[str, bool]] = defaultdict(dict)
    rows = Code.objects.filter(edition__in=editions).order_by("edition", "position", "code")
    for edition, code, since, until in rows.values_list("edition", "code", "valid_from", "valid_to"):
        holds = (since is None or since <= today) and (until is None or until > today)
        ever[edition][code] = ever[edition].get(code, False) or holds
    return {
        edition: Codes(
            tuple(codes), None if all(codes.values()) else tuple(code for code, holds in codes.items() if holds)
        )
        for edition, codes in ever.items()
    }
