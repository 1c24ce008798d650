"""Reading a long list page by page: a page starts after a row, not after a number of rows.

Page 1,000 costs what page 1 costs, and inserts neither repeat nor hide anything. A page is read in two steps: the keys
of its rows, for which an index or a sort of keys is enough, then those rows with all that they need.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, ValidationError
from django.db import connection
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

EXACT_UP_TO = 10_000  # rows that are worth counting; of more the size is enough
FEW_AT_MOST = 50_000  # rows that are quickly found and sorted
_EVERYTHING = 1 << 40  # a limit that limits nothing but the planner


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows a list has. ``method``: exact; estimate, two digits of what the database expects; at_least.

    ``few`` says that its filters leave less than a tenth of the table, and not much.
    """

    count: int
    method: str = "exact"
    few: bool = False

    @property
    def exact(self) -> bool:
        return self.method == "exact"


def total_of(rows: "QuerySet[Any]") -> Total:
    """One statement for a short list, two for a long one; neither grows with it."""
    return _look(rows, rows.order_by().values("pk"), "found", "NULL")[0]


def _look(rows: "QuerySet[Any]", found: Any, name: str, picked: str) -> tuple[Total, Any]:
    """The total, and the expression ``picked`` over the rows ``found``, which are all of them while the total is exact."""
    try:
        sql, params = found[: EXACT_UP_TO + 1].query.sql_with_params()
    except EmptyResultSet:  # the filters contradict each other
        return Total(0), []
    size = "(SELECT reltuples FROM pg_class WHERE oid = %s::regclass)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {name} AS ({sql}) SELECT (SELECT count(*) FROM found), {size}, {picked}",
            [*params, rows.model._meta.db_table],
        )
        counted, whole, keys = cursor.fetchone()
    if counted <= EXACT_UP_TO:
        return Total(counted, "exact", counted * 10 < whole), keys
    expected = int(json.loads(rows.order_by().values("pk").explain(format="json"))[0]["Plan"]["Plan Rows"])
    few = expected * 10 < whole and expected <= FEW_AT_MOST
    if expected <= counted:  # it is mistaken, so nothing is known beyond what was counted
        return Total(EXACT_UP_TO, "at_least", few), []
    return Total(round(expected, 2 - len(str(expected))), "estimate", few), []


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order. Nulls stand last in either direction."""

    path: str
    field: "Field[Any, Any]"
    descending: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after ``values`` or, backward, before them. ``at`` is the number of its first row, from 0."""

    backward: bool
    values: Sequence[Any]
    at: int


class BadCursorError(Exception):
    """Not made by us, or for another order."""


class _Row(Func):
    """``(a, b)``, compared as a whole, so that an index over both finds the place at once."""

    template = "(%(expressions)s)"
    output_field = BooleanField()  # a name for Django; rows are only compared


class Order:
    """Columns in one direction, the primary key last. ``name`` stands in cursors, so that orders are not mixed up."""

    def __init__(self, name: str, queryset: "QuerySet[Any]", paths: Sequence[str], *, descending: bool = False) -> None:
        self.name, self.descending = name, descending
        self.terms = [_term(queryset, path, descending) for path in (*paths, "pk")]
        if any(term.nullable for term in self.terms[1:]):
            raise TypeError(f"only the first column of the order {name!r} may be null")

    def sorted(self, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        return rows.order_by(*(_ordering(term, False) for term in self.terms))

    def look(self, rows: "QuerySet[Any]", first: int, limit: int) -> tuple[Total, list[Any]]:
        """The total and, while it is exact, the keys of rows ``first`` to ``first + limit``: filters may be dear, and what
        they leave is found once for both.
        """
        found, names, order = _unsorted(rows, self.terms, False)
        return _look(rows, found, names, f"ARRAY(SELECT key FROM found ORDER BY {order} LIMIT {limit} OFFSET {first})")

    def numbered(self, rows: "QuerySet[Any]", first: int, limit: int, *, few: bool) -> list[Any]:
        """Rows ``first`` (from 0) to ``first + limit``; for short lists."""
        return fetch(rows, self._keys(rows, self.terms, False, limit, few, first))

    def page(
        self, rows: "QuerySet[Any]", cursor: Cursor | None, limit: int, *, few: bool = False
    ) -> tuple[list[Any], bool]:
        """At most ``limit`` rows from the cursor on, in order, and whether more follow in the direction walked."""
        keys: list[Any] = []
        backward = bool(cursor and cursor.backward)
        for condition, terms in self._stretches(cursor):
            keys += self._keys(rows.filter(condition), terms, backward, limit + 1 - len(keys), few)
            if len(keys) > limit:
                break
        shown = keys[:limit]
        if backward:
            shown.reverse()
        return fetch(rows, shown), len(keys) > limit

    def _keys(
        self, rows: "QuerySet[Any]", terms: Sequence[Term], backward: bool, limit: int, few: bool, first: int = 0
    ) -> list[Any]:
        if not few:
            ordered = rows.order_by(*(_ordering(term, backward) for term in terms))
            return list(ordered.values_list("pk", flat=True)[first : first + limit])
        return _few_keys(rows, terms, backward, limit, first)

    def _stretches(self, cursor: Cursor | None) -> list[tuple[Q, Sequence[Term]]]:
        """Conditions that an index can start at, in the order walked: rows with a value, rows without one."""
        terms, first = self.terms, self.terms[0]
        if cursor is None:
            return [(Q(), terms)]
        unknown, known = Q(**{f"{first.path}__isnull": True}), Q(**{f"{first.path}__isnull": False})
        if cursor.values[0] is None:
            here = unknown & _beyond(terms[1:], cursor.values[1:], cursor.backward)
            return [(here, terms[1:]), (known, terms)] if cursor.backward else [(here, terms[1:])]
        here = _beyond(terms, cursor.values, cursor.backward)
        return [(here, terms), (unknown, terms[1:])] if first.nullable and not cursor.backward else [(here, terms)]

    def encode(self, row: Any, at: int, *, backward: bool) -> str:
        values = [_plain(_value(row, term.path)) for term in self.terms]
        text = json.dumps([self.name, int(backward), values, at], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def decode(self, text: str | None) -> Cursor | None:
        """It holds nothing but values to compare with, so it needs no signature. Raises BadCursorError."""
        if text is None:
            return None
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            name, backward, raw, at = json.loads(plain)
            if (
                name != self.name
                or backward not in (0, 1)
                or len(raw) != len(self.terms)
                or "\\u0000" in json.dumps(raw)
            ):
                raise ValueError
            if type(at) is not int or not 0 <= at < 1 << 40:
                raise ValueError
            pairs = zip(self.terms, raw, strict=True)
            values = [None if part is None else term.field.to_python(part) for term, part in pairs]
            if None in values[1:] or (values[0] is None and not self.terms[0].nullable):
                raise ValueError
        except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError, OverflowError):
            raise BadCursorError from None
        return Cursor(bool(backward), values, at)


def _few_keys(rows: "QuerySet[Any]", terms: Sequence[Term], backward: bool, limit: int, first: int) -> list[Any]:
    """First find the rows, then sort them. Left to itself the database may walk an index of the order until it has
    met enough rows that match, and where these stand at its other end that is the whole table.
    """
    found, names, order = _unsorted(rows, terms, backward)
    try:
        sql, params = found[:_EVERYTHING].query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key FROM ({sql}) {names} ORDER BY {order} LIMIT {limit} OFFSET {first}", params)
        return [key for (key,) in cursor.fetchall()]


def _unsorted(rows: "QuerySet[Any]", terms: Sequence[Term], backward: bool) -> tuple[Any, str, str]:
    """Keys with what sorts them, in no order; the name of that with its columns; how it is sorted."""
    found = rows.order_by().values_list("pk", *(term.path for term in terms if term.path != "pk"))
    names = [f"c{number}" for number in range(len(terms) - 1)] + ["key"]  # as they stand in ``terms``: the key last
    ways = ["DESC" if term.descending != backward else "ASC" for term in terms]
    nulls = "FIRST" if backward else "LAST"
    order = ", ".join(f"{name} {way} NULLS {nulls}" for name, way in zip(names, ways, strict=True))
    return found, f"found ({', '.join(['key', *names[:-1]])})", order


def fetch(rows: "QuerySet[Any]", keys: Sequence[Any]) -> list[Any]:
    """The rows with these keys, in this order, with everything that ``rows`` joins and annotates."""
    rows = rows.all()
    if not any(_to_many(join) for join in rows.query.alias_map.values()):
        rows.query.clear_where()  # the filters have just found these keys, and may cost more than all else
    found = rows.in_bulk(keys) if keys else {}
    return [found[key] for key in keys if key in found]


def _to_many(join: Any) -> bool:
    """Whether it repeats rows, so that only the filters hold them few."""
    by = getattr(join, "join_field", None)
    return by is not None and (by.one_to_many or by.many_to_many)


def _ordering(term: Term, backward: bool) -> Any:
    nulls = {} if not term.nullable else {"nulls_first": True} if backward else {"nulls_last": True}
    return F(term.path).desc(**nulls) if term.descending != backward else F(term.path).asc(**nulls)


def _beyond(terms: Sequence[Term], values: Sequence[Any], backward: bool) -> Q:
    """Rows after ``values`` in the direction walked, compared column by column from the first."""
    step, compare = ("lt", LessThan) if terms[0].descending != backward else ("gt", GreaterThan)
    if len(terms) == 1:
        return Q(**{f"{terms[0].path}__{step}": values[0]})
    row = _Row(*(F(term.path) for term in terms))
    given = _Row(*(Value(value, output_field=term.field) for term, value in zip(terms, values, strict=True)))
    # The first column once more: over a join only this part can start in an index.
    return Q(**{f"{terms[0].path}__{step}e": values[0]}) & Q(compare(row, given))


def _term(queryset: "QuerySet[Any]", path: str, descending: bool) -> Term:
    """Find the field behind ``path``, over relations; an annotation may be null."""
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


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name) if row is not None else None
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
