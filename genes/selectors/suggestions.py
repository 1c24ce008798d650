"""What a column would carry that stands in no source yet: the matcher asked at design time. Nothing is stored."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from genes.engine.evidence import Column
from genes.engine.match import without_prefixes, zone_of
from genes.engine.values import Profile, test_of
from genes.reasons import Evidence, evidence_of
from genes.selectors.catalogue import Answered, answered
from standards.models import DataElement

LEAST = 0.02  # confidence from which a candidate is worth showing
TOP = 4  # answers, NONE among them


@dataclass(frozen=True, slots=True)
class Suggested:
    """One candidate with the kinds of evidence for and against it."""

    element: DataElement
    confidence: float
    evidence: Sequence[Evidence]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer for one column. ``best`` None says that no element fits; ``none`` is the chance of that."""

    zone: str
    best: Suggested | None
    none: float
    candidates: Sequence[Suggested]


def suggestion(column: Column, siblings: Sequence[str] = (), values: Sequence[str] = ()) -> Suggestion:
    """The likeliest elements of one new column. ``siblings``: the names beside it in its table, which tell a shared prefix."""
    beside = [Column(name, table=column.table or "-") for name in siblings]
    placed = Column(column.name, column.data_type, column.comment, column.table or "-", column.table_comment)
    bare = without_prefixes([placed, *beside])[0].name
    asked = Column(bare, column.data_type, column.comment, column.table, column.table_comment)
    return suggestions([asked], [profile_of(values)])[0]


def suggestions(columns: Sequence[Column], profiles: Sequence[Profile | None]) -> list[Suggestion]:
    """The answers for several columns, in their order, with one look at the registry."""
    found = answered(columns, profiles, TOP)
    ids = {UUID(item.element) for answer in found.answers for item in answer if item.element != "NONE"}
    elements = DataElement.objects.select_related("current__code_set").prefetch_related("names").in_bulk(ids)
    return [_suggestion(found, place, elements) for place in range(len(columns))]


def _suggestion(found: Answered, place: int, elements: dict[UUID, DataElement]) -> Suggestion:
    ranked, lexicon, candidates = found.answers[place], found.matcher.lexicon, []
    for item in ranked:
        element = None if item.element == "NONE" else elements.get(UUID(item.element))
        if element is None:
            continue
        known = lexicon.elements[lexicon.index[item.element]]
        told = evidence_of(item.reasons, found.facts[place], found.matcher.book.set_of(known), test_of(known))
        # What the name says and the values veto is shown with what speaks against it, unlikely as it is.
        if item.confidence >= LEAST or any(one.kind == "values" and one.weight < 0 for one in told):
            candidates.append(Suggested(element, round(item.confidence, 4), told))
    none = next((item.confidence for item in ranked if item.element == "NONE"), 0.0)
    fits = bool(candidates) and ranked[0].element == str(candidates[0].element.pk)
    zone = zone_of(ranked)
    return Suggestion(zone, candidates[0] if fits else None, round(none, 4), candidates)


def profile_of(values: Sequence[str]) -> dict[str, Any] | None:
    """What the matcher is told of sample values: counts, as a profile has them."""
    if not values:
        return None
    counted = Counter(value for value in values if value.strip())
    return {
        "rows": len(values), "nulls": len(values) - counted.total(), "distinct": len(counted),
        "top": list(counted.most_common()),
    }  # fmt: skip
