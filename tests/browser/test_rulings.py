"""From a gene to a ruling in a browser, and what follows from it, each page by the rules of a screen reader in both themes."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import Agency, Grant, Person
from assets.models import Column, DataSource, Table
from core import workflow
from genes.models import Binding, Family, FamilyMember, Join, Ruling
from standards.models import DataElement
from standards.services.seed import adopt_shipped
from tests.browser.conftest import sign_in


@pytest.fixture
def element(agency: Agency, person: Person) -> DataElement:
    """公民身份号码 in a table of the police, a key, and in one of civil affairs that lies in it and is written otherwise."""
    city, now = agency.parent, timezone.now()
    assert city is not None
    adopt_shipped(actor=None, agency=city, code_sets=())
    found = DataElement.objects.get(code="P007")
    family = Family.objects.create(element=found, number=1, at=now)
    columns = []
    for code, name in (("BH02", "市公安局"), ("BH03", "市民政局")):
        source = DataSource.objects.create(
            agency=Agency.objects.create(code=code, name=name, parent=city), name=f"{name}库", kind="sqlite"
        )
        table = Table.objects.create(source=source, name="ry", first_seen_at=now, last_seen_at=now)
        column = Column.objects.create(
            table=table, source=source, name="sfzh", position=1, type="text", value_class="text", first_seen_at=now
        )
        Binding.objects.create(column=column, element=found, origin="person", decided_at=now)
        FamilyMember.objects.create(family=family, column=column, differs={"length": ["15", "18"]} if columns else {})
        columns.append(column)
    Join.objects.create(
        column=columns[1],
        target=columns[0],
        share=0.98,
        error=0.01,
        key_share=1,
        same_element=True,
        alike=1,
        found_at=now,
    )
    chief = Person.objects.create_user("zhao", "Harbour-lamp-42-violet", name="赵明", agency=agency)
    Grant.objects.create(person=chief, role="leader", agency=city)
    return found


def test_a_ruling_is_proposed_and_made_and_what_is_collected_again_is_seen(
    page: Page, element: DataElement, check_accessibility: Callable[[Page], None]
) -> None:
    page.goto(f"/genes/{element.pk}/")
    check_accessibility(page)
    page.get_by_role("link", name="提请裁定").first.click()
    page.get_by_label("数源部门").select_option(label="市公安局")
    page.get_by_label("依据").fill("测试依据第一条")
    check_accessibility(page)
    page.get_by_role("button", name="保存为拟定").click()
    page.wait_for_url(re.compile(r"/genes/rulings/[0-9a-f-]{36}/$"))
    ruling = Ruling.objects.get()
    workflow.apply(ruling, "submit", actor=ruling.proposed_by)
    page.context.clear_cookies()
    sign_in(page, "zhao")
    page.goto(ruling.get_absolute_url())
    page.get_by_role("link", name="认定数源").click()
    check_accessibility(page)
    page.get_by_role("button", name="认定数源").click()
    page.wait_for_url(f"**{ruling.get_absolute_url()}")
    check_accessibility(page)
    assert page.get_by_text("已认定", exact=True).first.is_visible()
    for address in ("repetitions/", "joins/", "joins/keys/"):
        page.goto(f"/genes/{address}")
        assert page.locator("tbody tr").count() == 1, address
        if "keys" not in address:
            check_accessibility(page)
    page.goto(f"/genes/families/{Family.objects.get().pk}/")
    check_accessibility(page)
