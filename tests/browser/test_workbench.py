"""The matching workbench by keyboard: walk, look, accept, refuse, none, undo; the pane shows evidence and both fingerprints."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Agency
from assets.services import requests, sources
from core import jobs
from genes.models import Binding, Match
from standards.services.seed import adopt_shipped
from tests.assets.support import own_files  # noqa: F401  fixture
from tests.browser.test_register_to_asset import citizen_id

Check = Callable[[Page], None]


@pytest.fixture
def queue(agency: Agency, tmp_path: Path) -> Any:
    """A register of 60 people, censused and scanned beside the shipped elements; its best proposals by column."""
    adopt_shipped(actor=None, agency=agency, code_sets=("GB/T 2261.1", "GB/T 3304"))
    path = tmp_path / "register.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE ry_jbxx (id INTEGER PRIMARY KEY, xm TEXT, xb TEXT, gmsfhm TEXT, sjhm TEXT, mz TEXT)"
        )
        for number in range(60):
            person = (f"王{number}", str(1 + number % 2), citizen_id(number), f"138{number * 7919:08}", "01")
            connection.execute("INSERT INTO ry_jbxx (xm, xb, gmsfhm, sjhm, mz) VALUES (?, ?, ?, ?, ?)", person)
        connection.commit()
    row = sources.register_source(
        actor=None, agency=agency, kind="sqlite", name="人口登记库", parameters={"path": str(path)}
    )
    requests.request_census(actor=None, source=row)
    jobs.drain()
    requests.request_scan(actor=None, source=row)
    jobs.drain()
    return list(Match.objects.filter(rank=1, state="proposed").select_related("column", "element"))


def test_a_steward_works_the_queue_by_keyboard(page: Page, queue: Any, check_accessibility: Check) -> None:
    page.goto("/genes/matches/?sort=column")
    rows = page.locator("#list-results tbody tr")
    expect(rows).to_have_count(len(queue))
    names = rows.locator(".under.code").filter(has_text="").all_inner_texts()
    assert "gmsfhm" in names
    check_accessibility(page)

    inspector = page.locator("#inspector")
    page.keyboard.press("j")  # the first row has the focus; this is the second
    expect(inspector.get_by_role("heading", name="特征对比")).to_be_visible()
    page.keyboard.press("k")
    expect(inspector).to_contain_text("gmsfhm")
    expect(inspector).to_contain_text("100% 的值通过公民身份号码校验")
    assert citizen_id(0) not in page.content()  # values of a personal column are masked here too
    check_accessibility(page)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("tr.is-current a[data-inspect]").focus()
    page.keyboard.press("a")
    expect(rows).to_have_count(len(queue) - 1)
    assert Binding.objects.get().element.name == "公民身份号码"
    assert Binding.objects.get().column.name == "gmsfhm"

    expect(page.locator("tr.is-current a[data-inspect]")).to_be_focused()  # goes on where it was
    page.keyboard.press("n")
    expect(rows).to_have_count(len(queue) - 2)
    assert Binding.objects.filter(element=None).count() == 1
    page.keyboard.press("u")
    expect(rows).to_have_count(len(queue) - 1)
    assert not Binding.objects.filter(element=None).exists()
    page.keyboard.press("u")
    expect(rows).to_have_count(len(queue))
    assert not Binding.objects.exists()


def test_another_element_is_searched_and_chosen_in_the_pane(page: Page, queue: Any, check_accessibility: Check) -> None:
    match = next(item for item in queue if item.column.name == "xm")
    page.goto(f"/genes/matches/?inspect={match.pk}")
    inspector = page.locator("#inspector")
    inspector.get_by_role("searchbox").fill("曾用名")
    inspector.get_by_role("button", name="查找").click()
    expect(inspector.get_by_role("button", name="确认为 曾用名")).to_be_visible()
    check_accessibility(page)
    inspector.get_by_role("button", name="确认为 曾用名").click()
    expect(page.get_by_text("已确认 1 个字段。")).to_be_visible()
    assert Binding.objects.get().element.name == "曾用名"
    page.goto(f"{match.column.get_absolute_url()}genes/")
    expect(page.get_by_role("heading", name="安全级别")).to_be_visible()
    check_accessibility(page)
    page.goto(f"{match.column.table.get_absolute_url()}columns/")
    expect(page.get_by_role("columnheader", name="数据元")).to_be_visible()
    check_accessibility(page)
