"""Reads: what of a source could not be read, whether it is on the register or was never seen at all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from assets.choices import ObjectState, RunState
from assets.messages import error_text
from assets.models import CensusRun, Column, DataSource, Table
from scanner.diff import names_table

SHOWN = 200  # tables and columns listed; the asset list has them all


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One object that could not be read, and why. ``found`` is its row, None for what was never on the register."""

    label: str
    found: Table | Column | None
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Obstacles:
    """``total`` counts all of them; ``rows`` lists at most ``SHOWN`` tables, as many columns, and the others."""

    rows: Sequence[Obstacle]
    total: int


def obstacles_of(source: DataSource) -> Obstacles:
    """Unreadable tables and columns, then what the last finished census met beside them. Eight queries at most."""
    tables = Table.objects.filter(source=source, state=ObjectState.UNREADABLE)
    columns = Column.objects.filter(source=source, state=ObjectState.UNREADABLE).select_related("table")
    others = _never_seen(source, tables, columns)
    listed = [
        *(_known(table) for table in tables.order_by("schema_name", "name", "id")[:SHOWN]),
        *(_known(column) for column in columns.order_by("table__name", "position", "id")[:SHOWN]),
        *others,
    ]
    return Obstacles(listed, tables.count() + columns.count() + len(others))


def _known(found: Table | Column) -> Obstacle:
    return Obstacle(found.label, found, error_text(found.state_code, found.state_params), found.state_at)


def _never_seen(source: DataSource, tables: QuerySet[Table], columns: QuerySet[Column]) -> list[Obstacle]:
    """Of the objects that the census lists those that no row of the register stands for."""
    ended = (RunState.SUCCEEDED, RunState.PARTIAL)
    run = CensusRun.objects.filter(source=source, state__in=ended).order_by("-started_at", "-id").first()
    listed: list[dict[str, Any]] = run.unreadable if run else []
    if not listed:
        return []
    names = [item["object"] for item in listed]
    of_tables = tables.filter(state_params__object__in=names).values_list("state_params__object", flat=True)
    of_columns = columns.filter(state_params__object__in=names).values_list("state_params__object", flat=True)
    known = {*of_tables, *of_columns}
    by_folder: dict[str, list[str]] = defaultdict(list)
    for schema, name in tables.values_list("schema_name", "name"):
        by_folder[schema].append(name)
    return [
        Obstacle(item["object"], None, error_text(item["code"], item["params"]), run.started_at if run else None)
        for item in listed
        if item["object"] not in known and not _holds(item["object"], by_folder)
    ]


def _holds(label: str, by_folder: Mapping[str, Sequence[str]]) -> bool:
    """Whether a file or folder that could not be read holds one of these tables."""
    place = label.rpartition("/")[0]
    near = [(schema, names) for schema, names in by_folder.items() if schema == place or label.endswith("/")]
    return any(names_table(label, schema, name) for schema, names in near for name in names)
