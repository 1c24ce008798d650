"""What a scan found, on its page and as a list; the score of a column beside its profile."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.urls import reverse

from assets.models import Column, ScanRun
from quality import selectors
from quality.models import CheckResult, Finding
from tests.accounts.world import browser
from tests.assets.test_pages import queries, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(staff: SimpleNamespace) -> SimpleNamespace:
    """Three rules, of which one fails (Z is no level) and one has nothing to look at."""
    staff.rule("in_set", "level", values=["A", "B"])
    staff.rule("not_null", "level")
    staff.rule("unique", "id")
    staff.source.scan()
    return SimpleNamespace(**vars(staff), run=ScanRun.objects.get(), client=browser(staff.steward))


def test_the_page_of_a_scan_shows_its_results_what_failed_first(checked: SimpleNamespace) -> None:
    page = text(checked.client, checked.run.get_absolute_url())
    results = page[page.index('id="run-results"') : page.index('id="run-steps"')]
    assert results.index("level 取值范围") < results.index("level 非空")
    finding = Finding.objects.get()
    assert f'<a href="{finding.get_absolute_url()}">1</a>' in results
    listed = f"{reverse('quality:result_list')}?run={checked.run.pk}"
    assert f'href="{listed}">全部 <b>3</b>' in results
    assert f'href="{listed}&amp;passed=no">未通过 <b>1</b>' in results
    assert "共 3 条结果" in text(checked.client, listed)
    failed = text(checked.client, f"{listed}&passed=no")
    assert "共 1 条结果" in failed
    assert f"扫描记录：{checked.source.row}" in failed


def test_a_result_leads_to_the_finding_of_its_own_time(checked: SimpleNamespace) -> None:
    """The fault is mended and comes back: each failing result has the finding that was open then."""
    checked.source.run("UPDATE staff SET level = 'A' WHERE level = 'Z'")
    checked.source.scan()
    checked.source.run("UPDATE staff SET level = 'Z' WHERE id = 4")
    checked.source.scan()
    first, second = Finding.objects.order_by("opened_at")
    page = text(checked.client, f"{reverse('quality:result_list')}?passed=no&sort=at")
    assert page.index(first.get_absolute_url()) < page.index(second.get_absolute_url())
    assert page.count(first.get_absolute_url()) == page.count(second.get_absolute_url()) == 1


def test_a_scan_without_rules_says_so(staff: SimpleNamespace) -> None:
    staff.source.scan()
    assert "这次扫描没有检查规则" in text(browser(staff.steward), ScanRun.objects.get().get_absolute_url())


def test_results_ask_as_much_for_many_as_for_one(checked: SimpleNamespace) -> None:
    address, page = reverse("quality:result_list"), checked.run.get_absolute_url()
    one = (queries(checked.client, address), queries(checked.client, page))
    for name in ("name", "sfzh", "day", "fee", "seen"):
        checked.rule("not_null", name)
    checked.source.scan()
    page = ScanRun.objects.latest("started_at").get_absolute_url()
    assert CheckResult.objects.filter(passed=False).count() > 2
    assert (queries(checked.client, address), queries(checked.client, page)) == one


def test_a_column_is_scored_as_a_table_is(checked: SimpleNamespace) -> None:
    """level: 3 of 4 values allowed (规范性 75) and none missing (完整性 100) make 87.5; id is unique; others have no rule."""
    columns = list(Column.objects.filter(table=checked.table))
    scores = {column.name: selectors.column_scores(columns, checked.steward).get(column.pk) for column in columns}
    assert {name: score for name, score in scores.items() if score is not None} == {
        "id": Decimal(100), "level": Decimal("87.50"),
    }  # fmt: skip
    level = next(column for column in columns if column.name == "level")
    for rule in level.rules.filter(kind="in_set"):
        rule.enabled = False
        rule.save()
    assert selectors.column_scores(columns, checked.steward)[level.pk] == Decimal(100)


def test_the_score_stands_in_the_list_and_on_the_page_of_the_column(checked: SimpleNamespace) -> None:
    level = Column.objects.get(table=checked.table, name="level")
    link = reverse("assets:column_detail", args=[level.pk, "quality"])
    for address in (
        reverse("assets:table_detail", args=[checked.table.pk, "columns"]),
        reverse("assets:column_list"),
        level.get_absolute_url(),
    ):
        page = text(checked.client, address)
        assert "质量分" in page
        assert f'<a href="{link}">87.5</a>' in page, address


def test_scores_of_columns_cost_the_same_for_many(checked: SimpleNamespace) -> None:
    addresses = (reverse("assets:table_detail", args=[checked.table.pk, "columns"]), reverse("assets:column_list"))
    one = [queries(checked.client, address) for address in addresses]
    for name in ("name", "sfzh", "day", "fee", "seen"):
        checked.rule("not_null", name)
    checked.source.scan()
    assert [queries(checked.client, address) for address in addresses] == one
