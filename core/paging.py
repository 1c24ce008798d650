"""Keyset paging: a page starts after a row, not after a number of rows, so inserts neither repeat nor hide anything.

`GET …?limit=50&ordering=-name&cursor=…` answers `{"count", "next", "previous", "results"}`; the same links stand in
`Link` (RFC 8288: first, prev, next) and the count in `X-Total-Count`. `count=false` leaves the count out.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import BadParameter

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
PARAMETERS = frozenset({"limit", "cursor", "ordering", "count"})


@dataclass(frozen=True, slots=True)
class Term:
    """One column of the order. Nulls stand last in either direction."""

    path: str
    field: "Field[Any, Any]"
    descending: bool
    nullable: bool

    def order(self, backward: bool) -> Any:
        descending = self.descending != backward
        if not self.nullable:  # plain, so that an index serves it
            return F(self.path).desc() if descending else F(self.path).asc()
        return F(self.path).desc(**_nulls(backward)) if descending else F(self.path).asc(**_nulls(backward))

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any, backward: bool) -> Q | None:
        """Rows that come after `value` in the direction walked; None when there are none."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if backward else None
        step = "lt" if self.descending != backward else "gt"
        after = Q(**{f"{self.path}__{step}": value})
        return after | Q(**{f"{self.path}__isnull": True}) if self.nullable and not backward else after


class KeysetPagination(BasePagination):
    """Reads `view.orderings` ({name: fields}) and `view.default_ordering`; raises BadParameter for anything else."""

    def paginate_queryset(self, queryset: "QuerySet[Any]", request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.limit = _limit(request.query_params.get("limit"))
        self.order, terms = _order(request.query_params.get("ordering"), queryset, view)
        backward, values = _decode(request.query_params.get("cursor"), self.order, terms)
        counted = request.query_params.get("count", "true")
        if counted not in ("true", "false"):
            raise BadParameter(count=_("取值为 true 或 false。"))
        self.count = queryset.count() if counted == "true" else None
        rows = queryset.order_by(*(term.order(backward) for term in terms))
        if values is not None:
            rows = rows.filter(_after(terms, values, backward))
        page = list(rows[: self.limit + 1])
        more = len(page) > self.limit
        page = page[: self.limit]
        if backward:
            page.reverse()
        has_next, has_previous = (bool(page), more) if backward else (more, values is not None and bool(page))
        self.next = self._link(_encode(self.order, terms, page[-1], backward=False)) if has_next else None
        self.previous = self._link(_encode(self.order, terms, page[0], backward=True)) if has_previous else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        body: dict[str, Any] = {"next": self.next, "previous": self.previous, "results": data}
        links = {"first": self._link(None), "prev": self.previous, "next": self.next}
        headers = {"Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)}
        if self.count is not None:
            body = {"count": self.count, **body}
            headers["X-Total-Count"] = str(self.count)
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


def _nulls(backward: bool) -> dict[str, bool]:
    return {"nulls_first": True} if backward else {"nulls_last": True}


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_LIMIT):
        raise BadParameter(limit=_("取值为 1 至 %(max)d 的整数。") % {"max": MAX_LIMIT})
    return int(text)


def _order(text: str | None, queryset: "QuerySet[Any]", view: Any) -> tuple[str, list[Term]]:
    """The chosen order as (its name with sign, terms); the primary key is always the last term."""
    orderings: dict[str, Sequence[str]] = getattr(view, "orderings", {})
    chosen = text if text is not None else getattr(view, "default_ordering", "id")
    name, turned = chosen.removeprefix("-"), chosen.startswith("-")
    if name not in orderings and (text is not None or name != "id"):
        raise BadParameter(ordering=_("可用的排序：%(names)s。") % {"names": ", ".join(orderings) or "—"})
    paths = [*orderings.get(name, ())]
    terms = [_term(queryset, path.removeprefix("-"), path.startswith("-") != turned) for path in paths]
    terms.append(_term(queryset, "pk", terms[-1].descending if terms else turned))
    return chosen, terms


def _term(queryset: "QuerySet[Any]", path: str, descending: bool) -> Term:
    """Find the field behind `path`, over relations; an annotation may be null."""
    if path in queryset.query.annotations:
        return Term(path, queryset.query.annotations[path].output_field, descending, nullable=True)
    model: type[Model] = queryset.model
    nullable = False
    *relations, last = path.split("__")
    for relation in relations:
        related: Any = model._meta.get_field(relation)
        nullable = nullable or related.null
        model = related.related_model
    try:
        field: Any = model._meta.pk if last == "pk" else model._meta.get_field(last)
    except FieldDoesNotExist as error:
        raise TypeError(f"{queryset.model._meta.label} cannot be ordered by {path!r}") from error
    return Term(path, field, descending, nullable or field.null)


def _after(terms: Sequence[Term], values: Sequence[Any], backward: bool) -> Q:
    """Row-wise comparison: beyond in the first term, or equal there and beyond in the second, and so on."""
    found = Q(pk__in=[])
    for index, term in enumerate(terms):
        beyond = term.beyond(values[index], backward)
        if beyond is None:
            continue
        for earlier, value in zip(terms[:index], values[:index], strict=True):
            beyond &= earlier.equal(value)
        found |= beyond
    return found


def _encode(order: str, terms: Sequence[Term], row: Any, *, backward: bool) -> str:
    values = [_plain(_value(row, term.path)) for term in terms]
    text = json.dumps([order, int(backward), values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(text: str | None, order: str, terms: Sequence[Term]) -> tuple[bool, list[Any] | None]:
    """(backward, values) of a cursor. It holds nothing but values to compare with, so it needs no signature."""
    if text is None:
        return False, None
    try:
        known, backward, raw = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        if known != order or backward not in (0, 1) or len(raw) != len(terms) or "\\u0000" in json.dumps(raw):
            raise ValueError
        values = [None if part is None else term.field.to_python(part) for term, part in zip(terms, raw, strict=True)]
    except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError, OverflowError):
        raise BadParameter(cursor=_("游标无效，请从第一页重新读取。")) from None
    return bool(backward), values


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name) if row is not None else None
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
