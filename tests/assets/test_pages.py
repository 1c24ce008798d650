"""Pages of the register: each opens, says what it must in each state, and asks as many queries for many rows as for one."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import CensusRun, Column, DataSource, InformationSystem, ScanRun, Table
from core import jobs
from core.models import Job
from tests.accounts.world import browser
from tests.assets.support import SqliteSource

pytestmark = pytest.mark.django_db

LISTS = ("table_list", "column_list", "system_list", "source_list", "census_list", "scan_list", "change_list")


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_what_will_appear(city: SimpleNamespace, name: str) -> None:
    page = text(browser(city.police.manager), reverse(f"assets:{name}"))
    assert "还没有" in page
    assert "没有符合条件的结果" not in page


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_filters_leave_empty_offers_to_clear_them(
    sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace, name: str
) -> None:
    source = sqlite_source()
    source.census()
    page = text(browser(city.police.manager), f"{reverse(f'assets:{name}')}?agency={city.civil.agency.pk}")
    assert "没有符合条件的结果" in page
    assert "清除筛选" in page


def test_every_page_of_a_scanned_source_opens(
    sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace
) -> None:
    source = sqlite_source()
    source.census()
    source.scan()
    source.run("ALTER TABLE person RENAME COLUMN birth TO born")
    source.census()
    table, column = Table.objects.get(name="person"), Column.objects.get(name="sfzh")
    client = browser(city.police.manager)
    pages = [
        (reverse("assets:table_detail", args=[table.pk]), "引用关系"),
        (reverse("assets:table_detail", args=[table.pk, "columns"]), "sfzh"),
        (reverse("assets:table_detail", args=[table.pk, "columns"]) + f"?inspect={column.pk}", "公民身份号码"),
        (reverse("assets:table_detail", args=[table.pk, "changes"]), "born"),
        (reverse("assets:table_edit", args=[table.pk]), "中文名称"),
        (reverse("assets:column_detail", args=[column.pk]), "字符模式"),
        (reverse("assets:column_detail", args=[column.pk, "changes"]), "还没有变更"),
        (reverse("assets:column_edit", args=[column.pk]), "个人信息类别"),
        (reverse("assets:source_detail", args=[source.row.pk]), "连接与计划"),
        *((reverse("assets:source_detail", args=[source.row.pk, tab]), source.row.name) for tab in ("tables", "census", "scans", "changes")),
        (reverse("assets:source_edit", args=[source.row.pk]), "取值展示策略"),
        (reverse("assets:source_plan", args=[source.row.pk]), "盘点计划"),
        (reverse("assets:source_check", args=[source.row.pk]), "还没有测试过连接"),
        (reverse("assets:census_detail", args=[CensusRun.objects.first().pk]), "逐表结果"),  # type: ignore[union-attr]
        (reverse("assets:scan_detail", args=[ScanRun.objects.get().pk]), "逐表结果"),
        (reverse("assets:change_list"), "更名"),
    ]  # fmt: skip
    for address, expected in pages:
        assert expected in text(client, address), address


def test_personal_values_are_masked_on_pages(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> None:
    source = sqlite_source()
    source.census()
    source.scan()
    client = browser(city.police.viewer)
    column = Column.objects.get(name="sfzh")
    table = reverse("assets:table_detail", args=[column.table_id, "columns"]) + f"?inspect={column.pk}"
    for address in (reverse("assets:column_detail", args=[column.pk]), table):
        page = text(client, address)
        assert "11010519491231002X" not in page
        assert "110*************2X" in page


def test_hostile_names_and_comments_are_text(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> None:
    source = sqlite_source('CREATE TABLE "<script>alert(1)</script>" ("<img src=x onerror=alert(2)>" TEXT);')
    source.census()
    source.scan()
    table = Table.objects.get()
    client = browser(city.police.viewer)
    for address in (reverse("assets:table_list"), reverse("assets:table_detail", args=[table.pk, "columns"])):
        page = text(client, address)
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_lists_need_as_many_queries_for_many_rows_as_for_one(
    sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace
) -> None:
    source = sqlite_source("CREATE TABLE one (a TEXT);", name="甲")
    source.census()
    source.scan()
    source.run("ALTER TABLE one ADD COLUMN b TEXT")
    source.census()
    InformationSystem.objects.create(agency=city.police.agency, code="1", name="系统一")
    client = browser(city.police.manager)
    lists = [reverse(f"assets:{name}") for name in LISTS]
    one = Table.objects.get()
    lists += [reverse("assets:table_detail", args=[one.pk, "columns"])]
    for address in lists:
        client.get(address)
    few = {address: queries(client, address) for address in lists}
    for name in ("乙", "丙"):
        more = sqlite_source(name=name)
        more.census()
        more.scan()
        more.run("ALTER TABLE office ADD COLUMN extra TEXT")
        more.census()
        InformationSystem.objects.create(agency=city.police.agency, code=name, name=name)
    source.run("ALTER TABLE one ADD COLUMN c TEXT")
    source.census()
    assert {address: queries(client, address) for address in lists} == few


def test_registering_by_the_wizard_keeps_what_was_typed_and_tests_in_a_job(
    city: SimpleNamespace, tmp_path: object
) -> None:
    client = browser(city.police.manager)
    assert "PostgreSQL" in text(client, reverse("assets:source_add"))
    address = reverse("assets:source_connection", args=["postgresql"])
    form = {
        "agency": str(city.police.agency.pk), "name": "人口库", "values_policy": "masked", "parameter_host": "127.0.0.1",
        "parameter_port": "1", "parameter_database": "d", "parameter_user": "u", "parameter_tls": "prefer",
        "secret_password": "geheim-47",
    }  # fmt: skip
    refused = client.post(address, {**form, "name": ""})
    assert refused.status_code == 422
    assert 'value="127.0.0.1"' in refused.content.decode()
    assert "geheim-47" not in refused.content.decode()
    answer = client.post(address, form)
    source = DataSource.objects.get()
    assert answer.headers["Location"] == reverse("assets:source_check", args=[source.pk])
    assert "geheim-47" not in f"{source.parameters} {source.sealed_secrets}"
    assert "正在连接" in text(client, answer.headers["Location"])
    jobs.drain()
    page = text(client, answer.headers["Location"])
    assert "连接失败" in page
    assert "127.0.0.1" in page
    edit = text(client, reverse("assets:source_edit", args=[source.pk]))
    assert "已设置，留空则不修改" in edit
    assert "geheim-47" not in edit


def test_the_plan_starts_the_first_census(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> None:
    source = sqlite_source()
    client = browser(city.police.manager)
    address = reverse("assets:source_plan", args=[source.row.pk])
    bad = client.post(address, {"census_cron": "every day", "census_now": "on"})
    assert bad.status_code == 422
    client.post(address, {"census_cron": "0 2 * * *", "scan_cron": "", "census_now": "on"})
    source.row.refresh_from_db()
    assert source.row.census_cron == "0 2 * * *"
    assert Job.objects.get().kind == "assets.census"


def test_who_may_only_read_sees_no_buttons_and_may_not_press_them(
    sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace
) -> None:
    source = sqlite_source()
    source.census()
    client = browser(city.police.viewer)
    page = text(client, reverse("assets:source_detail", args=[source.row.pk]))
    for button in ("测试连接", "重新盘点", "扫描数据源", "移除数据源"):
        assert button not in page
    for name in ("source_test", "source_census", "source_scan", "source_remove", "source_disable"):
        assert client.post(reverse(f"assets:{name}", args=[source.row.pk])).status_code == 403
    assert client.get(reverse("assets:source_add")).status_code == 403
    assert not Job.objects.filter(state="queued").exists()


def test_a_held_census_asks_a_person(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> None:
    many = "".join(f"CREATE TABLE t{n} (a TEXT);" for n in range(10))
    source = sqlite_source(many)
    source.census()
    source.run("".join(f"DROP TABLE t{n};" for n in range(9)))
    source.census()
    run = CensusRun.objects.get(brake="held")
    client = browser(city.police.steward)
    assert "等待确认" in text(client, reverse("assets:source_detail", args=[source.row.pk]))
    page = text(client, reverse("assets:census_detail", args=[run.pk]))
    assert "确认消失" in page
    assert client.post(reverse("assets:census_confirm", args=[run.pk])).status_code == 302
    assert Table.objects.filter(state="gone").count() == 9


def test_the_columns_of_a_wide_table_are_paged_and_leave_together(
    sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace
) -> None:
    columns = ", ".join(f"c{number:03} TEXT" for number in range(230))
    source = sqlite_source(f"CREATE TABLE wide (id_number TEXT, {columns}); CREATE TABLE narrow (c001 TEXT)")
    source.census()
    client = browser(city.police.steward)
    address = reverse("assets:table_detail", args=[Table.objects.get(name="wide").pk, "columns"])

    def shown(query: str) -> list[str]:
        page = text(client, f"{address}?{query}")
        return re.findall(r'<span class="under code">([^<]+)</span>', page)

    every = ["id_number", *(f"c{number:03}" for number in range(230))]
    assert [shown(f"page={number}") for number in (1, 2, 3)] == [every[:100], every[100:200], every[200:]]
    assert "第 201 至 231 个，共 231 个字段" in text(client, f"{address}?page=3")
    assert shown("q=C22&page=1") == [f"c{number:03}" for number in range(220, 230)]
    assert shown("show=unprofiled&page=3") == every[200:]
    assert shown("show=gaps") == []
    exported = client.get(f"{address}?export=csv")
    assert b"".join(exported).count(b"\n") == 1 + 231
    narrow = reverse("assets:table_detail", args=[Table.objects.get(name="narrow").pk, "columns"])
    assert queries(client, address) == queries(client, narrow)
