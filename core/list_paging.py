"""One page of a list page: numbered while the list is short enough to be counted, else only forward and back (UI.md §6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from core.keyset import BadCursorError, Cursor, Order, Total, fetch, total_of


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows ``start_index`` to ``end_index`` of ``total``; ``links`` are (label, URL, current), "…" without URL."""

    object_list: list[Any]
    start_index: int  # of the first row, from 1
    total: Total
    links: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def end_index(self) -> int:
        return self.start_index + len(self.object_list) - 1

    @property
    def has_other_pages(self) -> bool:
        return bool(self.links)


def read(rows: "QuerySet[Any] | Sequence[Any]", order: Order, query: QueryDict, size: int) -> Slice:
    """The page that ``query`` names by `page` or `cursor`; whatever else stands there is the first page."""
    if not isinstance(rows, QuerySet):
        return _numbered(lambda first, count: list(rows[first : first + count]), Total(len(rows)), query, size)
    asked = (_number(query.get("page")) - 1) * size
    narrowed = any(query[name] for name in query if name not in ("page", "cursor", "sort"))
    total, keys = order.look(rows, asked, size) if narrowed else (total_of(rows), [])

    def numbered(first: int, count: int) -> list[Any]:
        found = keys and first == asked
        return fetch(rows, keys) if found else order.numbered(rows, first, count, few=total.few)

    if total.exact:
        return _numbered(numbered, total, query, size)
    try:
        cursor = order.decode(query.get("cursor"))
    except BadCursorError:
        cursor = None
    found, more = order.page(rows, cursor, size, few=total.few)
    return Slice(found, (cursor.at if cursor else 0) + 1, total, _steps(found, more, cursor, order, query, size))


def _number(text: str | None) -> int:
    """Of the page asked for; where it is none, or none of the list, the paginator finds one."""
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 7 and int(text) else 1


def _numbered(read: Callable[[int, int], list[Any]], total: Total, query: QueryDict, size: int) -> Slice:
    page = Paginator(range(total.count), size).get_page(query.get("page"))
    found = read(max(0, page.start_index() - 1), len(page.object_list))
    links = []
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1):
        href = with_query(query, page=number) if isinstance(number, int) else ""
        links.append((str(number) if href else "…", href, number == page.number))
    return Slice(found, page.start_index(), total, links if len(links) > 1 else [])


def _steps(
    found: list[Any], more: bool, cursor: Cursor | None, order: Order, query: QueryDict, size: int
) -> list[tuple[str, str, bool]]:
    backward = bool(cursor and cursor.backward)
    after, before = (bool(found), more) if backward else (more, cursor is not None and bool(found))
    at = cursor.at if cursor else 0
    links = [(_("第一页"), with_query(query, page=None), False)] if cursor else []
    if before:
        back = order.encode(found[0], max(0, at - size), backward=True)
        links.append((_("上一页"), with_query(query, page=None, cursor=back), False))
    if after:
        on = order.encode(found[-1], at + len(found), backward=False)
        links.append((_("下一页"), with_query(query, page=None, cursor=on), False))
    return links


def with_query(query: QueryDict, **changes: str | int | None) -> str:
    """The query string with parameters set, or dropped when None: `?q=人口&sort=-rows`. A cursor goes with its page."""
    changed = query.copy()
    if "page" in changes:
        changed.pop("cursor", None)
    for key, value in changes.items():
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = str(value)
    return f"?{changed.urlencode()}"
