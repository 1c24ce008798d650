"""The harness of browser tests: Debian's Chromium, a signed-in page, and guards that every page passes.

A page may load nothing from another host, log no error, break no content policy and throw no exception; `guard` fails
the test that does. `check_accessibility(page)` runs axe over what is shown.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.choices import Role
from accounts.models import Agency, Grant, Person
from tests.conftest import CHROMIUM

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
PASSWORD = "Harbour-lamp-42-violet"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is not None:
        return
    left_out = pytest.mark.skip(reason="no browser on this machine: apt install chromium fonts-noto-cjk")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(left_out)


class Guard:
    """What went wrong in the pages of one test. `allow("404")` names console errors that the test provokes."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.faults: list[str] = []
        self.allowed: list[str] = []

    def allow(self, text: str) -> None:
        self.allowed.append(text)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._request(request.url))
        context.on("console", lambda message: message.type in ("error", "warning") and self._note(message.text))
        context.on("weberror", lambda error: self._note(f"exception: {error.error}"))

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self.host:
            self.faults.append(f"request to another host: {url}")

    def _note(self, text: str) -> None:
        if not any(allowed in text for allowed in self.allowed):
            self.faults.append(text)


@pytest.fixture
def guard(live_server: Any) -> Iterator[Guard]:
    watching = Guard(urlsplit(live_server.url).netloc)
    yield watching
    assert watching.faults == []


@pytest.fixture
def visitor(browser: Browser, live_server: Any, guard: Guard) -> Iterator[Page]:
    """A page of nobody, 1600 wide; `page.goto("/")` is relative to the live server."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1600, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(10_000)
    guard.watch(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def agency(transactional_db: None) -> Agency:
    root = Agency.objects.create(code="BH", name="滨海市")
    return Agency.objects.create(code="BH01", name="市数据资源管理局", parent=root)


@pytest.fixture
def person(agency: Agency) -> Person:
    """A steward of the whole city."""
    li = Person.objects.create_user("li", PASSWORD, name="李文静", agency=agency)
    Grant.objects.create(person=li, role=Role.STEWARD, agency=agency.parent)
    return li


@pytest.fixture
def page(visitor: Page, person: Person) -> Page:
    """A page of `person`, signed in through the form and standing on the dashboard."""
    sign_in(visitor, person.username)
    return visitor


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in/")
    page.get_by_label("登录名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录平台").click()
    page.wait_for_url("/")


def use_theme(page: Page, theme: str) -> None:
    """Show the page in another theme at once, as the user menu does."""
    page.evaluate(
        "theme => { document.documentElement.dataset.theme = theme; document.dispatchEvent(new CustomEvent('theme-changed')); }",
        theme,
    )


@pytest.fixture
def check_accessibility() -> Callable[[Page], None]:
    return assert_accessible


def assert_accessible(page: Page) -> None:
    """axe finds nothing, in both themes. Each finding names its rule and the elements."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    shown = page.evaluate("document.documentElement.dataset.theme")
    for theme in ("light", "dark"):
        use_theme(page, theme)
        page.wait_for_timeout(200)  # colours change over 120 ms; axe must not measure half-way
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        problems = [(rule["id"], node["target"], node["failureSummary"]) for rule in found for node in rule["nodes"]]
        assert problems == [], f"{page.url} in {theme}"
    use_theme(page, shown)
