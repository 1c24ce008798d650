"""Proposals: which element each column of a source probably carries. A person's decision is never overwritten."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from assets.choices import ObjectState
from assets.models import Column, DataSource, Table
from core import clock
from core.jobs import JobContext, create_job
from core.models import Job
from genes.choices import MatchState, Origin, Zone
from genes.engine import evidence
from genes.engine.match import Candidate, zone_of
from genes.engine.text import MOST
from genes.engine.values import Facts
from genes.models import Binding, Gene, Match
from genes.selectors.catalogue import matcher, namesakes
from genes.selectors.recognising import recognised
from genes.services.levels import propose_levels
from genes.services.turns import wait_for_turn

BATCH = 2_000  # columns
TABLES = 200  # whose levels are proposed at once


def request_matching(*, source: DataSource) -> Job:
    """Queue the matching of a source; an open job of the same source is given back. Asked by the end of a census or scan."""
    return create_job(
        actor=None, kind="genes.match", params={"source": str(source.pk)}, target=f"assets.DataSource:{source.pk}",
        target_label=source.name, scope_id=source.agency_id, exclusive_key=f"genes:{source.pk}",
        idem_key=f"genes.match:{source.pk}", url=source.get_absolute_url(),
    )  # fmt: skip


def run_matching(context: JobContext) -> Any:
    """Match every column of the source that no person has decided, in batches that are checkpoints."""
    source = DataSource.objects.get(pk=context.params["source"])
    gone = Q(column__state=ObjectState.GONE) | Q(column__table__state=ObjectState.GONE)
    Match.objects.filter(gone, column__source=source, state=MatchState.PROPOSED).delete()
    ids = list(
        Column.objects.filter(source=source, state=ObjectState.SEEN)
        .exclude(Q(table__state=ObjectState.GONE) | Q(binding__origin=Origin.PERSON))
        .order_by("table_id", "position")
        .values_list("pk", flat=True)
    )
    finished, proposed = context.done_items(), 0
    for start in range(0, len(ids), BATCH):
        context.progress(start, len(ids), "genes.match")
        if str(start) in finished:
            continue
        answers = propose(ids[start : start + BATCH])
        with context.item(str(start), source.name) as detail:
            proposed += keep(answers)
            detail["columns"] = len(answers)
    context.progress(len(ids), len(ids), "genes.match")
    tables = list(
        Table.objects.filter(source=source).exclude(state=ObjectState.GONE).order_by("pk").values_list("pk", flat=True)
    )
    for start in range(0, len(tables), TABLES):
        context.check()
        propose_levels(tables[start : start + TABLES])
    return lambda: {"columns": len(ids), "proposed": proposed}


def propose(column_ids: Sequence[UUID]) -> dict[UUID, list[Candidate]]:
    """The answers of the matcher, from the catalogue of the source and, where a table was read, from its values."""
    columns = Column.objects.filter(pk__in=column_ids).select_related("table").order_by("pk")
    genes = {gene.column_id: gene for gene in Gene.objects.filter(column__in=column_ids)}
    rows = list(columns)
    facts = [Facts.from_json(genes[row.pk].facts) if row.pk in genes else Facts() for row in rows]
    answers = matcher().match([described(row) for row in rows], facts)
    return recognised({row.pk: answer for row, answer in zip(rows, answers, strict=True)}, rows)


def described(column: Column) -> evidence.Column:
    """The column as the engine wants it: what a person wrote goes before what the source says."""
    return evidence.Column(
        column.name,
        column.type,
        (column.title or column.comment)[:MOST],
        column.table.name,
        (column.table.title or column.table.comment)[:MOST],
    )


@transaction.atomic
def keep(answers: dict[UUID, list[Candidate]]) -> int:
    """Store proposals: rejected pairs stay rejected, open ones are replaced. Returns how many columns got an element.

    What a person decided while the answers were sought counts: it is read in the turn of this call.
    """
    wait_for_turn(answers)
    now = clock.now()
    bound = {binding.column_id: binding for binding in Binding.objects.filter(column__in=answers)}
    decided = {column_id for column_id, binding in bound.items() if binding.origin == Origin.PERSON}
    refused = set(
        Match.objects.filter(column__in=answers, state=MatchState.REJECTED).values_list("column_id", "element_id")
    )
    doubtful, genes, matches = namesakes(), [], []
    for column_id, ranked in answers.items():
        best = ranked[0]
        zone: str = zone_of(ranked)
        if zone == Zone.AUTO and (best.element in doubtful or (column_id, UUID(best.element)) in refused):
            zone = Zone.SUGGESTED
        genes.append(
            Gene(column_id=column_id, at=now, zone=zone, confidence=best.confidence,
                 best_id=None if best.element == "NONE" else UUID(best.element))
        )  # fmt: skip
        agreed = column_id in bound and str(bound[column_id].element_id) == best.element
        if column_id not in decided and not agreed:
            matches += list(_matches(column_id, ranked, refused, now))
    Gene.objects.bulk_create(
        genes, update_conflicts=True, unique_fields=["column"], update_fields=["zone", "confidence", "best"]
    )
    Match.objects.filter(column__in=set(answers) - decided, state=MatchState.PROPOSED).delete()
    Match.objects.bulk_create(
        matches, update_conflicts=True, unique_fields=["column", "element"],
        update_fields=["rank", "confidence", "reasons", "proposed_at"], batch_size=2_000,
    )  # fmt: skip
    return len({match.column_id for match in matches if match.rank == 1})


def _kept(reasons: Mapping[str, float]) -> dict[str, float]:
    """Without what hardly weighs; the strongest is kept however little it is, for a proposal without a reason convinces nobody."""
    strongest = max(reasons, key=lambda name: abs(reasons[name]), default="")
    return {name: value for name, value in reasons.items() if abs(value) >= 0.05 or name == strongest}


def _matches(
    column_id: UUID, ranked: Sequence[Candidate], refused: set[tuple[UUID, UUID]], now: Any
) -> Iterable[Match]:
    if zone_of(ranked) == "none":
        return
    place = 0
    for candidate in ranked:
        if (
            candidate.element == "NONE"
            or (column_id, UUID(candidate.element)) in refused
            or candidate.confidence < 0.02
        ):
            continue
        place += 1
        yield Match(
            column_id=column_id, element_id=UUID(candidate.element), rank=place, confidence=round(candidate.confidence, 6),
            reasons=_kept(candidate.reasons), proposed_at=now,
        )  # fmt: skip
