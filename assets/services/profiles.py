"""Keeping a profile: the new one becomes current, the old ones become history."""

from typing import Any

from assets.choices import ObjectState, PersonalKind
from assets.masking import mask_profile, personal_kind
from assets.models import Column, ColumnProfile, ScanRun, Table, TableProfile
from assets.storable import storable
from core import clock
from scanner import model as scanner

KEPT = 90  # readings of one table; older ones are dropped


def store(run: ScanRun, table: Table, reading: scanner.Reading, seconds: float) -> TableProfile:
    """Write the profile of one table and its columns, in a constant number of statements.

    A column that the census has not seen yet is left out; the next census brings it in. Values are masked by the
    policy of the source before they are written.
    """
    now = clock.now()
    _retire(table)
    profile = TableProfile.objects.create(
        table=table, run=run, at=now, rows=reading.rows, plan=reading.plan, statements=reading.statements,
        seconds=seconds, exact=all(item.exact for item in reading.columns),
    )  # fmt: skip
    columns = {column.name: column for column in table.columns.exclude(state=ObjectState.GONE)}
    found = [(columns[item.name], item) for item in reading.columns if item.name in columns]
    _recognise(found)
    ColumnProfile.objects.bulk_create(
        [_row(profile, column, item, table.source.values_policy) for column, item in found], batch_size=500
    )
    _update_table(table, reading.rows, sum(bool(column.personal_kind) for column in columns.values()))
    return profile


def _retire(table: Table) -> None:
    """What was current is history now; sketches serve comparison and stay on current rows only."""
    ColumnProfile.objects.filter(profile__table=table, current=True).update(current=False, sketch=None)
    TableProfile.objects.filter(table=table, current=True).update(current=False)
    old = table.profiles.order_by("-at", "-id").values_list("pk", flat=True)[KEPT - 1 :]
    TableProfile.objects.filter(pk__in=list(old)).delete()


def _recognise(found: list[tuple[Column, scanner.ColumnProfile]]) -> None:
    """Set the kind of personal information by what was found, unless a person has decided.

    A bare "name" is a person's where the same table also keeps citizen ids.
    """
    kinds = {column.pk: personal_kind(column.name, column.comment, item.identifiers) for column, item in found}
    of_people = PersonalKind.CITIZEN_ID in kinds.values()
    changed = []
    for column, _item in found:
        kind = kinds[column.pk] or (PersonalKind.NAME.value if of_people and column.name.lower() == "name" else "")
        if not column.personal_decided and column.personal_kind != kind:
            column.personal_kind = kind
            changed.append(column)
    Column.objects.bulk_update(changed, ["personal_kind"], batch_size=500)


def _row(profile: TableProfile, column: Column, item: scanner.ColumnProfile, policy: str) -> ColumnProfile:
    filled = item.rows - item.nulls
    values: dict[str, Any] = {
        "min": item.min, "max": item.max, "mean": item.mean, "quantiles": _plain(item.quantiles),
        "top": [[value, count] for value, count in item.top], "histogram": _plain(item.histogram),
    }  # fmt: skip
    return ColumnProfile(
        column=column, profile=profile, at=profile.at, rows=item.rows, nulls=item.nulls, blanks=item.blanks,
        distinct=item.distinct, unique=item.unique, exact=item.exact,
        null_share=item.nulls / item.rows if item.rows else None,
        distinct_share=item.distinct / filled if filled else None,
        length=_plain(item.length), patterns=storable([list(pair) for pair in item.patterns]),
        identifiers=dict(item.identifiers), detected=storable(_plain(item.detected)), sketch=_plain(item.sketch),
        **storable(mask_profile(values, column.personal_kind, policy)),
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return None if value is None else dict(value)


def _update_table(table: Table, rows: int, personal: int) -> None:
    now = clock.now()
    if table.state != ObjectState.SEEN:  # of a table in sight the census may have noted that it is not listed whole
        table.state_at = now
        table.state, table.state_code, table.state_params = ObjectState.SEEN, "", {}
    table.row_count, table.profiled_at, table.personal_count = rows, now, personal
    table.save(
        update_fields=["state", "state_code", "state_params", "state_at", "row_count", "profiled_at", "personal_count"]
    )
