"""The catalogue as the engine reads it. Built once per state of the registry in each process; a second or two of work."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from django.db.models import Count, Max

from genes.engine import rank, values
from genes.engine.evidence import Column
from genes.engine.lexicon import Element, Lexicon
from genes.engine.match import Candidate, Matcher
from genes.engine.values import Facts, Profile, facts
from standards.choices import NameKind
from standards.models import Code, CodeSet, DataElement, Edition, ElementName


class _Codes(NamedTuple):
    title: str
    names: dict[str, str]


_ONE_AT_A_TIME = Lock()  # a matcher remembers texts, and the threads of a web process share it


class Answered(NamedTuple):
    matcher: Matcher
    facts: list[Facts]
    answers: list[list[Candidate]]


def answered(columns: Sequence[Column], profiles: Sequence[Profile | None], top: int = 3) -> Answered:
    """The answers for columns that need not stand in any source, from their descriptions and what is known of their values."""
    with _ONE_AT_A_TIME:
        ready = matcher()
        known = [facts(profile, ready.book) for profile in profiles]
        return Answered(ready, known, ready.match(columns, known, top))


def matcher() -> Matcher:
    """The matcher of the elements in force now."""
    elements = DataElement.objects.aggregate(count=Count("pk"), changed=Max("updated_at"))
    names = ElementName.objects.aggregate(count=Count("pk"), last=Max("pk"))
    sets = CodeSet.objects.aggregate(count=Count("pk"), changed=Max("updated_at"))
    return _matcher(tuple(elements.values()) + tuple(names.values()) + tuple(sets.values()))


def namesakes() -> set[str]:
    """Elements in force that share their name with another one: which of them a column carries only a person can say."""
    in_force = DataElement.objects.filter(current__isnull=False).order_by()
    names = in_force.values("name").annotate(n=Count("pk")).filter(n__gt=1).values("name")
    return {str(pk) for pk in in_force.filter(name__in=names).values_list("pk", flat=True)}


@lru_cache(maxsize=1)
def _matcher(version: tuple[Any, ...]) -> Matcher:
    return Matcher(Lexicon.of(_elements()), rank.load()["weights"], _code_sets())


def test_of(edition: Edition) -> str:
    """The identifier of the scanner that proves an element's values; "" when values cannot."""
    return values.test_of(Element("", edition.name, values=_values(edition), reference=edition.reference))


def _values(edition: Edition) -> str:
    code_set = edition.code_set.reference if edition.code_set else ""
    return " ".join(filter(None, (edition.check_scheme, edition.values_note, code_set))) or "-"


def _elements() -> list[Element]:
    names: dict[Any, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for element_id, kind, text in ElementName.objects.order_by("pk").values_list("element_id", "kind", "text"):
        names[element_id][kind].append(text)
    found = []
    for element in (
        DataElement.objects.filter(current__isnull=False).select_related("current__code_set").order_by("code")
    ):
        edition, known = element.current, names[element.pk]
        assert edition is not None
        code_set = edition.code_set.reference if edition.code_set else ""
        found.append(
            Element(
                id=str(element.pk),
                name=edition.name,
                english=tuple(filter(None, (edition.english_name, *known[NameKind.ENGLISH]))),
                synonyms=tuple(known[NameKind.SYNONYM]),
                abbreviations=tuple(known[NameKind.ABBREVIATION]),
                format=f"{edition.notation} {edition.unit}".strip(),
                values=_values(edition),
                reference=" ".join(filter(None, (edition.reference, code_set))),
                level=edition.level,
            )
        )
    return found


def _code_sets() -> dict[str, _Codes]:
    found: dict[str, _Codes] = {}
    sets = CodeSet.objects.filter(current__isnull=False).values_list("current_id", "reference", "name")
    references = {}
    for edition_id, reference, name in sets:
        references[edition_id] = reference
        found[reference] = _Codes(name, {})
    rows = Code.objects.filter(edition_id__in=references).order_by("edition_id", "code", "valid_from")
    for edition_id, code, name in rows.values_list("edition_id", "code", "name"):
        found[references[edition_id]].names[code] = name
    return found
