"""Tables, columns and profiles of one source as censuses and scans would have left them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from assets.choices import ObjectState, TableKind
from assets.documents import of_column, of_table
from assets.masking import mask_profile, personal_kind
from assets.models import Column, ColumnProfile, Table, TableProfile
from core.models import SearchDocument
from core.search.documents import row_of
from demo.scale import words
from demo.scale.rows import Batch
from demo.scale.words import Field
from scanner.model import ValueClass

PROFILED, COMMENTED, TITLED = 0.7, 0.8, 0.05  # shares of the tables; of the columns' comments too
UNREADABLE, GONE, COLUMN_GONE = 0.005, 0.01, 0.003
OLDER_PROFILES = 0.1  # of the profiled tables keep four earlier readings
_kind_of = cache(personal_kind)


def fill(batch: Batch, first: int, sizes: Sequence[int]) -> None:
    """Add tables with ``sizes`` columns each; ``first`` is the number of the first of them within its source."""
    for number, size in enumerate(sizes, first):
        table = _table(batch, number, size)
        columns = [_column(batch, table, *item) for item in enumerate(words.fields(batch.random, size), 1)]
        table.personal_count = sum(
            column.state != ObjectState.GONE and bool(column.personal_kind) for column in columns
        )
        table.column_count = sum(column.state != ObjectState.GONE for column in columns)
        batch.tables.append(table)
        batch.columns[table.pk] = columns
        batch.add(table, *columns, *_profiles(batch, table, columns))
        if table.state != ObjectState.GONE:
            batch.add(*_documents(table, columns, batch.day))


def _table(batch: Batch, number: int, size: int) -> Table:
    random = batch.random
    name, comment = words.table_names(random, number)
    seen = batch.before(random.uniform(8, 700) if random.random() < 0.97 else random.uniform(0, 6))
    state, state_at = ObjectState.SEEN, seen
    if random.random() < UNREADABLE:
        state, state_at = ObjectState.UNREADABLE, batch.before(1)
    elif random.random() < GONE:
        state, state_at = ObjectState.GONE, batch.before(random.uniform(1, 60))
    estimate = None if random.random() < 0.05 else batch.rows()
    counted = estimate is not None and state == ObjectState.SEEN and random.random() < PROFILED
    table = Table(
        id=batch.id(), source=batch.source, schema_name=words.SCHEMAS[number % 5 if number % 3 else 0], name=name,
        kind=random.choices(TableKind.values, (88, 10, 1, 1))[0],
        comment=comment if random.random() < COMMENTED else "",
        title=comment if random.random() < TITLED else "", row_estimate=estimate, column_count=size,
        bytes=None if estimate is None else estimate * random.randint(60, 900), primary_key=["id"],
        indexes=[{"name": f"{name.lower()}_pkey", "columns": ["id"], "unique": True}], state=state, state_at=state_at,
        first_seen_at=seen, last_seen_at=max(seen, batch.before(0.2)),
    )  # fmt: skip
    if counted:
        table.row_count, table.profiled_at = estimate, batch.before(random.uniform(0, 30))
    if state == ObjectState.UNREADABLE:
        table.state_code, table.state_params = "no_permission", {"object": table.label}
    return table


def _column(batch: Batch, table: Table, position: int, item: tuple[Field, str]) -> Column:
    random, (field, name) = batch.random, item
    comment = field.comment if random.random() < COMMENTED else ""
    gone = position > 1 and random.random() < COLUMN_GONE
    return Column(
        id=batch.id(), table=table, source=batch.source, name=name, position=position, type=field.type,
        value_class=field.value_class, nullable=position > 1, comment=comment, primary_key=position == 1,
        title=field.comment if random.random() < TITLED else "", personal_kind=_kind_of(field.name, comment),
        state=ObjectState.GONE if gone else ObjectState.SEEN, state_at=table.first_seen_at,
        first_seen_at=table.first_seen_at,
    )  # fmt: skip


def _profiles(batch: Batch, table: Table, columns: Sequence[Column]) -> Iterator[TableProfile | ColumnProfile]:
    if table.profiled_at is None or table.row_count is None:
        return
    older = 4 if batch.random.random() < OLDER_PROFILES else 0
    for back in range(min(older, len(batch.scans) - 1), -1, -1):
        profile = TableProfile(
            id=next(batch.profile_ids), table=table, run=batch.scans[back], current=back == 0, plan="pull",
            at=table.profiled_at if back == 0 else batch.scans[back].started_at, rows=table.row_count, statements=3,
            seconds=0.4,
        )  # fmt: skip
        yield profile
        for column in columns:
            if column.state == ObjectState.SEEN:
                yield _profile(batch, profile, column)
    batch.profiles[table.pk] = profile


def _profile(batch: Batch, profile: TableProfile, column: Column) -> ColumnProfile:
    """Sketches are left out: they are read by no page and would be nine tenths of the database."""
    random, rows = batch.random, profile.rows
    nulls = 0 if column.primary_key else int(rows * random.random() ** 4)
    filled = rows - nulls
    distinct = filled if column.primary_key else max(min(filled, 1), int(filled * random.random() ** 3))
    return ColumnProfile(
        column=column, profile=profile, at=profile.at, current=profile.current, rows=rows,
        nulls=nulls, blanks=0, distinct=distinct, unique=distinct // 2, null_share=nulls / rows if rows else None,
        distinct_share=distinct / filled if filled else None, **_values(column, filled, distinct, random.randrange(40)),
    )  # fmt: skip


def _values(column: Column, filled: int, distinct: int, number: int) -> dict[str, Any]:
    """The measures that hold values, as masking leaves them."""
    shown = min(distinct, 10)
    if ValueClass(column.value_class).is_number:
        values: dict[str, Any] = {
            "min": number, "max": number + distinct, "mean": number + distinct / 2,
            "quantiles": {"p25": number, "p50": number + distinct // 2, "p75": number + distinct},
            "top": [[number + place, max(1, filled // (10 + place))] for place in range(shown)],
            "histogram": {"edges": list(range(21)), "counts": [filled // 20] * 20},
        }  # fmt: skip
        plain: dict[str, Any] = {}
    else:
        values = {
            "min": f"A{number:03}", "max": f"Z{number:03}", "mean": None, "quantiles": None, "histogram": None,
            "top": [[f"C{number + place:04}", max(1, filled // (10 + place))] for place in range(shown)],
        }  # fmt: skip
        plain = {"length": {"min": 5, "max": 5, "mean": 5.0}, "patterns": [["A9999", filled]], "identifiers": {}}
    return plain | mask_profile(values, column.personal_kind, column.source.values_policy)


def _documents(table: Table, columns: Sequence[Column], day: datetime) -> Iterator[SearchDocument]:
    yield row_of(of_table(table), day)
    for column in columns:
        if column.state != ObjectState.GONE:
            yield row_of(of_column(column), day)
