"""Recognisers held against columns: what a trial counts, and what an enabled one proposes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import re2

from accounts.scope import visible_to
from assets.models import Column
from assets.selectors.catalogue import with_profile
from assets.selectors.profiles import shown_profile
from genes.choices import Origin
from genes.engine.match import Candidate
from genes.models import Binding, Recogniser

LABELLED = 20_000  # columns of a trial at most, the newest decisions first
SHOWN = 100  # wrong rows kept of each kind
REASON = "recogniser"  # key of the reason in a match


@dataclass
class Trial:
    """What a recogniser said of the labelled columns. ``rows``: the wrong ones, {"column", "label", "said", "is"}."""

    columns: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        said = self.right + self.wrong
        return round(self.right / said, 4) if said else None

    @property
    def recall(self) -> float | None:
        carried = self.right + self.missed
        return round(self.right / carried, 4) if carried else None


def matches(recogniser: Recogniser, column: Column) -> bool:
    """Whether every condition of the recogniser holds. Without any condition none does; what is not known does not hold."""
    held = []
    if recogniser.words:
        told = f"{column.name}\n{column.title}\n{column.comment}".casefold()
        held.append(any(word.casefold() in told for word in recogniser.words))
    gene = getattr(column, "gene", None)
    facts: Mapping[str, Any] = gene.facts if gene else {}
    if recogniser.check_scheme:
        held.append(float((facts.get("shares") or {}).get(recogniser.check_scheme, 0.0)) >= recogniser.share)
    if recogniser.code_set is not None:
        hit = (facts.get("codes") or {}).get(recogniser.code_set.reference, (0.0, 0.0))
        held.append(float(hit[0]) >= recogniser.share)
    if recogniser.pattern:
        held.append(_in_pattern(recogniser, column))
    return bool(held) and all(held)


def _in_pattern(recogniser: Recogniser, column: Column) -> bool:
    """By the values that the profile keeps: those of a personal column are masked and say nothing."""
    profile = shown_profile(column)
    if profile is None or profile["masked"]:
        return False
    kept = [(str(value), count) for value, count in profile["top"] or ()]
    whole = sum(count for _value, count in kept)
    pattern = re2.compile(recogniser.pattern)
    return bool(whole) and sum(count for value, count in kept if pattern.search(value)) >= recogniser.share * whole


def labelled(user: Any) -> Iterable[tuple[Column, Any]]:
    """(column, element it carries or None) of what people decided where one may see it, the newest first."""
    people = visible_to(user, Binding.objects.filter(origin=Origin.PERSON)).order_by("-decided_at", "pk")[:LABELLED]
    elements = dict(people.values_list("column_id", "element_id"))
    rows = Column.objects.filter(pk__in=elements).select_related("table", "source", "gene").order_by("pk")
    for column in with_profile(rows):
        yield column, elements[column.pk]


def tried(recogniser: Recogniser, user: Any) -> Trial:
    """The recogniser on every labelled column, none of which is changed."""
    trial = Trial()
    for column, element_id in labelled(user):
        said, carries = matches(recogniser, column), element_id == recogniser.element_id
        trial.columns += 1
        trial.right += said and carries
        trial.wrong += said and not carries
        trial.missed += carries and not said
        if said != carries and sum(row["said"] == said for row in trial.rows) < SHOWN:
            row = {"column": str(column.pk), "label": column.label, "said": said}
            trial.rows.append({**row, "is": str(element_id) if element_id else ""})
    return trial


def recognised(answers: dict[UUID, list[Candidate]], columns: Sequence[Column]) -> dict[UUID, list[Candidate]]:
    """The answers with what enabled recognisers of the columns' agencies say first, at the precision of their trial."""
    enabled = list(Recogniser.objects.filter(enabled=True).select_related("agency", "code_set"))
    if not enabled:
        return answers
    rows = Column.objects.filter(pk__in=[column.pk for column in columns]).select_related("source__agency", "gene")
    for column in with_profile(rows):
        for recogniser in enabled:
            inside = column.source.agency.path.startswith(recogniser.agency.path)
            if inside and matches(recogniser, column):
                answers[column.pk] = _first(recogniser, answers[column.pk])
                break
    return answers


def _first(recogniser: Recogniser, answer: Sequence[Candidate]) -> list[Candidate]:
    chance = max(recogniser.precision or 0.0, *(
        item.confidence for item in answer if item.element == str(recogniser.element_id)
    ), 0.0)  # fmt: skip
    said = Candidate(str(recogniser.element_id), chance, {REASON: 3.0})
    rest = [
        Candidate(item.element, min(item.confidence, 1 - chance), item.reasons)
        for item in answer
        if item.element != said.element
    ]
    return [said, *rest][:3]
