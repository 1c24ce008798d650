"""Joins: what lies in which key, over all tables and sources, with the foreign keys that sources declare."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from assets.models import Column, Table
from core import clock
from genes.engine.joins import Keys, name_likeness
from genes.models import Binding, Join, Sketch
from genes.models.families import JOIN_SCORE
from genes.services.families import values_of

BATCH = 2_000  # columns
BEST = 5  # targets kept of a column, besides those declared
LIKE = 0.5  # names this near make numbers comparable; small numbers lie in one another by chance


class _Told(NamedTuple):
    name: str
    title: str
    type: str
    table_id: UUID
    table_name: str
    element_id: UUID | None


def keys() -> Keys:
    """The index of all keys under the key of the platform in use."""
    return Keys(values_of(row) for row in Sketch.objects.filter(sequential=False).iterator(chunk_size=5_000))


def batches() -> Iterator[list[UUID]]:
    """Columns that may join, in a fixed order, by two thousand."""
    seen = Column.objects.filter(state="seen").filter(Q(sketch__isnull=False) | ~Q(table__foreign_keys=[]))
    found = list(seen.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]


@transaction.atomic
def join(column_ids: Sequence[UUID], index: Keys) -> int:
    """Find the joins of these columns anew; one that is found again keeps its id and its day. Returns how many."""
    sketches = {row.column_id: row for row in Sketch.objects.filter(column__in=column_ids)}
    held = {
        column: {item.target: item for item in index.holding(values_of(row))} for column, row in sketches.items()
    }  # fmt: skip
    declared = _declared(column_ids)
    told = _told({*column_ids, *(target for targets in held.values() for target in targets), *declared.values()})
    found = [
        joined
        for column in column_ids
        for joined in _of(column, held.get(column, {}), declared.get(column), sketches.get(column), told)
    ]
    now = clock.now()
    for row in found:
        row.found_at = now
    kept = {(row.column_id, row.target_id) for row in found}
    known = Join.objects.filter(column__in=column_ids).values_list("pk", "column_id", "target_id")
    Join.objects.filter(pk__in=[pk for pk, *ends in known if tuple(ends) not in kept]).delete()
    Join.objects.bulk_create(
        found, batch_size=2_000, update_conflicts=True, unique_fields=["column", "target"],
        update_fields=["declared", "share", "error", "key_share", "same_element", "alike", "same_type"],
    )  # fmt: skip
    return len(found)


def drop_stale() -> int:
    """Joins of columns that have neither values nor a declared key any more."""
    known = Sketch.objects.filter(column=OuterRef("column"))
    stale = Join.objects.filter(Q(column__table__foreign_keys=[]) & ~Exists(known) | ~Q(column__state="seen"))
    return stale.delete()[0]


def refresh_elements() -> int:
    """Whether both ends carry one element, after columns were bound or freed. Returns how many changed."""
    other = Binding.objects.filter(column=OuterRef("target"), element=OuterRef("column__binding__element"))
    same = Join.objects.filter(Exists(other))
    ids = set(same.values_list("pk", flat=True))
    gained = Join.objects.filter(pk__in=ids, same_element=False).update(same_element=True)
    return gained + Join.objects.filter(same_element=True).exclude(pk__in=ids).update(same_element=False)


def _of(
    column: UUID, held: dict[Any, Any], declared: UUID | None, sketch: Sketch | None, told: dict[UUID, _Told]
) -> list[Join]:
    """The best joins of one column; numbers need a reason beside their values."""
    if column not in told:
        return []
    rows = [_join(column, target, item, told) for target, item in held.items() if target in told and target != declared]
    if sketch and sketch.numeric:
        rows = [row for row in rows if row.same_element or row.alike >= LIKE]
    rows.sort(key=lambda row: (-_rank(row), str(row.target_id)))
    first = [_join(column, declared, held.get(declared), told, declared=True)] if declared in told else []
    return first + rows[:BEST]


def _join(column: UUID, target: UUID, item: Any, told: dict[UUID, _Told], *, declared: bool = False) -> Join:
    mine, other = told[column], told[target]
    alike = max(
        name_likeness(mine.name, other.name), name_likeness(mine.title, other.title),
        name_likeness(mine.name, f"{other.table_name}_{other.name}"),
    )  # fmt: skip
    return Join(
        column_id=column, target_id=target, declared=declared, alike=round(alike, 4),
        share=item.share if item else None, error=item.error if item else 0, key_share=item.key_share if item else 0,
        same_element=mine.element_id is not None and mine.element_id == other.element_id, same_type=mine.type == other.type,
    )  # fmt: skip


def _rank(row: Join) -> float:
    """The score that the database will give it, without the declaration."""
    return sum(weight * (getattr(row, name) or 0) for name, weight in JOIN_SCORE.items())


def _told(column_ids: set[UUID]) -> dict[UUID, _Told]:
    rows = Column.objects.filter(pk__in=column_ids, state="seen").select_related("table", "binding")
    return {
        row.pk: _Told(
            row.name, row.title or row.comment, row.type, row.table_id, row.table.name, row.binding.element_id if hasattr(row, "binding") else None
        )
        for row in rows
    }  # fmt: skip


def _declared(column_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """{column: target} of the foreign keys of one column that their source declares and whose table is known."""
    rows = Column.objects.filter(pk__in=column_ids).exclude(table__foreign_keys=[]).select_related("table")
    wanted: dict[UUID, tuple[UUID, str, str, str]] = {}
    for row in rows:
        for key in row.table.foreign_keys:
            if key.get("columns") == [row.name] and len(key.get("ref_columns", ())) == 1:
                wanted[row.pk] = (
                    row.source_id,
                    key["ref_schema"] or row.table.schema_name,
                    key["ref_table"],
                    key["ref_columns"][0],
                )
    tables = Table.objects.filter(
        source__in={place[0] for place in wanted.values()}, name__in={place[2] for place in wanted.values()}
    )
    known = {
        (source, schema, table, name): pk
        for pk, source, schema, table, name in Column.objects.filter(table__in=tables, state="seen").values_list(
            "pk", "source_id", "table__schema_name", "table__name", "name"
        )
    }
    return {column: known[place] for column, place in wanted.items() if place in known and known[place] != column}
