"""The dashboard: scopes from grants, honest stations, empty states, a constant number of queries."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from accounts.scope import narrowed, paths_of
from assets.models import DataSource, Table
from core.indicators import Reading, all_indicators, get
from core.keyset import Total
from datagene import dashboard, home
from quality.selectors import Overall, scores_by_agency
from quantity.selectors import Point, Volume
from tests.accounts import world
from tests.accounts.world import browser

NOTHING = Overall(None, 0, [])


def add_tables(agency: object, count: int) -> None:
    source = DataSource.objects.create(agency=agency, name=f"{agency}业务库", kind="sqlite")
    now = timezone.now()
    for number in range(count):
        Table.objects.create(
            source=source, schema_name="s", name=f"t{number}", kind="table", row_count=1000, first_seen_at=now,
            last_seen_at=now, profiled_at=now if number % 2 else None,
        )  # fmt: skip


def test_the_empty_dashboard_has_its_empty_states(city: SimpleNamespace) -> None:
    html = browser(city.chief).get("/").content.decode()
    for sentence in ("今天没有待处理事项", "还没有质量得分。", "还没有任务。", "还没有动态。", "还没有数据源。"):
        assert sentence in html
    assert html.count("未启用") == 5
    assert "未统计" in html
    assert "echarts" not in html  # only where axes are drawn


def test_scopes_follow_the_grants(city: SimpleNamespace) -> None:
    assert [scope.key for scope in home.scopes_of(city.chief)] == ["all", "agency"]
    assert [scope.key for scope in home.scopes_of(city.officer)] == ["all"]
    assert [scope.key for scope in home.scopes_of(city.auditor)] == ["all"]


def test_the_scope_of_an_agency_counts_its_tables_only(city: SimpleNamespace) -> None:
    add_tables(city.police, 3)
    add_tables(city.tax, 4)
    client = browser(city.chief)
    assert "<strong>7</strong>" in client.get("/").content.decode()
    assert "<strong>3</strong>" in client.get("/?scope=agency").content.decode()
    assert "<strong>7</strong>" in client.get("/?scope=nonsense").content.decode()
    assert "市税务局" not in browser(city.officer).get("/").content.decode()


def test_narrowing_never_widens(city: SimpleNamespace) -> None:
    assert paths_of(narrowed(city.chief, city.tax.path), "data.view") == (city.tax.path,)
    assert paths_of(narrowed(city.officer, city.tax.path), "data.view") == ()
    assert paths_of(narrowed(city.officer, city.root.path), "data.view") == (city.police.path,)
    assert paths_of(city.chief, "data.view") == (city.root.path,)


def test_stations_carry_values_only_where_something_runs(city: SimpleNamespace) -> None:
    values = {
        "assets.tables": 200, "assets.tables_unreadable": 20, "assets.rows": 3_862_000_000,
        "quality.rules": 12, "assets.columns": 4_000, "standards.elements": 171, "standards.elements_published": 114,
    }  # fmt: skip
    readings = {key: Reading(get(key), value) for key, value in values.items()}
    drawn = dashboard.stations(dashboard.Numbers(readings, NOTHING, [], [], bound=Total(1_000)))
    assert [(item.live, item.percent, item.tone, item.note) for item in drawn if item.live] == [
        (True, 90.0, "good", "200 张表"),
        (True, None, "", "38.62 亿条"),
        (True, pytest.approx(66.67, abs=0.01), "caution", "171 个数据元"),
        (True, 25.0, "bad", "1,000 个字段"),
        (True, None, "", "12 条规则"),
    ]
    assert [item.percent for item in drawn if not item.live] == [None] * 5


def test_the_dashboard_asks_the_same_of_few_and_of_many(city: SimpleNamespace) -> None:
    client = browser(city.chief)
    add_tables(city.police, 1)
    client.get("/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/").status_code == 200
        return len(captured)

    few = queries()
    for number in range(5):
        add_tables(world.agency(f"新机构{number}", city.root), 5)
    assert queries() == few


def test_the_ranking_puts_the_unscored_last(city: SimpleNamespace) -> None:
    add_tables(city.police, 2)
    add_tables(city.tax, 2)
    Table.objects.filter(source__agency=city.tax).update(score=88)
    ranked = dashboard.ranking(city.chief, dashboard.best_agencies(city.chief, scores_by_agency(city.chief)), {})
    assert [(row["agency_name"], row["tables"], row["rows_total"], row["share"], row["score"]) for row in ranked] == [
        ("市税务局", 2, 2000, 50.0, 88),
        ("市公安局", 2, 2000, 50.0, None),
    ]


def test_the_chart_frames_its_values() -> None:
    day = timezone.localdate()
    framed = dashboard.chart([(day, 81.2), (day, 86.3)])
    assert (framed["min"], framed["max"], framed["scores"]) == (75, 90, [81.2, 86.3])


def test_a_narrowed_number_opens_a_list_of_its_agency_or_none(city: SimpleNamespace) -> None:
    readings = {key: Reading(get(key), 1) for key in ("quality.findings", "quality.rules")}
    numbers = dashboard.Numbers(readings, NOTHING, [], [], narrowed=True, agency=city.police.pk)
    for key in readings:
        assert numbers.address(key) == f"{get(key).url()}&agency={city.police.pk}"
    assert dashboard.Numbers(readings, NOTHING, [], [], narrowed=True).address("quality.findings") == ""
    assert numbers.address("no.such") == ""


def test_the_growth_of_a_month_is_told_against_what_was_there(city: SimpleNamespace) -> None:
    today = timezone.localdate()
    growth = [
        Point(today - timedelta(days=40 - day), Volume(tables=100 + day, rows=1000 + 10 * day)) for day in range(41)
    ]
    readings = {key: Reading(get(key), value) for key, value in {"assets.tables": 140, "quantity.rows": 1400}.items()}
    tables, rows, *_rest = dashboard.kpis(dashboard.Numbers(readings, NOTHING, {}, growth))
    assert (tables.value, tables.change, tables.history[-1], len(tables.history)) == ("140", 30, 140, 6)
    assert (rows.value, rows.change, rows.change_text) == ("1,400", 27.3, "27.3%")
    assert rows.context == "近 30 天"


def test_every_number_says_what_it_counts_in_the_readers_language() -> None:
    """A unit that serves any noun in Chinese (个, 条, 项) is the noun itself in English."""
    with override("en"):
        said = {item.key: (str(item.label), str(item.unit)) for item in all_indicators()}
    assert len(said) > 30
    for key, (label, unit) in said.items():
        assert label.isascii(), key
        assert unit.isascii(), key
        assert unit not in ("", "total", "items"), key


def test_the_findings_of_an_agency_lead_to_them(city: SimpleNamespace) -> None:
    add_tables(city.police, 1)
    html = browser(city.chief).get("/").content.decode()
    assert f'href="/quality/findings/?state=open&amp;agency={city.police.pk}"' in html
