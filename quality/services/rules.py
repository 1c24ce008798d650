"""Rules: create, change, enable, disable, delete, bind to many columns at once."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from assets.messages import sentence_text
from assets.models import Column, Table
from assets.services.known import scanned_columns, scanned_table
from core import audit, search
from core.texts import in_every_language
from quality import documents
from quality.choices import KIND_INDICATORS, RuleOrigin
from quality.evidence import rule_name
from quality.models import Rule, RuleColumn
from quality.services.findings import withdraw_findings
from scanner.errors import RuleError
from scanner.rules import RULE_KINDS, bind, parse_rule

RULE_FIELDS = (
    "name", "kind", "parameters", "where", "mostly", "indicator", "severity", "weight", "description", "enabled",
)  # fmt: skip
_MEANING = {"kind", "parameters", "where", "mostly", "columns"}  # what a finding was found against


@transaction.atomic
def create_rule(
    *, actor: Person, table: Table, columns: Sequence[Column], origin: str = RuleOrigin.MANUAL, **fields: Any
) -> Rule:
    """A new rule on ``columns`` of ``table``; ``fields`` are of ``RULE_FIELDS`` (``kind`` at least).

    Raises PermissionDenied, ValidationError by field (a parameter's as ``parameters.<name>``).
    """
    require(actor, "rule.edit", table)
    rule = Rule(table=table, source=table.source, origin=origin, created_by=actor)
    _set(rule, fields)
    _check(rule, columns)
    rule.save(force_insert=True)
    _bind(rule, columns)
    _indexed_and_audited(actor, "quality.rule.create", rule, {name: [None, str(fields[name])] for name in fields})
    return rule


@transaction.atomic
def update_rule(*, actor: Person, rule: Rule, columns: Sequence[Column] | None = None, **fields: Any) -> Rule:
    """Change a rule. When its meaning changes, its open finding is withdrawn: the next scan judges anew.

    Raises PermissionDenied, ValidationError by field.
    """
    require(actor, "rule.edit", rule)
    rule = locked(rule)
    before = {name: getattr(rule, name) for name in fields}
    bound = [link.column for link in rule.rule_columns.all()]
    _set(rule, fields)
    _check(rule, bound if columns is None else columns)
    changes = {name: [str(old), str(getattr(rule, name))] for name, old in before.items() if old != getattr(rule, name)}
    if columns is not None and list(columns) != bound:
        changes["columns"] = [", ".join(map(str, bound)), ", ".join(map(str, columns))]
        _bind(rule, columns)
    if not changes:
        return rule
    rule.save()
    if changes.keys() & _MEANING or not rule.enabled:
        withdraw_findings(rules=[rule])
    _indexed_and_audited(actor, "quality.rule.update", rule, changes)
    return rule


@transaction.atomic
def set_enabled(*, actor: Person, rules: Iterable[Rule], enabled: bool) -> int:
    """Switch rules on or off; returns how many changed. Raises PermissionDenied when one may not be edited."""
    changed = [rule for rule in rules if rule.enabled != enabled]
    for rule in changed:
        require(actor, "rule.edit", rule)
    Rule.objects.filter(pk__in=[rule.pk for rule in changed]).update(enabled=enabled)
    if not enabled:
        withdraw_findings(rules=changed)
    for rule in changed:
        verb = "quality.rule.enable" if enabled else "quality.rule.disable"
        audit.record(actor=actor, verb=verb, target=rule, target_label=rule.name, scope_id=rule.table.source.agency_id)
    return len(changed)


@transaction.atomic
def delete_rule(*, actor: Person, rule: Rule) -> None:
    """Delete a rule with its results and findings; the audit trail keeps what it said. Raises PermissionDenied."""
    require(actor, "rule.edit", rule)
    changes = {"kind": [rule.kind, None], "parameters": [rule.parameters, None], "columns": [rule.column_names, None]}
    audit.record(
        actor=actor, verb="quality.rule.delete", target=rule, target_label=rule.name,
        scope_id=rule.table.source.agency_id, changes=changes,
    )  # fmt: skip
    search.remove([documents.key(rule)])
    rule.delete()


@transaction.atomic
def bind_rules(*, actor: Person, columns: Iterable[Column], **fields: Any) -> list[Rule]:
    """The same single-column rule on each of ``columns``; all or none. Raises as ``create_rule``, naming the column."""
    made = []
    for column in columns:
        try:
            made.append(create_rule(actor=actor, table=column.table, columns=[column], **fields))
        except ValidationError as error:
            label = f"{column.table.label}.{column.name}"
            raise ValidationError(
                _("字段 %(label)s：%(reason)s") % {"label": label, "reason": _("；").join(error.messages)}
            ) from error
    return made


def locked(rule: Rule) -> Rule:
    """The row as it stands now, held until the transaction ends."""
    return Rule.objects.select_for_update(of=("self",)).select_related("table__source").get(pk=rule.pk)


def _set(rule: Rule, fields: Mapping[str, Any]) -> None:
    unknown = fields.keys() - set(RULE_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    for name, value in fields.items():
        setattr(rule, name, value)
    rule.named = bool(rule.name) if "name" in fields else rule.named


def _check(rule: Rule, columns: Sequence[Column]) -> None:
    """Fill what was left open and hold the rule against the scanner's own schema of its kind."""
    if rule.kind not in RULE_KINDS:
        raise ValidationError({"kind": _("没有“%(kind)s”这种规则。") % {"kind": rule.kind}})
    if any(column.table_id != rule.table_id for column in columns):
        raise ValidationError({"columns": _("字段必须都属于规则所在的表。")})
    rule.indicator = rule.indicator or KIND_INDICATORS[rule.kind]
    if not rule.named:
        rule.name = in_every_language(rule_name, rule.kind, columns)
    rule.mostly = Decimal(str(rule.mostly))
    text = {
        "id": str(rule.pk), "kind": rule.kind, "columns": [column.name for column in columns],
        "parameters": rule.parameters, "where": rule.where or None, "mostly": float(rule.mostly),
    }  # fmt: skip
    try:
        bind(parse_rule(text), scanned_table(rule.table, scanned_columns(rule.table)))
    except RuleError as error:
        raise ValidationError({error.field: sentence_text(error.detail)}) from error
    rule.full_clean(exclude=["columns"])


def _bind(rule: Rule, columns: Sequence[Column]) -> None:
    rule.rule_columns.all().delete()
    RuleColumn.objects.bulk_create(
        RuleColumn(rule=rule, column=column, position=place) for place, column in enumerate(columns, 1)
    )


def _indexed_and_audited(actor: Person, verb: str, rule: Rule, changes: Mapping[str, Any]) -> None:
    search.index([documents.of_rule(rule)])
    audit.record(
        actor=actor, verb=verb, target=rule, target_label=rule.name,
        scope_id=rule.table.source.agency_id, changes=changes,
    )  # fmt: skip
