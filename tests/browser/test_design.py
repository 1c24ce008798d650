"""The design-time check in a browser: without reading a manual, by its labels, in both themes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Agency
from standards.services.seed import adopt_shipped
from tests.browser.conftest import Guard
from tests.genes.test_design import PERSON


@pytest.fixture
def standards(agency: Agency) -> None:
    adopt_shipped(actor=None, agency=agency, code_sets=("GB/T 2261.1", "GB/T 3304"))


def test_a_pasted_table_is_answered_column_by_column(
    page: Page, guard: Guard, standards: None, check_accessibility: Callable[[Page], None]
) -> None:
    page.goto("/genes/")
    page.get_by_role("link", name="设计时核对").click()
    check_accessibility(page)
    page.get_by_label("建表语句或字段清单").fill(f"{PERSON} create table open (x int")
    page.get_by_role("button", name="核对标准").click()
    row = page.get_by_role("row").filter(has_text="gmsfhm")
    expect(row).to_contain_text("公民身份号码")
    expect(row).to_contain_text("长度 15 不够")
    expect(page.get_by_text("第 15 行：括号没有结束。")).to_be_visible()
    page.get_by_text("JSON Schema").click()
    expect(page.locator("pre")).to_contain_text('"公民身份号码"')
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    check_accessibility(page)
    guard.allow("422")
    page.get_by_label("建表语句或字段清单").fill("select 1")
    page.get_by_role("button", name="核对标准").click()
    expect(page.get_by_role("alert")).to_contain_text("没有找到 CREATE TABLE 语句")
