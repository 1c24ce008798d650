"""Taking volume samples: at each census from the source's own catalogue, at each scan from what was counted."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from assets.choices import Method, ObjectState
from assets.models import CensusRun, ScanRun, Table
from core import clock
from quantity.choices import Origin
from quantity.models import VolumeSample

BATCH = 2000


@transaction.atomic
def take_samples(*, run: CensusRun | ScanRun, origin: Origin) -> int:
    """Sample the source of ``run`` and those of its tables whose numbers moved; answers the number of samples.

    A second call for the same run adds nothing. Tables that are gone are no part of the source any more.
    """
    if VolumeSample.objects.filter(run_id=run.pk, table=None).exists():
        return 0
    tables = list(_with_last_sample(Table.objects.filter(source=run.source).exclude(state=ObjectState.GONE)))
    moved = [_of_table(run, origin, table) for table in tables if _has_moved(table)]
    VolumeSample.objects.bulk_create([_of_source(run, origin, tables), *moved], batch_size=BATCH)
    return len(moved) + 1


def _with_last_sample(tables: QuerySet[Table]) -> QuerySet[Table]:
    """Each table with the numbers of its newest sample, for comparison."""
    last = VolumeSample.objects.filter(table=OuterRef("pk")).order_by("-at", "-id")
    names = {f"last_{name}": Subquery(last.values(name)[:1]) for name in ("rows", "bytes", "columns", "method")}
    return tables.only("id", "source_id", "row_count", "row_estimate", "rows", "bytes", "column_count").annotate(
        **names
    )


def _has_moved(table: Table) -> bool:
    numbers = (table.rows, table.bytes, table.column_count, table.rows_method)
    last = tuple(getattr(table, f"last_{name}") for name in ("rows", "bytes", "columns", "method"))
    return numbers != last


def _of_table(run: CensusRun | ScanRun, origin: Origin, table: Table) -> VolumeSample:
    return VolumeSample(
        source_id=run.source_id, agency_id=run.source.agency_id, table=table, at=run.finished_at or clock.now(),
        origin=origin, run_id=run.pk, method=table.rows_method, columns=table.column_count, rows=table.rows,
        bytes=table.bytes, uncounted=int(table.rows is None),
    )  # fmt: skip


def _of_source(run: CensusRun | ScanRun, origin: Origin, tables: Sequence[Table]) -> VolumeSample:
    """The sums over the tables; exact only when every table was counted."""
    rows = [table.rows for table in tables if table.rows is not None]
    sizes = [table.bytes for table in tables if table.bytes is not None]
    exact = all(table.row_count is not None for table in tables)
    return VolumeSample(
        source_id=run.source_id, agency_id=run.source.agency_id, at=run.finished_at or clock.now(), origin=origin,
        run_id=run.pk, method=Method.EXACT if exact else Method.ESTIMATE, tables=len(tables),
        columns=sum(table.column_count for table in tables), rows=sum(rows), bytes=sum(sizes) if sizes else None,
        uncounted=len(tables) - len(rows),
    )  # fmt: skip
