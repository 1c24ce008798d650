"""The story in a real browser: register a source, census, look at a column, accept rules, scan, see a finding, search for it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from accounts.choices import Role
from accounts.models import Grant, Person
from core import jobs

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 60


def _database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE citizen (id INTEGER PRIMARY KEY, name TEXT, sfzh TEXT)")
        good = [(n, f"居民{n}", "11010519491231002X") for n in range(1, ROWS)]
        connection.executemany("INSERT INTO citizen VALUES (?, ?, ?)", [*good, (ROWS, "居民", "110105194912310021")])


@pytest.fixture
def manager(person: Person) -> Person:
    """The steward may also register sources."""
    Grant.objects.create(person=person, role=Role.SOURCE_MANAGER, agency=person.agency)
    return person


def test_from_an_unknown_source_to_a_finding(
    manager: Person, page: Page, check_accessibility: Callable[[Page], None], tmp_path: Path
) -> None:
    path = tmp_path / "居民库.db"
    _database(path)
    page.goto("/sources/new/")
    check_accessibility(page)
    page.get_by_role("link", name="SQLite").click()
    page.locator("[name=agency]").select_option(index=1)
    page.locator("[name=name]").fill("居民库")
    page.locator("[name=parameter_path]").fill(str(path))
    check_accessibility(page)
    page.get_by_role("button", name="保存并测试连接").click()
    page.get_by_text("正在连接").wait_for()
    jobs.drain()
    page.get_by_text("连接成功").wait_for()
    check_accessibility(page)
    page.get_by_role("link", name="下一步，设定计划").click()
    page.get_by_role("button", name="保存计划").click()
    jobs.drain()
    page.reload()

    page.get_by_role("button", name="扫描数据源").click()
    jobs.drain()
    page.reload()
    page.goto("/assets/")
    check_accessibility(page)
    page.get_by_role("link", name="citizen").first.click()
    check_accessibility(page)
    page.locator("nav.tabs").get_by_role("link", name="字段").click()
    page.get_by_role("link", name="sfzh").click()
    page.get_by_label("字段详情").get_by_text("公民身份号码").first.wait_for()
    check_accessibility(page)

    page.locator("nav.tabs").get_by_role("link", name="质量").click()
    page.get_by_role("button", name="采纳所选建议").click()
    page.get_by_text("已采纳").wait_for()
    page.get_by_role("button", name="扫描此表").click()
    jobs.drain()
    page.goto("/quality/findings/?state=open")
    page.get_by_role("link", name="sfzh").first.click()
    page.get_by_text("110*************21").first.wait_for()
    check_accessibility(page)
    page.goto("/quality/")
    check_accessibility(page)
    page.goto("/quantity/")
    check_accessibility(page)

    page.keyboard.press("Control+K")
    page.get_by_role("combobox").fill("sfzh")
    page.get_by_role("option").first.wait_for()
