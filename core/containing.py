"""Filters by a part of a text over long tables: an index of pairs of characters, since a word of Chinese is two of them.

``core_pairs(texts…)`` (a function in the database) is the set of all pairs of neighbours, upper case, of the first 2,000
characters; ``core_pairs_query(text)`` asks for all pairs of a text. What contains the text has its pairs, so the index only
leaves out what cannot match, and the plain comparison decides. A model names its fields in ``contained`` and has
``containing_index(…)`` over them.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import BooleanField, Case, Func, Model, Q, QuerySet, Value, When

M = TypeVar("M", bound=Model)


class Pairs(Func):
    function = "core_pairs"
    output_field = SearchVectorField()


class _PairsOf(Func):
    function = "core_pairs_query"
    output_field = SearchQueryField()


class _Has(Func):
    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


def containing_index(name: str, *fields: str) -> GinIndex:
    return GinIndex(Pairs(*fields), name=name)


def containing(rows: QuerySet[M], text: str) -> QuerySet[M]:
    """Those of ``rows`` with ``text`` in one of their ``contained`` fields, without regard to case."""
    fields: tuple[str, ...] = rows.model.contained  # type: ignore[attr-defined]
    plain = Q()
    for field in fields:
        plain |= Q(**{f"{field}__icontains": text})
    # As a CASE, of which the planner thinks nothing: it would multiply its guess about LIKE into that about the pairs.
    matches = Case(When(plain, then=Value(True)), default=Value(False), output_field=BooleanField())
    return rows.filter(_Has(Pairs(*fields), _PairsOf(Value(text))), matches)


def reached(rows: QuerySet[M], ways: Sequence[str], text: str) -> QuerySet[M]:
    """Those of ``rows`` that contain ``text`` themselves ("" among ``ways``) or in what a foreign key leads to ("rule__table").

    Each way is its own index scan, and the database adds up the keys: an OR over joins could use no index at all.
    """
    parts = [_along(rows.order_by(), way, text).values("pk") for way in ways]
    return rows.filter(pk__in=parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0])


def _along(rows: QuerySet[Any], way: str, text: str) -> QuerySet[Any]:
    if not way:
        return containing(rows, text)
    model: Any = rows.model
    for name in way.split("__"):
        model = model._meta.get_field(name).related_model
    return rows.filter(**{f"{way}__in": containing(model._default_manager.order_by(), text).values("pk")})
