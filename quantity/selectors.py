"""Reads: how much there is now, by agency, source or kind, and how it grew.

The present comes from the newest sample of each source, so that total, ranking and the end of the trend are one
number. Every total says by which method it was come by: exact only when all of its parts are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    ExpressionWrapper,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils import timezone

from accounts.scope import visible_to
from assets.choices import Method, SourceState
from assets.models import DataSource, Table
from assets.selectors.register import kind_labels
from quantity.choices import Grouping
from quantity.models import VolumeSample


@dataclass(slots=True)
class Volume:
    """An amount of data and how well it is known."""

    tables: int = 0
    columns: int = 0
    rows: int = 0
    bytes: int = 0
    uncounted: int = 0  # tables whose rows nobody knows; they are not in ``rows``
    method: str = Method.EXACT
    at: datetime | None = None  # the oldest of the samples it is made of

    def add(self, sample: Any) -> None:
        """``sample`` is a ``VolumeSample`` or has its numbers."""
        self.tables += sample.tables
        self.columns += sample.columns
        self.rows += sample.rows or 0
        self.bytes += sample.bytes or 0
        self.uncounted += sample.uncounted
        if sample.method != Method.EXACT or sample.uncounted:
            self.method = Method.ESTIMATE
        self.at = sample.at if self.at is None else min(self.at, sample.at)


@dataclass(slots=True)
class Share:
    """One line of a ranking."""

    key: str  # id of the agency or source, or the kind
    label: str
    volume: Volume = field(default_factory=Volume)


@dataclass(frozen=True, slots=True)
class Point:
    """The volume at the end of one day."""

    day: date
    volume: Volume


def samples_visible_to(user: Any) -> QuerySet[VolumeSample]:
    """Samples of sources on the register, newest first."""
    samples = VolumeSample.objects.exclude(source__state=SourceState.REMOVED)
    return visible_to(user, samples.select_related("source", "agency", "table"))


def source_samples_visible_to(user: Any) -> QuerySet[VolumeSample]:
    """Samples of whole sources."""
    return samples_visible_to(user).filter(table=None)


def latest_samples(user: Any) -> QuerySet[VolumeSample]:
    """The newest sample of each source: what there is now."""
    return _last_before(user, None)


def _last_before(user: Any, moment: datetime | None) -> QuerySet[VolumeSample]:
    """The last sample of each source (before ``moment``), looked up source by source: the record of years is not read."""
    own = VolumeSample.objects.filter(source=OuterRef("pk"), table=None)
    if moment is not None:
        own = own.filter(at__lt=moment)
    sources = visible_to(user, DataSource.objects.exclude(state=SourceState.REMOVED).order_by(), "data.view")
    last = sources.annotate(last=Subquery(own.order_by("-at", "-id").values("pk")[:1])).values("last")
    return source_samples_visible_to(user).filter(pk__in=last)


def total(user: Any, samples: Iterable[VolumeSample] | None = None) -> Volume:
    """All that the user may see (or of these samples), added up."""
    volume = Volume()
    for sample in latest_samples(user) if samples is None else samples:
        volume.add(sample)
    return volume


def ranking(user: Any, by: Grouping) -> list[Share]:
    """Volumes by agency, source or kind, most rows first."""
    shares: dict[str, Share] = {}
    labels = kind_labels() if by == Grouping.KIND else {}
    for sample in latest_samples(user):
        key, label = _group(sample, by, labels)
        shares.setdefault(key, Share(key, label)).volume.add(sample)
    return sorted(shares.values(), key=lambda share: (-share.volume.rows, share.label))


def _group(sample: VolumeSample, by: Grouping, labels: dict[str, str]) -> tuple[str, str]:
    if by == Grouping.AGENCY:
        return str(sample.agency_id), sample.agency.name
    if by == Grouping.SOURCE:
        return str(sample.source_id), sample.source.name
    return sample.source.kind, labels.get(sample.source.kind, sample.source.kind)


def trend(user: Any, days: int = 90, *, source: UUID | None = None, agency: UUID | None = None) -> list[Point]:
    """The volume at the end of each of the last ``days`` days, from the first sample on, today included."""
    today = timezone.localdate()
    wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return volumes_on(user, wanted, source=source, agency=agency)


def volumes_on(
    user: Any, days: Sequence[date], *, source: UUID | None = None, agency: UUID | None = None
) -> list[Point]:
    """The volume at the end of each of ``days`` (ascending), from the first sample on.

    Between two samples of a source the earlier one holds, so a day without a census shows no dip.
    """
    begin, ends = _midnight(days[0]), [_midnight(day + timedelta(days=1)) for day in days]
    narrowed = Q(**{name: key for name, key in (("source", source), ("agency", agency)) if key})
    samples = source_samples_visible_to(user).filter(narrowed, at__gte=begin, at__lt=ends[-1])
    place = Func(
        "at", Value(ends[:-1]), function="width_bucket", template="%(function)s(%(expressions)s::timestamptz[])"
    )
    placed = samples.annotate(place=ExpressionWrapper(place, IntegerField()))
    newest = placed.order_by("source_id", "place", "-at", "-id").distinct("source_id", "place")
    before = _last_before(user, begin).filter(narrowed)
    fields = ("source_id", "tables", "columns", "rows", "bytes", "uncounted", "method", "at")
    return _staircase(
        list(before.values_list(*fields, named=True)), list(newest.values_list(*fields, "place", named=True)), days
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _staircase(before: Sequence[Any], placed: Sequence[Any], days: Sequence[date]) -> list[Point]:
    held = {sample.source_id: sample for sample in before}
    by_place: dict[int, list[Any]] = defaultdict(list)
    for sample in placed:
        by_place[sample.place].append(sample)
    points = []
    for place, day in enumerate(days):
        held.update({sample.source_id: sample for sample in by_place.get(place, ())})
        if held:
            points.append(Point(day, _sum(held.values())))
    return points


def _sum(samples: Iterable[Any]) -> Volume:
    volume = Volume()
    for sample in samples:
        volume.add(sample)
    return volume


def rows_by_day(user: Any, days: int = 30) -> list[tuple[date, int]]:
    """(day, rows), oldest first, for a sparkline."""
    return [(point.day, point.volume.rows) for point in trend(user, days)]


def table_samples(table: Table, limit: int = 180) -> list[VolumeSample]:
    """The samples of a table, oldest first; the caller may see the table."""
    return list(reversed(VolumeSample.objects.filter(table=table).order_by("-at", "-id")[:limit]))


def last_sampled(user: Any) -> datetime | None:
    """When anything was last sampled."""
    found: datetime | None = source_samples_visible_to(user).order_by().aggregate(at=Max("at"))["at"]
    return found
