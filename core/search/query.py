"""Asking the index: text in, what this user may see out, grouped by kind, best first."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from core.models import SearchDocument
from core.search.documents import Kind, kinds
from core.search.highlight import Segment, highlight
from core.search.terms import is_han, joined, pairs, runs, whole, word_parts
from core.texts import in_language
from core.visibility import visible_to

LONGEST_QUERY = 100  # characters; the rest is ignored
CANDIDATES = 1_000  # of each kind are ranked and counted; who is shown as many names another word
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
    """The hits of one kind on this page, and how many there are in all; ``more`` when that is only where we stopped."""

    kind: Kind
    total: int
    hits: list[Hit]

    @property
    def more(self) -> bool:
        return self.total >= CANDIDATES


@dataclass(frozen=True, slots=True)
class Results:
    query: str
    groups: list[Group]

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)

    @property
    def more(self) -> bool:
        return any(group.more for group in self.groups)


def search(user: Any, text: str, kinds: Sequence[str] | None = None, limit: int = 5, page: int = 1) -> Results:
    """What ``user`` may see of the things named like ``text``: ``limit`` of each kind, best first, in one statement.

    Best is: exactly so named, then beginning so, then all terms found; shorter names before longer.
    """
    text = text.strip()[:LONGEST_QUERY]
    wanted = [kind for kind in _registered() if kinds is None or kind.kind in kinds]
    if not tsquery(text) or not wanted:
        return Results(text, [])
    parts = [part for kind in wanted for part in _candidates(user, kind, text)]
    if not parts:
        return Results(text, [])
    first = (max(page, 1) - 1) * limit
    found: dict[str, list[Any]] = defaultdict(list)
    given = [value for _sql, values in parts for value in values]
    for row in SearchDocument.objects.raw(
        _RANKED % " UNION ALL ".join(sql for sql, _values in parts), [*given, first, first + limit]
    ):
        found[row.kind].append(row)
    groups = [
        Group(kind, hits[0].total, [_hit(row, text) for row in hits])
        for kind in wanted
        if (hits := found.get(kind.kind))
    ]
    return Results(text, groups)


_registered = kinds


def tsquery(text: str, prefix: str = "") -> str:
    """The query as a tsquery literal: every term must be found, words and pinyin as beginnings; "" asks nothing."""
    parts: list[str] = []
    for run in runs(text):
        if is_han(run):
            parts += [f"'{prefix}{pair}'{':*' * (len(pair) == 1)}" for pair in pairs(run)]
            continue
        all_of_it = f"'{prefix}{joined(run)}':*"
        split = [f"'{prefix}{part}':*" for part in word_parts(run)]
        parts.append(f"({all_of_it} | ({' & '.join(split)}))" if len(split) > 1 else all_of_it)
    return " & ".join(dict.fromkeys(parts))


# Only as many documents as are worth ranking are looked at: of a word that half of the columns have, the first thousand.
# UNION ALL is worked from left to right and stops at its limit, so that close names leave no room for remote ones.
_RANKED = f"""
WITH candidate AS (%s),
ranked AS (
    SELECT document.id, row_number() OVER (PARTITION BY kind ORDER BY closeness DESC, weight DESC, length(title), title, key)
        AS place, count(*) OVER (PARTITION BY kind) AS total
    FROM candidate JOIN {TABLE} document USING (id))
SELECT document.id, key, kind, title, subtitle, url, place, total FROM ranked JOIN {TABLE} document USING (id)
WHERE place > %%s AND place <= %%s ORDER BY kind, place
"""


def _candidates(user: Any, kind: Kind, text: str) -> list[tuple[str, list[Any]]]:
    """The closest documents of one kind that the user may see, as SQL with its parameters; nothing where none is visible."""
    name, asked = f"'{kind.prefix}={whole(text)}'", tsquery(text, kind.prefix)
    documents = visible_to(user, SearchDocument.objects.order_by(), kind.verb)
    exact, begins = _matching(name), _matching(f"{name}:*")
    stages = [
        documents.filter(exact),
        documents.filter(begins).exclude(exact),
        documents.filter(_matching(asked)).exclude(begins),
    ]
    try:
        compiled = [_stage(rows, 3 - number, asked) for number, rows in enumerate(stages)]
    except EmptyResultSet:
        return []
    sql = " UNION ALL ".join(sql for sql, _values in compiled)
    return [
        (f"(SELECT * FROM ({sql}) stages LIMIT {CANDIDATES})", [value for _sql, values in compiled for value in values])
    ]


def _matching(asked: str) -> RawSQL:
    return RawSQL(f'"{TABLE}"."terms" @@ %s::tsquery', [asked], output_field=BooleanField())


def _stage(rows: QuerySet[SearchDocument], closeness: int, asked: str) -> tuple[str, list[Any]]:
    weight = RawSQL(f'ts_rank("{TABLE}"."terms", %s::tsquery)', [asked])
    sql, values = rows.annotate(weight=weight).values("id", "weight")[:CANDIDATES].query.sql_with_params()
    return f"(SELECT id, weight, {closeness} AS closeness FROM ({sql}) stage)", list(values)


def _hit(row: SearchDocument, text: str) -> Hit:
    return Hit(row.key, row.kind, highlight(in_language(row.title), text), highlight(row.subtitle, text), row.url)
