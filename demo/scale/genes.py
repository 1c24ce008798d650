"""What matching the columns of one source left: fingerprints, the queue, bindings, and all that follows from them."""

from datetime import datetime
from typing import Any

from assets.choices import ObjectState
from assets.models import Column, Table
from demo.scale.rows import Batch
from demo.scale.standard import Carried, Standard
from genes.choices import Aspect, MatchState, Origin, Verdict, Zone
from genes.models import (
    Binding,
    ColumnLevel,
    Conformity,
    Decision,
    Deviation,
    DriftAlarm,
    FamilyMember,
    Gene,
    Join,
    Match,
    Repetition,
    TableLevel,
)

SURE = 0.6  # of the columns that carry an element
BOUND = {Zone.AUTO: 0.8, Zone.SUGGESTED: 0.3}
BY_PERSON = 0.2  # of the bindings
BREAKING, ACCEPTED = 0.1, 0.2  # of the checked columns; of the deviations
DRIFTED, CONFLICTING, REPEATED, JOINED = 0.001, 0.05, 0.02, 0.05  # of the bound columns


def match(batch: Batch, standard: Standard) -> None:
    """Add what matching, checking and relating would have left to the columns of the batch."""
    keys = [columns[0] for columns in batch.columns.values() if columns[0].state == ObjectState.SEEN]
    for table in batch.tables:
        highest = 0
        for column in batch.columns[table.pk]:
            if column.state == ObjectState.SEEN:
                highest = max(highest, _column(batch, standard, table, column, keys))
        if highest:
            batch.add(TableLevel(table=table, proposed=highest, reasons=[], proposed_at=batch.day))


def _column(batch: Batch, standard: Standard, table: Table, column: Column, keys: list[Column]) -> int:
    """The level of the column."""
    random, at = batch.random, table.profiled_at or batch.day
    carried = standard.of(column.name)
    if carried is None:
        batch.add(_gene(batch, table, column, at, Zone.NONE, None))
        return 0
    zone = Zone.AUTO if random.random() < SURE else Zone.SUGGESTED
    gene = _gene(batch, table, column, at, zone, carried)
    bound = random.random() < BOUND[zone]
    batch.add(
        gene,
        Match(
            id=batch.id(), column=column, source=batch.source, element_id=carried.element, rank=1, confidence=gene.confidence,
            state=MatchState.ACCEPTED if bound else MatchState.PROPOSED, proposed_at=at,
            reasons={"py_initials": 1.31, "zh_exact": 2.44, "type_length": 0.21},
        ),
        ColumnLevel(
            column=column, source=batch.source, proposed=carried.level, proposed_at=at,
            reasons=[{"key": "element", "level": carried.level, "about": "", "share": None}],
        ),
    )  # fmt: skip
    if bound:
        _bound(batch, table, column, carried, gene)
        if random.random() < JOINED and keys:
            _join(batch, column, random.choice(keys))
    return carried.level


def _gene(batch: Batch, table: Table, column: Column, at: datetime, zone: Zone, carried: Carried | None) -> Gene:
    """With a fingerprint as long as those of real columns."""
    random, distinct = batch.random, batch.random.randint(1, 9000)
    facts: dict[str, Any] = {
        "shares": {"citizen_id": round(random.random(), 4)}, "codes": {}, "known": 20, "distinct": distinct, "trust": 1.0,
        "masked": False, "filled": table.row_count or 0, "longest": 18, "mean_length": 11.4, "words": 0.1,
        "length": {"min": 2, "max": 18, "mean": 11.4}, "patterns": [["A9", 0.93], ["9", 0.05]], "null_share": 0.02,
        "unique_share": 0.6, "kind": column.value_class, "form": "code",
    }  # fmt: skip
    confidence = {Zone.AUTO: 0.96, Zone.SUGGESTED: 0.5, Zone.NONE: 0.7}[zone] + random.random() * 0.04
    return Gene(
        column=column, source=batch.source, at=at, head=column.comment, form="code", facts=facts if column.table_id in batch.profiles else {},
        distinct=distinct, unique_share=0.6, zone=zone, best_id=carried.element if carried else None, confidence=confidence,
    )  # fmt: skip


def _bound(batch: Batch, table: Table, column: Column, carried: Carried, gene: Gene) -> None:
    random, by_person = batch.random, batch.random.random() < BY_PERSON
    batch.add(
        Binding(
            column=column, source=batch.source, element_id=carried.element, origin=Origin.PERSON if by_person else Origin.MACHINE,
            confidence=gene.confidence, baseline=gene.facts, decided_at=gene.at,
        ),
        FamilyMember(
            column=column, source=batch.source, family_id=random.choice(carried.families),
            differs={"length": [18, 15]} if random.random() < CONFLICTING else {},
        ),
    )  # fmt: skip
    if by_person:
        told = {"name": column.name, "data_type": column.type, "comment": column.comment, "table": table.name}
        batch.add(
            Decision(
                column=column,
                source=batch.source,
                element_id=carried.element,
                verdict=Verdict.ACCEPT,
                told=told | {"table_comment": table.comment},
                at=gene.at,
            )
        )
    if random.random() < DRIFTED:
        reasons = [{"key": "emptied", "severity": 0.7, "before": 0.02, "after": 0.8, "about": ""}]
        batch.add(
            DriftAlarm(
                id=batch.id(), column=column, source=batch.source, element_id=carried.element, distance=0.7, reasons=reasons,
                opened_at=gene.at, last_at=gene.at,
            )
        )  # fmt: skip
    if carried.ruling and carried.holder != batch.agency.pk and random.random() < REPEATED:
        batch.add(
            Repetition(
                id=batch.id(), ruling_id=carried.ruling, column=column, source=batch.source, share=0.9, found_at=gene.at
            )
        )
    if table.row_count:
        _conformity(batch, column, carried, gene.at, table.row_count)


def _conformity(batch: Batch, column: Column, carried: Carried, at: datetime, rows: int) -> None:
    random = batch.random
    failed = max(1, int(rows * random.random() ** 4)) if random.random() < BREAKING else 0
    batch.add(
        Conformity(
            column=column,
            source=batch.source,
            edition_id=carried.edition,
            aspect=Aspect.NOTATION,
            at=at,
            checked=rows,
            failed=failed,
        )
    )
    if failed:
        until = batch.before(-60).date() if random.random() < ACCEPTED else None
        batch.add(Deviation(
            id=batch.id(), column=column, source=batch.source, element_id=carried.element, aspect=Aspect.NOTATION, checked=rows, failed=failed,
            first_at=at, last_at=at, accepted_until=until, accepted_at=at if until else None, reason="历史数据" if until else "",
        ))  # fmt: skip


def _join(batch: Batch, column: Column, key: Column) -> None:
    if key.pk != column.pk:
        batch.add(Join(
            id=batch.id(), column=column, source=batch.source, target=key, share=round(0.9 + batch.random.random() / 10, 4), key_share=1.0,
            alike=0.3, found_at=batch.day,
        ))  # fmt: skip
