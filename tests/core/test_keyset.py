"""Keyset paging over more rows than are counted: each row once, forwards and backwards, with ties and unknown values."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import list_paging
from core.keyset import EXACT_UP_TO, BadCursorError, Order, Total, total_of
from core.models import Job
from tests.conftest import as_owner

ROWS, PAGE = EXACT_UP_TO + 321, 997


@pytest.fixture
def rows(db: None) -> Any:
    """Jobs of which one in five has not ended, and the others ended in one of forty hours."""
    began = timezone.now()
    Job.objects.bulk_create(
        Job(
            kind="listed", target="t", target_label=f"任务{number % 13}",
            finished_at=None if number % 5 == 0 else began + timedelta(hours=number * 7919 % 40),
        )
        for number in range(ROWS)
    )  # fmt: skip
    with as_owner() as cursor:
        cursor.execute("ANALYZE core_job")
    return Job.objects.filter(kind="listed")


def walked(order: Order, rows: Any, *, backward: bool = False, few: bool = False) -> list[Any]:
    """Keys of all rows, page by page from one end to the other; the pages themselves are always in order."""
    found: list[Any] = []
    cursor = None
    if backward:
        last = order.sorted(rows).reverse().first()
        found, cursor = [last.pk], order.decode(order.encode(last, ROWS, backward=True))
    more = True
    while more:
        page, more = order.page(rows, cursor, PAGE, few=few)
        keys = [row.pk for row in page]
        found = keys + found if backward else found + keys
        edge = page[0] if backward else page[-1]
        cursor = order.decode(order.encode(edge, 0, backward=backward))
    return found


def test_each_row_is_met_once_in_order_both_ways(rows: Any) -> None:
    """Ties by the key, unknown values last in either direction; found by the order's index or by the filter's."""
    for sign in ("", "-"):
        order = Order(f"{sign}finished", rows, ["finished_at"], descending=bool(sign))
        known = rows.exclude(finished_at=None).order_by(f"{sign}finished_at", f"{sign}pk")
        unknown = rows.filter(finished_at=None).order_by(f"{sign}pk")
        expected = [*known.values_list("pk", flat=True), *unknown.values_list("pk", flat=True)]
        assert len(set(expected)) == ROWS
        assert walked(order, rows) == expected
        assert walked(order, rows, few=True) == expected
        assert walked(order, rows, backward=True) == expected


def test_a_page_is_two_statements_wherever_it_is(rows: Any) -> None:
    order = Order("finished", rows, ["finished_at"])
    last = order.sorted(rows).reverse()[PAGE]
    for cursor in (None, order.decode(order.encode(last, 0, backward=False))):
        with CaptureQueriesContext(connection) as asked:
            page, _more = order.page(rows, cursor, 50)
        assert (len(page), len(asked)) == (50, 2)
        assert all("OFFSET" not in query["sql"] for query in asked)


def test_a_long_list_is_walked_by_its_own_links(rows: Any) -> None:
    """第一页, 上一页, 下一页 and no numbers; its length is an estimate that says so."""
    order = Order("", rows, ["target_label"])
    expected = [*rows.order_by("target_label", "pk").values_list("pk", flat=True)[:150]]
    pages, query = [], ""
    for _ in range(3):
        pages.append(list_paging.read(rows, order, QueryDict(query), 50))
        query = pages[-1].links[-1][1].removeprefix("?")
    assert [row.pk for page in pages for row in page.object_list] == expected
    assert [(page.start_index, page.end_index) for page in pages] == [(1, 50), (51, 100), (101, 150)]
    assert [[label for label, _, _ in page.links] for page in pages] == [
        ["下一页"], ["第一页", "上一页", "下一页"], ["第一页", "上一页", "下一页"],
    ]  # fmt: skip
    back = list_paging.read(rows, order, QueryDict(pages[2].links[1][1].removeprefix("?")), 50)
    assert ([row.pk for row in back.object_list], back.start_index) == (expected[50:100], 51)
    assert pages[0].total.method == "estimate"
    assert abs(pages[0].total.count - ROWS) < ROWS * 0.1


def test_short_lists_are_counted_and_long_ones_are_not(rows: Any) -> None:
    assert total_of(rows.filter(finished_at=None)) == Total(ROWS // 5 + 1, "exact", few=False)
    assert total_of(rows.filter(target_label="任务3", finished_at=None)).few
    assert total_of(rows.none()) == Total(0)
    with CaptureQueriesContext(connection) as asked:
        total_of(rows)
    assert f"LIMIT {EXACT_UP_TO + 1}" in asked[0]["sql"]


@pytest.mark.parametrize("page", ["", "1", "2", "3", "last", "0", "-1", "9" * 30, "٣"])
def test_what_filters_leave_is_found_once_for_its_count_and_its_page(rows: Any, page: str) -> None:
    left = rows.filter(target_label="任务3", finished_at__isnull=False).annotate(half=F("progress_done") + 1)
    order = Order("finished", left, ["finished_at"], descending=True)
    expected = [*left.order_by("-finished_at", "-pk").values_list("pk", flat=True)]
    size = len(expected) // 2 - 1  # three pages
    with CaptureQueriesContext(connection) as asked:
        found = list_paging.read(left, order, QueryDict(f"q=3&page={page}"), size)
    number = {"2": 2, "3": 3, "9" * 30: 3, "-1": 3, "٣": 3, "0": 3}.get(page, 1)
    assert [row.pk for row in found.object_list] == expected[(number - 1) * size : number * size]
    assert found.total == Total(len(expected), "exact", few=True)
    assert len(asked) == (2 if page in ("", "1", "2", "3", "last") else 3)


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-3], lambda text: "!" + text, lambda text: "W10", lambda text: text.swapcase()]
)
def test_a_cursor_that_is_not_ours_is_refused(db: None, spoil: Callable[[str], str]) -> None:
    first, second = (Job.objects.create(kind="listed", target="t", target_label=name) for name in "AB")
    rows = Job.objects.filter(kind="listed")
    order, other = Order("label", rows, ["target_label"]), Order("ended", rows, ["finished_at"])
    text = order.encode(first, 1, backward=False)
    assert order.page(rows, order.decode(text), 5) == ([second], False)
    for bad in (spoil(text), other.encode(first, 1, backward=False)):
        with pytest.raises(BadCursorError):
            order.decode(bad)
