"""Twelve weeks of dated history for the demo, so that trends have something to show.

Simulated, and marked as such where the platform keeps it: scores carry ``simulated``, volumes the method
``estimate``. Both lead up to what was really measured: volumes shrink into the past by a percent or so a week,
scores lie a little lower each week back. Seeded by the source's name, so that every demo shows the same.
"""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.utils import timezone

from assets.choices import Method
from assets.models import DataSource
from quality.models import SourceScore
from quantity.choices import Origin
from quantity.models import VolumeSample

WEEKS = 12
_SPACE = uuid.UUID("d0a7e9e5-0000-4000-8000-000000330900")


@transaction.atomic
def backdate(source: DataSource) -> None:
    """Write the history of one source once; a second call does nothing."""
    marker = _run_id(source, WEEKS)
    if VolumeSample.objects.filter(run_id=marker).exists():
        return
    rng = Random(source.name)
    growth = 0.004 + rng.random() * 0.014
    now = timezone.now()
    newest = _newest_samples(source)
    score = SourceScore.objects.filter(source=source).order_by("-day").first()
    samples: list[VolumeSample] = []
    scores: list[SourceScore] = []
    for week in range(WEEKS, 0, -1):
        at = now - timedelta(weeks=week)
        share = (1 - growth) ** week
        samples += [_sample(sample, source, at, share, week) for sample in newest]
        if score is not None:
            scores.append(_score(score, at, week, rng))
    VolumeSample.objects.bulk_create(samples, batch_size=2_000)
    SourceScore.objects.bulk_create(scores, ignore_conflicts=True)


def _newest_samples(source: DataSource) -> list[VolumeSample]:
    """The last sample of the source as a whole and of each of its tables."""
    samples = VolumeSample.objects.filter(source=source).order_by("table_id", "-at", "-id").distinct("table_id")
    return list(samples)


def _sample(sample: VolumeSample, source: DataSource, at: datetime, share: float, week: int) -> VolumeSample:
    def shrunk(number: int | None) -> int | None:
        return None if number is None else int(number * share)

    return VolumeSample(
        source=source, agency_id=sample.agency_id, table_id=sample.table_id, at=at, origin=Origin.CENSUS,
        run_id=_run_id(source, week), method=Method.ESTIMATE, tables=sample.tables, columns=sample.columns,
        rows=shrunk(sample.rows), bytes=shrunk(sample.bytes),
    )  # fmt: skip


def _score(score: SourceScore, at: datetime, week: int, rng: Random) -> SourceScore:
    lower = Decimal(str(round(week * 0.35 + rng.uniform(-0.6, 0.6), 2)))

    def past(value: Decimal) -> Decimal:
        return min(max(value - lower, Decimal(0)), Decimal(100))

    dimensions = {name: str(past(Decimal(value))) for name, value in score.dimensions.items()}
    return SourceScore(
        source=score.source, day=timezone.localdate(at), score=past(score.score), dimensions=dimensions,
        tables=score.tables, rules=score.rules, simulated=True,
    )  # fmt: skip


def _run_id(source: DataSource, week: int) -> uuid.UUID:
    return uuid.uuid5(_SPACE, f"{source.name}/{week}")
