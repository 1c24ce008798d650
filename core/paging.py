"""Keyset paging of the REST interface (core.keyset).

`GET …?limit=50&ordering=-name&cursor=…` answers `{"count", "count_method", "next", "previous", "results"}`; the same links
stand in `Link` (RFC 8288: first, prev, next) and the count in `X-Total-Count`. The count is exact up to 10,000 rows and
an estimate beyond; `count=false` leaves it out.
"""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import BadParameter
from core.keyset import EXACT_UP_TO, BadCursorError, Order, fetch, total_of

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
PARAMETERS = frozenset({"limit", "cursor", "ordering", "count"})


class KeysetPagination(BasePagination):
    """Reads `view.orderings` ({name: fields}) and `view.default_ordering`; raises BadParameter for anything else."""

    def paginate_queryset(self, queryset: "QuerySet[Any]", request: Request, view: Any = None) -> list[Any]:
        self.request = request
        limit = _limit(request.query_params.get("limit"))
        order = _order(request.query_params.get("ordering"), queryset, view)
        try:
            cursor = order.decode(request.query_params.get("cursor"))
        except BadCursorError:
            raise BadParameter(cursor=_("游标无效，请从第一页重新读取。")) from None
        counted = request.query_params.get("count", "true")
        if counted not in ("true", "false"):
            raise BadParameter(count=_("取值为 true 或 false。"))
        narrowed = any(request.query_params[name] for name in request.query_params if name not in PARAMETERS)
        # The total is asked for even when nobody wants it: it tells how to look for the rows.
        total, keys = order.look(queryset, 0, limit + 1) if narrowed and not cursor else (total_of(queryset), [])
        self.total = total if counted == "true" else None
        if keys:
            page, more = fetch(queryset, keys[:limit]), len(keys) > limit
        else:
            page, more = order.page(queryset, cursor, limit, few=total.few)
        backward = bool(cursor and cursor.backward)
        has_next, has_previous = (bool(page), more) if backward else (more, cursor is not None and bool(page))
        at = cursor.at if cursor else 0
        self.next = self._link(order.encode(page[-1], at + len(page), backward=False)) if has_next else None
        self.previous = self._link(order.encode(page[0], max(0, at - limit), backward=True)) if has_previous else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        body: dict[str, Any] = {"next": self.next, "previous": self.previous, "results": data}
        links = {"first": self._link(None), "prev": self.previous, "next": self.next}
        headers = {"Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)}
        if self.total is not None:
            body = {"count": self.total.count, "count_method": self.total.method, **body}
            headers["X-Total-Count"] = str(self.total.count)
        return Response(body, headers=headers)

    def _link(self, cursor: str | None) -> str:
        """The absolute address of a page: all parameters kept, the cursor replaced."""
        params = self.request.query_params.copy()
        params.pop("cursor", None)
        if cursor is not None:
            params["cursor"] = cursor
        query = params.urlencode()
        return self.request.build_absolute_uri(self.request.path + (f"?{query}" if query else ""))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "All rows that match; absent with count=false.",
                },
                "count_method": {
                    "type": "string",
                    "enum": ["exact", "estimate", "at_least"],
                    "description": f"Rows are counted up to {EXACT_UP_TO}; beyond, the count is estimated, or the least that it is.",
                },
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = [sign + name for name in getattr(view, "orderings", {}) for sign in ("", "-")]
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        found = [
            ("limit", limit, "Rows per page."),
            ("cursor", {"type": "string"}, "From a link of the previous answer; opaque."),
            ("count", {"type": "boolean", "default": True}, "false leaves out the count."),
        ]
        if names:
            found.append(("ordering", {"type": "string", "enum": names}, "A minus sign turns the order round."))
        return [
            {"name": name, "in": "query", "required": False, "schema": schema, "description": text}
            for name, schema, text in found
        ]


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_LIMIT):
        raise BadParameter(limit=_("取值为 1 至 %(max)d 的整数。") % {"max": MAX_LIMIT})
    return int(text)


def _order(text: str | None, queryset: "QuerySet[Any]", view: Any) -> Order:
    """The chosen order; its name carries the sign."""
    orderings: dict[str, tuple[str, ...]] = getattr(view, "orderings", {})
    chosen = text if text is not None else getattr(view, "default_ordering", "id")
    name, turned = chosen.removeprefix("-"), chosen.startswith("-")
    if name not in orderings and (text is not None or name != "id"):
        raise BadParameter(ordering=_("可用的排序：%(names)s。") % {"names": ", ".join(orderings) or "—"})
    paths = orderings.get(name, ())
    descending = bool(paths and paths[0].startswith("-"))
    return Order(chosen, queryset, [path.removeprefix("-") for path in paths], descending=descending != turned)
