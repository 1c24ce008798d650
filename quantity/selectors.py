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

from django.db.models import Max, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.scope import visible_to
from assets.choices import Method, SourceState
from assets.models import Table
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

    def add(self, sample: VolumeSample) -> None:
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
    return _newest(source_samples_visible_to(user), "source_id")


def _newest(samples: QuerySet[VolumeSample], *per: str) -> QuerySet[VolumeSample]:
    return samples.order_by(*per, "-at", "-id").distinct(*per)


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
    """The volume at the end of each of the last ``days`` days, from the first sample on, today included.

    Between two samples of a source the earlier one holds, so a day without a census shows no dip.
    """
    samples = source_samples_visible_to(user)
    if source:
        samples = samples.filter(source=source)
    if agency:
        samples = samples.filter(agency=agency)
    today = timezone.localdate()
    begin = today - timedelta(days=days - 1)
    midnight = timezone.make_aware(datetime.combine(begin, time()))
    before = list(_newest(samples.filter(at__lt=midnight), "source_id"))
    daily = _newest(samples.filter(at__gte=midnight).annotate(day=TruncDate("at")), "source_id", "day")
    return _staircase(before, list(daily), begin, today)


def _staircase(before: Sequence[VolumeSample], daily: Sequence[Any], begin: date, today: date) -> list[Point]:
    held = {sample.source_id: sample for sample in before}
    by_day: dict[date, list[Any]] = defaultdict(list)
    for sample in daily:
        by_day[sample.day].append(sample)
    points = []
    day = begin
    while day <= today:
        held.update({sample.source_id: sample for sample in by_day.get(day, ())})
        if held:
            points.append(Point(day, _sum(held.values())))
        day += timedelta(days=1)
    return points


def _sum(samples: Iterable[VolumeSample]) -> Volume:
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
