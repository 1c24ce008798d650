"""Pages of the volume statistics: totals say how they are known, every figure leads to its rows, nobody sees another's."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quantity.views import chart
from tests.accounts.world import browser
from tests.assets.support import SqliteSource

pytestmark = pytest.mark.django_db

OVERVIEW = reverse("quantity:overview")


@pytest.fixture
def censused(sqlite_source: Callable[..., SqliteSource]) -> SqliteSource:
    source = sqlite_source()
    source.census()
    return source


@pytest.mark.parametrize("name", ["overview", "sample_list"])
def test_before_the_first_census_the_page_says_what_will_appear(city: SimpleNamespace, name: str) -> None:
    page = browser(city.police.viewer).get(reverse(f"quantity:{name}")).content.decode()
    assert "盘点数据源后" in page


def test_a_total_says_by_which_method_it_is_known(censused: SqliteSource) -> None:
    client = browser(censused.bureau.viewer)
    assert "含系统估计" in client.get(OVERVIEW).content.decode()
    censused.scan()
    page = client.get(OVERVIEW)
    assert "精确计数" in page.content.decode()
    assert "含系统估计" not in page.content.decode()
    total = page.context["total"]
    assert (total.tables, total.columns, total.rows) == (3, 11, 5)


@pytest.mark.parametrize("by", ["agency", "source", "kind"])
def test_each_line_of_a_ranking_opens_exactly_its_tables(censused: SqliteSource, by: str) -> None:
    client = browser(censused.bureau.viewer)
    shares = client.get(f"{OVERVIEW}?by={by}").context["shares"]
    assert len(shares) == 1
    for share, address, _part in shares:
        opened = client.get(address)
        assert opened.context["total"] == share.volume.tables
        assert len(opened.context["active_filters"]) == 1, address  # the list is narrowed, not merely whole


def test_an_unknown_grouping_is_that_by_agency(censused: SqliteSource) -> None:
    assert browser(censused.bureau.viewer).get(f"{OVERVIEW}?by=colour").context["by"] == "agency"


@pytest.mark.parametrize("name", ["overview", "sample_list"])
def test_another_agency_is_not_counted_and_not_named(censused: SqliteSource, city: SimpleNamespace, name: str) -> None:
    page = browser(city.civil.viewer).get(reverse(f"quantity:{name}")).content.decode()
    assert censused.row.name not in page
    assert city.police.agency.name not in page


def test_samples_need_as_many_queries_for_many_as_for_few(
    censused: SqliteSource, sqlite_source: Callable[..., SqliteSource]
) -> None:
    client = browser(censused.bureau.viewer)
    addresses = [OVERVIEW, f"{OVERVIEW}?by=source", reverse("quantity:sample_list")]

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    for address in addresses:
        count(address)  # the first visit fills what is remembered
    few = [count(address) for address in addresses]
    for name in ("乙", "丙"):
        sqlite_source(name=name).census()
    assert [count(address) for address in addresses] == few


def test_the_axis_of_the_chart_holds_every_point() -> None:
    empty = chart([])
    assert (empty["scores"], empty["min"]) == ([], 0)
    for rows in ([0, 0], [1, 2], [38_620_000, 38_910_000], [5, 900_000_000]):
        points = [_point(day, count) for day, count in enumerate(rows, start=1)]
        drawn = chart(points)
        assert drawn["min"] <= min(drawn["scores"])
        assert max(drawn["scores"]) <= drawn["max"]
        assert (drawn["max"] - drawn["min"]) / drawn["step"] <= 10


def _point(day: int, rows: int) -> SimpleNamespace:
    return SimpleNamespace(day=SimpleNamespace(month=11, day=day), volume=SimpleNamespace(rows=rows))
