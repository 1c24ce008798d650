"""Volume samples: taken at each census and scan, with method; totals, rankings and trend add up to the same."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from assets.models import Table
from core import indicators
from quantity import selectors
from quantity.choices import Grouping
from quantity.models import VolumeSample
from tests.assets.support import SqliteSource

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(sqlite_source: Callable[..., SqliteSource]) -> SqliteSource:
    made = sqlite_source()
    made.census()
    made.scan()
    return made


def test_census_and_scan_take_samples(source: SqliteSource) -> None:
    census, scan = VolumeSample.objects.filter(table=None).order_by("at")
    assert (census.origin, census.tables, census.columns) == ("census", 3, 11)
    assert (scan.origin, scan.method, scan.rows, scan.uncounted) == ("scan", "exact", 5, 0)
    person = selectors.table_samples(Table.objects.get(name="person"))
    assert (person[-1].rows, person[-1].method, person[-1].columns) == (3, "exact", 4)


def test_a_table_is_sampled_again_only_when_its_numbers_move(source: SqliteSource) -> None:
    before = VolumeSample.objects.exclude(table=None).count()
    source.scan()
    assert VolumeSample.objects.exclude(table=None).count() == before
    source.run("INSERT INTO office VALUES ('A3', '办事三科', NULL)")
    source.scan()
    assert VolumeSample.objects.exclude(table=None).count() == before + 1
    assert [sample.rows for sample in selectors.table_samples(Table.objects.get(name="office"))][-2:] == [2, 3]


def test_total_ranking_trend_and_indicator_are_one_number(source: SqliteSource) -> None:
    user = source.bureau.viewer
    rows = selectors.total(user).rows
    assert rows == 5
    for by in Grouping:
        assert sum(share.volume.rows for share in selectors.ranking(user, by)) == rows
    assert selectors.trend(user, 7)[-1].volume.rows == rows
    assert indicators.value("quantity.rows", user) == rows
    assert indicators.value("assets.rows", user) == rows


def test_between_two_samples_the_earlier_one_holds(source: SqliteSource) -> None:
    newest = VolumeSample.objects.filter(table=None).latest("at")
    VolumeSample.objects.exclude(pk=newest.pk).delete()
    for days, rows in ((40, 1), (5, 2)):
        VolumeSample.objects.create(
            source=source.row, agency=source.bureau.agency, at=timezone.now() - timedelta(days=days), origin="census",
            run_id=uuid4(), method="exact", rows=rows, tables=3,
        )  # fmt: skip
    points = selectors.trend(source.bureau.viewer, 8)
    assert [point.volume.rows for point in points] == [1, 1, 2, 2, 2, 2, 2, 5]
    assert points[-1].day == timezone.localdate()


def test_two_agencies_count_their_own(source: SqliteSource, city: SimpleNamespace) -> None:
    assert selectors.total(city.civil.viewer).rows == 0
    assert selectors.trend(city.civil.viewer, 7) == []
    api = APIClient()
    api.force_authenticate(city.civil.viewer)
    assert api.get("/api/v1/volume-samples/").json()["results"] == []
    assert api.get("/api/v1/volumes/", {"by": "source"}).json()["shares"] == []
    foreign = VolumeSample.objects.first()
    assert foreign is not None
    assert api.get(f"/api/v1/volume-samples/{foreign.pk}/").status_code == 404


def test_rest_gives_totals_shares_and_trend(source: SqliteSource) -> None:
    api = APIClient()
    api.force_authenticate(source.bureau.viewer)
    summary = api.get("/api/v1/volumes/", {"by": "kind"}).json()
    assert [(share["key"], share["volume"]["rows"]) for share in summary["shares"]] == [("sqlite", 5)]
    assert (summary["total"]["rows"], summary["total"]["method"]) == (5, "exact")
    trend = api.get("/api/v1/volume-trend/", {"days": "3", "source": str(source.row.pk)}).json()
    assert [point["volume"]["rows"] for point in trend] == [5]
    assert api.get("/api/v1/volumes/", {"by": "colour"}).status_code == 400
    assert api.get("/api/v1/volume-trend/", {"days": "0"}).status_code == 400


def test_the_number_of_queries_does_not_grow(sqlite_source: Callable[..., SqliteSource]) -> None:
    counts = []
    for name in ("一", "二", "三"):
        source = sqlite_source(name=name)
        source.census()
        user: Any = type(source.bureau.viewer).objects.get(pk=source.bureau.viewer.pk)
        with CaptureQueriesContext(connection) as captured:
            selectors.ranking(user, Grouping.AGENCY)
            selectors.trend(user, 30)
        counts.append(len(captured))
    assert counts[0] == counts[2]
