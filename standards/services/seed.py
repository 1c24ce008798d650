"""Puts what the platform ships into the registry of one agency: code sets with regions, elements with their names.

Shipped editions come into force at once, as if adopted; they rest on no text that somebody has checked, and the pages say so.
"""

from collections.abc import Collection, Sequence
from datetime import date

from django.db import transaction

from accounts.models import Agency, Person
from core import clock, search
from standards import documents, seeds
from standards.choices import EditionState, NameOrigin, RegistrationStatus, StandardLevel, ValueDomain
from standards.models import Citation, Code, CodeSet, CodeSetEdition, DataElement, Edition, ElementName, StandardText
from standards.printing import KINDS_OF_NAMES
from standards.regions import REFERENCE, regions
from standards.services.editions import pinyin_key, recorded

_WRITTEN = (
    "name", "english_name", "definition", "object_class", "property_term", "representation_term", "notation", "unit",
    "check_scheme", "values_note", "reference", "level",
)  # fmt: skip


@transaction.atomic
def adopt_shipped(*, actor: Person | None, agency: Agency, code_sets: Collection[str] | None = None) -> tuple[int, int]:
    """(elements, code sets) that were new; what is there already stays. `code_sets`: references to adopt, None for all."""
    there = set(CodeSet.objects.values_list("reference", flat=True))
    sets = [
        _code_set(agency, row)
        for row in seeds.code_set_rows()
        if row["reference"] not in there and (code_sets is None or row["reference"] in code_sets)
    ]
    known = set(DataElement.objects.values_list("code", flat=True))
    elements = _elements(agency, [row for row in seeds.element_rows() if row["code"] not in known])
    search.index(
        documents.of(item)
        for item in [
            *sets,
            *DataElement.objects.filter(pk__in=[item.pk for item in elements]).prefetch_related("names"),
        ]
    )
    texts = StandardText.objects.filter(citations__code_edition__code_set__in=sets)
    search.index(documents.of(text) for text in texts)
    if sets or elements:
        recorded(
            actor, "standards.shipped.adopt", agency, {"elements": [0, len(elements)], "code_sets": [0, len(sets)]}
        )
    return len(elements), len(sets)


def _code_set(agency: Agency, row: dict[str, str]) -> CodeSet:
    code_set = CodeSet.objects.create(
        agency=agency, reference=row["reference"], name=row["title"], sort_key=pinyin_key(row["title"])
    )
    edition = CodeSetEdition.objects.create(code_set=code_set, label=row["edition"])
    Code.objects.bulk_create(_codes(edition), batch_size=2_000)
    edition.state, edition.published_at = EditionState.PUBLISHED, clock.now()  # from now on the codes stay
    edition.save()
    text, _made = StandardText.objects.get_or_create(
        number=f"{row['reference']}-{row['edition']}",
        defaults={
            "agency": agency, "title": row["title"], "publisher": row["publisher"],
            "level": StandardLevel.NATIONAL if row["reference"].startswith("GB") else StandardLevel.INDUSTRY,
        },
    )  # fmt: skip
    Citation.objects.create(code_edition=edition, text=text)
    code_set.current = edition
    code_set.save(update_fields=["current"])
    return code_set


def _codes(edition: CodeSetEdition) -> list[Code]:
    reference = edition.code_set.reference
    if reference == REFERENCE:
        return [
            Code(
                edition=edition, code=region.code, name=region.name, parent=region.parent, position=place,
                valid_from=_first_day(region.since), valid_to=_first_day(region.until and region.until + 1),
            )
            for place, region in enumerate(regions())
        ]  # fmt: skip
    return [
        Code(edition=edition, code=item["code"], name=item["name"], parent=item["parent"], position=place)
        for place, item in enumerate(seeds.code_rows().get(reference, ()))
    ]


def _elements(agency: Agency, rows: Sequence[dict[str, str]]) -> list[DataElement]:
    """In bulk, because a registry of thousands is adopted the same way."""
    elements = DataElement.objects.bulk_create(
        DataElement(
            agency=agency, code=row["code"], domain=row["domain"], name=row["name"], sort_key=pinyin_key(row["name"]),
            registration_status=RegistrationStatus.STANDARD,
        )
        for row in rows
    )  # fmt: skip
    sets = {code_set.reference: code_set for code_set in CodeSet.objects.all()}
    editions = Edition.objects.bulk_create(
        _edition(element, row, sets.get(row["code_set"])) for element, row in zip(elements, rows, strict=True)
    )
    for element, edition in zip(elements, editions, strict=True):
        element.current = edition
    DataElement.objects.bulk_update(elements, ["current"])
    ElementName.objects.bulk_create(
        ElementName(element=element, kind=kind, text=text, origin=NameOrigin.SHIPPED)
        for element, row in zip(elements, rows, strict=True)
        for key, kind in KINDS_OF_NAMES.items()
        for text in dict.fromkeys(seeds.synonyms().get(row["name"], {}).get(key, ()))
    )
    return elements


def _edition(element: DataElement, row: dict[str, str], code_set: CodeSet | None) -> Edition:
    return Edition(
        element=element, number=1, state=EditionState.PUBLISHED, published_at=clock.now(), submitted_by=element.agency,
        value_domain=ValueDomain.ENUMERATED if code_set else ValueDomain.DESCRIBED, code_set=code_set,
        **{name: row[name] for name in _WRITTEN},
    )  # fmt: skip


def _first_day(year: int | None) -> date | None:
    return date(year, 1, 1) if year else None
