"""Asking the index: text in, what this user may see out, grouped by kind, best first."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Case, Count, F, FloatField, IntegerField, QuerySet, Value, When, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length, RowNumber

from core.models import SearchDocument
from core.search.documents import Kind, kinds
from core.search.highlight import Segment, highlight
from core.search.terms import is_han, joined, normalise, pairs, runs, word_parts
from core.visibility import visible_to

LONGEST_QUERY = 100  # characters; the rest is ignored
TABLE = SearchDocument._meta.db_table


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found, with the parts of its title and subtitle that the query matched marked."""

    key: str
    kind: str
    title: list[Segment]
    subtitle: list[Segment]
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind on this page, and how many there are in all."""

    kind: Kind
    total: int
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Results:
    query: str
    groups: list[Group]

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)


def search(user: Any, text: str, kinds: Sequence[str] | None = None, limit: int = 5, page: int = 1) -> Results:
    """What ``user`` may see of the things named like ``text``: ``limit`` of each kind, best first, in one statement.

    Best is: exactly so named, then beginning so, then all terms found; shorter names before longer.
    """
    text = text.strip()[:LONGEST_QUERY]
    wanted = [kind for kind in _registered() if kinds is None or kind.kind in kinds]
    asked = tsquery(text)
    if not asked or not wanted:
        return Results(text, [])
    rows = _ranked(_visible(user, wanted), text, asked)
    first = (max(page, 1) - 1) * limit
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows.filter(place__gt=first, place__lte=first + limit).order_by("kind", "place"):
        found[row.kind].append(row)
    groups = [
        Group(kind, hits[0].total, [_hit(row, text) for row in hits])
        for kind in wanted
        if (hits := found.get(kind.kind))
    ]
    return Results(text, groups)


_registered = kinds


def tsquery(text: str) -> str:
    """The query as a tsquery literal: every term must be found, words and pinyin as beginnings; "" asks nothing."""
    parts: list[str] = []
    for run in runs(text):
        if is_han(run):
            parts += [f"'{pair}'" for pair in pairs(run)]
            continue
        whole = f"'{joined(run)}':*"
        split = [f"'{part}':*" for part in word_parts(run)]
        parts.append(f"({whole} | ({' & '.join(split)}))" if len(split) > 1 else whole)
    return " & ".join(dict.fromkeys(parts))


def _visible(user: Any, wanted: list[Kind]) -> QuerySet[SearchDocument]:
    """The documents of these kinds that the user may see, each kind by its own verb."""
    by_verb: dict[str, list[str]] = defaultdict(list)
    for kind in wanted:
        by_verb[kind.verb].append(kind.kind)
    seen = (
        visible_to(user, SearchDocument.objects.filter(kind__in=names), verb) for verb, names in sorted(by_verb.items())
    )
    return reduce(or_, seen)


def _ranked(documents: QuerySet[SearchDocument], text: str, asked: str) -> QuerySet[Any]:
    """The matching documents with ``place`` and ``total`` within their kind."""
    name = normalise(text)
    matching = documents.alias(
        matches=RawSQL(f'"{TABLE}"."terms" @@ %s::tsquery', [asked], output_field=BooleanField()),
        exact=RawSQL(f'%s = ANY("{TABLE}"."names")', [name], output_field=BooleanField()),
        begins=RawSQL(
            f'EXISTS (SELECT FROM unnest("{TABLE}"."names") n WHERE starts_with(n, %s))',
            [name],
            output_field=BooleanField(),
        ),
        closeness=Case(
            When(exact=True, then=Value(3)),
            When(begins=True, then=Value(2)),
            default=Value(1),
            output_field=IntegerField(),
        ),
        weight=RawSQL(f'ts_rank("{TABLE}"."terms", %s::tsquery)', [asked], output_field=FloatField()),
    ).filter(matches=True)
    order = [F("closeness").desc(), F("weight").desc(), Length("title").asc(), F("title").asc(), F("key").asc()]
    return matching.annotate(
        place=Window(RowNumber(), partition_by="kind", order_by=order),
        total=Window(Count("*"), partition_by="kind"),
    ).defer("terms", "names")


def _hit(row: SearchDocument, text: str) -> Hit:
    return Hit(row.key, row.kind, highlight(row.title, text), highlight(row.subtitle, text), row.url)
