"""Two people give somebody a right, and somebody makes a token: in the browser, accessible in both themes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.choices import Role
from accounts.models import Agency, Grant, Person
from tests.browser.conftest import PASSWORD, Guard, sign_in

Check = Callable[[Page], None]


@pytest.fixture
def administrators(agency: Agency) -> None:
    """`system` and `security` of the whole city."""
    for username, name, role in (("system", "赵系统", Role.SYSTEM_ADMIN), ("security", "钱安全", Role.SECURITY_ADMIN)):
        person = Person.objects.create_user(username, PASSWORD, name=name, agency=agency)
        Grant.objects.create(person=person, role=role, agency=agency.parent)


def sign_out(page: Page) -> None:
    page.locator(".me__button").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("/sign-in/")


def test_one_administrator_adds_a_person_and_another_grants(
    visitor: Page, administrators: None, guard: Guard, check_accessibility: Check
) -> None:
    page = visitor
    sign_in(page, "system")
    page.get_by_role("navigation").get_by_role("link", name="人员").click()
    check_accessibility(page)
    page.get_by_role("link", name="新增人员").click()
    check_accessibility(page)
    page.get_by_label("姓名").fill("周立")
    page.get_by_label("登录名").fill("zhouli")
    page.get_by_label("所属机构").select_option(label="　市数据资源管理局")
    page.get_by_label("初始密码").fill("short")
    guard.allow("422")
    page.get_by_role("button", name="新增人员").click()
    expect(page.locator(".error-summary")).to_be_focused()
    check_accessibility(page)
    page.get_by_label("初始密码").fill("Willow-gate-71-amber")
    page.get_by_role("button", name="新增人员").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("周立")
    expect(page.get_by_role("link", name="授予角色")).to_have_count(0)
    check_accessibility(page)
    sign_out(page)

    sign_in(page, "security")
    page.goto("/people/")
    page.get_by_role("link", name="周立").click()
    page.get_by_role("link", name="授予角色").click()
    page.get_by_label("角色").select_option(label="数据管理员")
    page.get_by_label("机构范围").select_option(label="　市数据资源管理局")
    check_accessibility(page)
    page.get_by_role("button", name="授予角色").click()
    expect(page.get_by_role("cell", name="数据管理员", exact=True)).to_be_visible()
    check_accessibility(page)
    page.get_by_role("link", name="撤销授权").click()
    dialog = page.get_by_role("dialog", name="撤销授权")
    expect(dialog).to_contain_text("周立")
    check_accessibility(page)
    dialog.get_by_role("button", name="撤销授权").click()
    expect(page.locator("table").get_by_text("已撤销")).to_be_visible()
    page.goto("/grants/")
    check_accessibility(page)


def test_agencies_are_a_tree(page: Page, agency: Agency, check_accessibility: Check) -> None:
    page.goto("/agencies/")
    expect(page.locator("tbody .name a")).to_have_text(["滨海市", "市数据资源管理局"])
    check_accessibility(page)
    page.get_by_role("link", name="滨海市").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("滨海市")
    check_accessibility(page)
    page.get_by_role("link", name="下级机构").click()
    page.get_by_role("link", name="市数据资源管理局").click()
    expect(page.locator(".identity__meta")).to_contain_text("滨海市")
    check_accessibility(page)


def test_token_is_shown_once(page: Page, check_accessibility: Check) -> None:
    page.goto("/account/")
    check_accessibility(page)
    page.get_by_role("link", name="创建令牌").click()
    check_accessibility(page)
    page.get_by_label("名称").fill("巡检程序")
    page.get_by_role("button", name="创建令牌").click()
    secret = page.get_by_label("令牌", exact=True).input_value()
    assert secret.startswith("dg_")
    check_accessibility(page)
    page.get_by_role("link", name="已保存，返回我的账号").click()
    expect(page.get_by_text("巡检程序", exact=True)).to_be_visible()
    assert secret not in page.content()
    check_accessibility(page)


def test_password_is_changed(page: Page, check_accessibility: Check) -> None:
    page.goto("/account/password/")
    check_accessibility(page)
    page.get_by_label("当前密码").fill(PASSWORD)
    page.get_by_label("新密码", exact=True).fill("Willow-gate-71-amber")
    page.get_by_label("再次输入新密码").fill("Willow-gate-71-amber")
    page.get_by_role("button", name="修改密码").click()
    page.wait_for_url("/account/")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
