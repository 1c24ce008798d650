"""Proposals: made by a reading, accepted or ignored by a person."""

from collections.abc import Iterable, Sequence

from django.db import transaction

import scanner.model
from accounts.models import Person
from accounts.permissions import require
from assets.models import Table
from core import audit, clock
from core.texts import in_every_language
from quality.choices import ProposalState, RuleOrigin
from quality.models import Rule, RuleProposal
from quality.proposing import Constraint, propose
from quality.services.rules import create_rule


def refresh_proposals(*, table: Table, profiles: Sequence[scanner.model.ColumnProfile]) -> None:
    """Bring the open proposals of ``table`` in line with its newest profile.

    What a person decided stays decided; a rule that a column already has is not proposed again.
    """
    if not profiles:
        return
    columns = {column.name: column for column in table.columns.exclude(state="gone")}
    known = {(p.column_id, p.kind): p for p in RuleProposal.objects.filter(column__table=table)}
    ruled = set(Rule.objects.filter(table=table).values_list("rule_columns__column_id", "kind"))
    now = clock.now()
    current = set()
    for item in propose(profiles, _constraints(table)):
        column = columns.get(item.column)
        if column is None or (column.pk, item.kind) in ruled:
            continue
        current.add((column.pk, item.kind))
        proposal = known.get((column.pk, item.kind)) or RuleProposal(
            column=column, source_id=column.source_id, kind=item.kind, proposed_at=now
        )
        if proposal.state not in (ProposalState.OPEN, ProposalState.OUTDATED):
            continue
        proposal.state = ProposalState.OPEN
        proposal.parameters, proposal.evidence, proposal.facts = item.parameters, item.evidence, item.facts
        proposal.save()
    outdated = [p.pk for key, p in known.items() if key not in current and p.state == ProposalState.OPEN]
    RuleProposal.objects.filter(pk__in=outdated).update(state=ProposalState.OUTDATED)


def _constraints(table: Table) -> dict[str, Constraint]:
    single = {index["columns"][0] for index in table.indexes if index.get("unique") and len(index["columns"]) == 1}
    single |= set(table.primary_key) if len(table.primary_key) == 1 else set()
    return {
        column.name: Constraint(nullable=column.nullable and not column.primary_key, unique=column.name in single)
        for column in table.columns.all()
    }


@transaction.atomic
def accept_proposals(*, actor: Person, proposals: Iterable[RuleProposal]) -> list[Rule]:
    """Make a rule of each open proposal; those decided meanwhile are passed over.

    Raises PermissionDenied, ValidationError (the source changed since and the rule no longer fits).
    """
    made = []
    for proposal in _open(proposals):
        rule = create_rule(
            actor=actor, table=proposal.column.table, columns=[proposal.column], origin=RuleOrigin.PROPOSAL,
            kind=proposal.kind, parameters=proposal.parameters,
        )  # fmt: skip
        proposal.rule = rule
        _decide(actor, proposal, ProposalState.ACCEPTED)
        made.append(rule)
    return made


@transaction.atomic
def reject_proposals(*, actor: Person, proposals: Iterable[RuleProposal]) -> int:
    """Ignore open proposals for good; returns how many. Raises PermissionDenied."""
    ignored = _open(proposals)
    for proposal in ignored:
        require(actor, "rule.edit", proposal)
        _decide(actor, proposal, ProposalState.REJECTED)
        audit.record(
            actor=actor, verb="quality.proposal.reject", target=proposal, target_label=in_every_language(str, proposal),
            scope_id=proposal.column.source.agency_id,
        )  # fmt: skip
    return len(ignored)


def _open(proposals: Iterable[RuleProposal]) -> list[RuleProposal]:
    return list(
        RuleProposal.objects.select_for_update(of=("self",))
        .filter(pk__in=[proposal.pk for proposal in proposals], state=ProposalState.OPEN)
        .select_related("column__table__source", "column__source")
    )


def _decide(actor: Person, proposal: RuleProposal, state: str) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, actor, clock.now()
    proposal.save()
