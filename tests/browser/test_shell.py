"""Sign-in → dashboard → search → job page, in both themes, with the guards of the harness."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Agency, Person
from core import search
from core.models import Job, JobItem
from tests.browser.conftest import PASSWORD, Guard

Check = Callable[[Page], None]


@pytest.fixture
def job(person: Person, agency: Agency) -> Job:
    """A running job with one failed and two finished tables."""
    now = timezone.now()
    running = Job.objects.create(
        kind="assets.census", target="assets.DataSource:1", target_label="市公安局人口库", scope_id=agency.pk,
        actor_id=person.pk, actor_name=person.name, state="running", progress_done=3, progress_total=9, attempt=1,
        lease_token=1, lease_until=now + timedelta(hours=1), started_at=now - timedelta(minutes=4),
    )  # fmt: skip
    for number, state in enumerate(("done", "failed", "done")):
        detail = {"code": "timeout", "params": {"seconds": 30}} if state == "failed" else {}
        JobItem.objects.create(job=running, key=str(number), label=f"public.t_{number}", state=state, detail=detail)
    return running


def test_a_visitor_signs_in_and_comes_back_to_where_they_wanted(
    visitor: Page, person: Person, check_accessibility: Check
) -> None:
    visitor.goto("/jobs/?state=open")
    expect(visitor.get_by_role("heading", name="登录")).to_be_visible()
    check_accessibility(visitor)
    visitor.get_by_label("登录名").fill("li")
    visitor.get_by_label("密码").fill(PASSWORD)
    visitor.get_by_role("button", name="登录平台").click()
    visitor.wait_for_url("/jobs/?state=open")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("任务")


def test_a_wrong_password_is_told_beside_the_form(
    visitor: Page, person: Person, guard: Guard, check_accessibility: Check
) -> None:
    guard.allow("422")
    visitor.goto("/sign-in/")
    visitor.get_by_label("登录名").fill("li")
    visitor.get_by_label("密码").fill("not the password")
    visitor.get_by_role("button", name="登录平台").click()
    expect(visitor.locator(".error-summary")).to_be_focused()
    expect(visitor).to_have_title("错误：登录 · 数据基因治理平台")
    check_accessibility(visitor)


def test_the_dashboard_is_accessible_and_says_what_is_not_there_yet(
    page: Page, job: Job, check_accessibility: Check
) -> None:
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("驾驶舱")
    expect(page.locator(".chain__stops li")).to_have_count(10)
    expect(page.get_by_text("未启用")).to_have_count(5)
    expect(page.get_by_role("link", name="任务运行中 1")).to_be_visible()
    check_accessibility(page)


@pytest.mark.parametrize("width", [1600, 1366, 1280, 1100, 320])
def test_no_page_scrolls_sideways(page: Page, job: Job, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    for address in ("/", "/jobs/", job.get_absolute_url(), "/search/?q=任务", "/help/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_search_opens_by_keyboard_moves_by_arrows_and_returns_focus(
    page: Page, agency: Agency, check_accessibility: Check
) -> None:
    search.rebuild()
    opener = page.get_by_role("link", name="搜索资产、字段、系统、操作")
    opener.focus()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="搜索")
    expect(box).to_be_focused()
    page.keyboard.type("任务")
    option = page.get_by_role("option", name="任务")
    expect(option).to_have_attribute("aria-selected", "true")
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.locator("#search-dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.press("Enter")
    page.wait_for_url("/jobs/")


def test_search_works_as_a_page(page: Page, check_accessibility: Check) -> None:
    page.goto("/search/?q=没有这样的东西")
    expect(page.get_by_text("没有符合条件的结果")).to_be_visible()
    check_accessibility(page)


def test_the_job_page_follows_the_job_and_stops_with_it(page: Page, job: Job, check_accessibility: Check) -> None:
    page.goto(job.get_absolute_url())
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "33")
    expect(page.get_by_text("任务超过 30 秒仍未完成")).to_be_visible()
    check_accessibility(page)
    Job.objects.filter(pk=job.pk).update(
        state="succeeded", partial=True, progress_done=9, lease_until=None, finished_at=timezone.now()
    )
    expect(page.get_by_text("1 项没有完成，其余结果已保存。")).to_be_visible()
    expect(page.locator("#job-block[hx-get]")).to_have_count(0)
    check_accessibility(page)


def test_a_job_is_cancelled_from_its_page(page: Page, job: Job) -> None:
    page.goto(job.get_absolute_url())
    page.get_by_role("button", name="取消任务").click()
    expect(page.locator(".toast")).to_have_text("已请求取消，任务完成当前这张表后停止。")
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_the_theme_is_chosen_in_the_menu_and_kept(page: Page, person: Person) -> None:
    page.locator("summary", has_text="用户菜单").click()
    with page.expect_response(lambda response: "preferences" in response.url):
        page.get_by_role("button", name="深色").click()
    page.goto("/help/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 21, 27)"


def test_a_page_that_is_not_there_says_so(page: Page, guard: Guard, check_accessibility: Check) -> None:
    guard.allow("404")
    page.goto("/jobs/00000000-0000-0000-0000-000000000000/")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有找到页面")
    check_accessibility(page)


def test_everything_works_without_script(browser: Any, live_server: Any, person: Person, job: Job) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="zh-CN")
    plain = context.new_page()
    plain.goto("/jobs/")
    plain.get_by_label("登录名").fill("li")
    plain.get_by_label("密码").fill(PASSWORD)
    plain.get_by_role("button", name="登录平台").click()
    plain.get_by_label("搜索对象").fill("人口")
    plain.get_by_role("button", name="筛选").click()
    expect(plain.locator("tbody tr")).to_have_count(1)
    plain.get_by_role("link", name="创建时间").click()
    expect(plain.locator("th[aria-sort=ascending]")).to_have_text("创建时间")
    assert "q=%E4%BA%BA%E5%8F%A3" in plain.url
    plain.get_by_role("link", name="市公安局人口库").click()
    plain.get_by_role("button", name="取消任务").click()
    expect(plain.get_by_text("已请求取消")).to_have_count(2)
    context.close()
