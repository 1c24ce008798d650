"""The review of a standard in a real browser: drafted, commented, published by another, superseded, retired with its impact read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from accounts.choices import Role
from accounts.models import Agency, Grant, Person
from standards.models import CodeSet, DataElement
from standards.services.seed import adopt_shipped
from tests.browser.conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = (
    "编号,名称,定义,格式\nP007,公民身份号码,改过的定义,\nYC001,渔船编号,渔船的唯一编号,an12\nYC002,备注,重名,c..50\n"
)


@pytest.fixture
def leader(agency: Agency) -> Person:
    """Somebody of the same agency who reviews."""
    zhao = Person.objects.create_user("zhao", PASSWORD, name="赵立新", agency=agency)
    Grant.objects.create(person=zhao, role=Role.LEADER, agency=agency.parent)
    return zhao


def step(page: Page, name: str, opinion: str = "", check: Callable[[Page], None] | None = None) -> None:
    page.get_by_role("link", name=name).click()
    if opinion:
        page.get_by_role("textbox", name="意见").fill(opinion)
    if check:
        check(page)
    page.locator("form.form").get_by_role("button", name=name).click()


def take_over(page: Page, person: Person) -> None:
    page.context.clear_cookies()
    sign_in(page, person.username)


def test_a_standard_from_its_draft_to_its_retirement(
    agency: Agency, leader: Person, page: Page, check_accessibility: Callable[[Page], None]
) -> None:
    adopt_shipped(actor=None, agency=agency, code_sets=("GB/T 2261.1",))
    element = DataElement.objects.get(code="P007")
    page.goto(element.get_absolute_url())
    check_accessibility(page)
    page.get_by_role("button", name="起草新版本").click()
    page.locator("[name=definition]").fill("改过的定义")
    check_accessibility(page)
    page.get_by_role("button", name="保存草案").click()
    page.get_by_text("已保存草案").wait_for()
    check_accessibility(page)
    step(page, "公开征求意见")
    page.get_by_role("link", name="提出意见").click()
    page.get_by_role("textbox", name="意见").fill("建议写明字母大写")
    page.get_by_role("button", name="提出意见").click()
    page.get_by_text("建议写明字母大写").wait_for()
    check_accessibility(page)
    step(page, "提交审核")
    page.get_by_text("待审").first.wait_for()
    assert page.get_by_role("link", name="发布标准").count() == 0  # the author does not review
    draft = page.url

    take_over(page, leader)
    page.goto(draft)
    step(page, "发布标准", "同意", check_accessibility)
    page.get_by_text("已发布").first.wait_for()
    page.goto(element.get_absolute_url() + "editions/")
    page.get_by_text("被取代").wait_for()
    check_accessibility(page)

    sexes = CodeSet.objects.get()
    page.goto(sexes.get_absolute_url())
    page.get_by_role("link", name="废止标准").click()
    page.get_by_text("使用此代码集的数据元").wait_for()
    page.get_by_role("textbox", name="意见").fill("由新标准代替")
    check_accessibility(page)
    page.get_by_label("已阅读影响清单").check()
    page.locator("form.form").get_by_role("button", name="废止标准").click()
    page.get_by_text("已废止").first.wait_for()
    sexes.refresh_from_db()
    assert sexes.current is None


def test_a_printed_table_comes_in_by_way_of_its_preview(
    agency: Agency, page: Page, check_accessibility: Callable[[Page], None]
) -> None:
    adopt_shipped(actor=None, agency=agency, code_sets=())
    page.goto("/standards/elements/")
    page.get_by_role("link", name="导入数据元").click()
    check_accessibility(page)
    page.locator("select[name=agency]").select_option(label="市数据资源管理局")
    file = {"name": "目录.csv", "mimeType": "text/csv", "buffer": TABLE.encode("gb18030")}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_text("“备注”也是").wait_for()
    check_accessibility(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="下载报告").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("button", name="导入为草案").click()
    page.get_by_text("已导入 2 行").wait_for()
    assert set(DataElement.objects.filter(code__startswith="YC").values_list("code", flat=True)) == {"YC001"}
