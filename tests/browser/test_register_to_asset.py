"""From nothing to a finding: register a source → census → asset page → inspector → accept rules → scan → finding → search."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.choices import Role
from accounts.models import Agency, Grant, Person
from assets.models import ScanRun, Table, TableProfile
from assets.services import requests, sources
from core import jobs
from core.models import Job
from tests.assets.support import own_files  # noqa: F401  fixture

Check = Callable[[Page], None]

PEOPLE = """
CREATE TABLE t_people (id INTEGER PRIMARY KEY, xm TEXT NOT NULL, sfzh TEXT, xb TEXT, csrq TEXT, sjh TEXT, bz TEXT);
CREATE TABLE t_office (code TEXT PRIMARY KEY, title TEXT NOT NULL);
INSERT INTO t_office VALUES ('A1', '办事一科'), ('A2', '办事二科');
"""


def citizen_id(number: int) -> str:
    """A valid citizen id (GB 11643) of somebody who does not exist: serial and day of birth follow `number`."""
    body = f"110105{1960 + number % 40}{1 + number % 12:02}{1 + number % 28:02}{number % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """120 people; the citizen ids of two end in a wrong check digit."""
    path = tmp_path / "people.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(PEOPLE)
        for number in range(120):
            code = citizen_id(number)
            if number in (7, 77):
                code = code[:-1] + ("1" if code[-1] != "1" else "2")
            person = (f"某{number:03}", code, "男女"[number % 2], code[6:14], f"138{number:08}", None)
            connection.execute("INSERT INTO t_people (xm, sfzh, xb, csrq, sjh, bz) VALUES (?, ?, ?, ?, ?, ?)", person)
        connection.commit()
    return path


@pytest.fixture
def steward(page: Page, person: Person, agency: Agency) -> Page:
    """The signed-in steward may register sources too."""
    Grant.objects.create(person=person, role=Role.SOURCE_MANAGER, agency=agency.parent)
    return page


def register(page: Page, database: Path, check: Check) -> None:
    """The four steps of the wizard; its job is run where the page waits for it."""
    page.goto("/sources/")
    check(page)
    page.get_by_role("link", name="登记数据源").first.click()
    check(page)
    page.get_by_role("link", name="SQLite").click()
    page.get_by_label("所属机构").select_option(label="　市数据资源管理局")
    page.get_by_label("数据源名称").fill("人口库")
    page.get_by_label("数据库文件").fill(str(database))
    check(page)
    page.get_by_role("button", name="保存并测试连接").click()
    expect(page.get_by_text("正在连接")).to_be_visible()
    check(page)
    jobs.drain()
    expect(page.get_by_text("连接成功。")).to_be_visible()  # in place: nobody reloaded
    check(page)
    page.get_by_role("link", name="下一步，设定计划").click()
    check(page)
    page.get_by_role("button", name="保存计划").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("人口库")


def test_from_a_database_to_its_first_finding(steward: Page, database: Path, check_accessibility: Check) -> None:
    page, check = steward, check_accessibility
    register(page, database, check)
    expect(page.get_by_role("progressbar")).to_be_visible()
    check(page)
    jobs.drain()
    page.reload()
    page.get_by_role("button", name="扫描数据源").click()
    jobs.drain()
    page.reload()
    check(page)

    page.get_by_role("navigation").get_by_role("link", name="资产", exact=True).first.click()
    check(page)
    page.get_by_role("link", name="t_people").click()
    check(page)
    page.get_by_role("link", name="字段 7").click()
    check(page)
    page.get_by_role("link", name="sfzh").click()
    inspector = page.locator("#inspector")
    expect(inspector.get_by_role("heading", level=2)).to_contain_text("sfzh")
    expect(inspector).to_contain_text("公民身份号码")
    assert citizen_id(0) not in page.content()  # masked, and nowhere else on the page
    assert "inspect=" in page.url
    check(page)
    page.keyboard.press("Escape")
    expect(inspector).to_be_empty()
    assert "inspect=" not in page.url

    page.get_by_role("link", name="质量").last.click()
    check(page)
    page.get_by_role("button", name="采纳所选建议").click()
    expect(page.get_by_role("heading", name="质量规则")).to_be_visible()
    page.get_by_role("button", name="扫描此表").click()
    jobs.drain()
    page.goto("/quality/findings/?state=open")
    check(page)
    page.locator("tbody tr").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="不合格的行")).to_be_visible()
    check(page)

    page.goto("/search/?q=t_people")
    expect(page.get_by_role("link", name="t_people").first).to_be_visible()
    check(page)


@pytest.fixture
def scanned(steward: Page, database: Path, agency: Agency) -> Any:
    """The source, censused and scanned, and its people table."""
    row = sources.register_source(
        actor=None, agency=agency, kind="sqlite", name="人口库", parameters={"path": str(database)}
    )
    requests.request_census(actor=None, source=row)
    jobs.drain()
    requests.request_scan(actor=None, source=row)
    jobs.drain()
    return Table.objects.get(name="t_people")


def test_the_steps_of_a_scan_appear_while_it_runs_and_its_results_at_the_end(
    steward: Page, scanned: Any, check_accessibility: Check
) -> None:
    page, run = steward, ScanRun.objects.get()
    now = timezone.now()
    late = run.profiles.get(table__name="t_people")
    late.delete()
    Job.objects.filter(pk=run.job_id).update(
        state="running", finished_at=None, lease_token=9, lease_until=now + timedelta(hours=1), progress_done=1
    )
    ScanRun.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    page.goto(run.get_absolute_url())
    steps = page.locator("#run-live tbody tr")
    expect(steps).to_have_count(1)
    check_accessibility(page)
    page.locator("#run-job").focus()
    TableProfile.objects.create(run=run, table=late.table, at=now, rows=120, plan="pull")
    expect(steps).to_have_count(2)  # nobody reloaded
    expect(page.locator("#run-job")).to_be_focused()
    ScanRun.objects.filter(pk=run.pk).update(state="succeeded", finished_at=timezone.now())
    Job.objects.filter(pk=run.job_id).update(state="succeeded", finished_at=timezone.now(), lease_until=None)
    expect(page.get_by_role("heading", name="规则检查结果")).to_be_visible()
    expect(page.locator(".identity")).to_contain_text("成功")
    expect(page.locator("main [hx-trigger]")).to_have_count(0)
    expect(page.locator("#run-job")).to_be_focused()
    check_accessibility(page)


@pytest.mark.parametrize("width", [1600, 1366, 1280, 1100, 320])
def test_no_asset_page_scrolls_sideways(steward: Page, scanned: Any, width: int) -> None:
    page, table = steward, scanned
    page.set_viewport_size({"width": width, "height": 768})
    column = table.columns.get(name="sfzh")
    addresses = [
        "/sources/", "/sources/new/", "/sources/new/postgresql/", table.source.get_absolute_url(), "/assets/",
        *(f"{table.get_absolute_url()}{tab}" for tab in ("", "columns/", "quality/", "volume/", "changes/")),
        f"{table.get_absolute_url()}columns/?inspect={column.pk}", "/columns/", column.get_absolute_url(), "/systems/",
        "/systems/new/", "/census/", "/scans/", "/changes/", "/quantity/", "/quantity/samples/",
        table.source.census_runs.get().get_absolute_url(), table.source.scan_runs.get().get_absolute_url(),
    ]  # fmt: skip
    wide = {}
    for address in addresses:
        page.goto(address)
        shown = page.evaluate("document.documentElement.scrollWidth")
        if shown > width:
            wide[address] = shown
    assert wide == {}


def test_the_rest_of_the_pages_is_accessible(steward: Page, scanned: Any, check_accessibility: Check) -> None:
    page, table = steward, scanned
    for address in (
        f"{table.get_absolute_url()}volume/", f"{table.get_absolute_url()}edit/", f"{table.get_absolute_url()}changes/",
        table.columns.get(name="xb").get_absolute_url(), "/columns/", "/systems/", "/systems/new/", "/census/",
        "/scans/", "/changes/", "/quantity/", "/quantity/samples/", "/sources/new/upload/",
        table.source.census_runs.get().get_absolute_url(), table.source.scan_runs.get().get_absolute_url(),
        *(f"{table.source.get_absolute_url()}{tab}/" for tab in ("tables", "census", "scans", "changes")),
    ):  # fmt: skip
        page.goto(address)
        check_accessibility(page)


def test_an_unreachable_path_is_told_in_place(steward: Page, agency: Agency, check_accessibility: Check) -> None:
    page = steward
    page.goto("/sources/new/sqlite/")
    page.get_by_label("所属机构").select_option(label="　市数据资源管理局")
    page.get_by_label("数据源名称").fill("不存在的库")
    page.get_by_label("数据库文件").fill("/nowhere/people.db")
    page.get_by_role("button", name="保存并测试连接").click()
    expect(page.get_by_text("正在连接")).to_be_visible()
    jobs.drain()
    expect(page.get_by_role("alert").filter(has_text="路径 /nowhere/people.db 不存在或无法打开")).to_be_visible()
    expect(page.get_by_role("link", name="修改连接")).to_be_visible()
    check_accessibility(page)
