"""Puts what the platform ships into the registry of one agency: code sets with regions, elements with their names.

Shipped editions come into force at once, as if adopted; they rest on no text that somebody has checked, and the pages say so.
"""

from collections import defaultdict
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.models import Agency, Person
from core import search
from standards import documents, seeds
from standards.choices import EditionState, NameOrigin, RegistrationStatus, ValueDomain
from standards.models import Code, CodeSet, CodeSetEdition, DataElement, Edition, ElementName
from standards.regions import REFERENCE, regions
from standards.services.editions import pinyin_key, recorded
from standards.services.elements import KINDS_OF_NAMES


@transaction.atomic
def adopt_shipped(*, actor: Person | None, agency: Agency) -> tuple[int, int]:
    """(elements, code sets) that were new; what is there already stays as it is."""
    sets = [
        _code_set(agency, row)
        for row in seeds.code_set_rows()
        if not CodeSet.objects.filter(reference=row["reference"]).exists()
    ]
    known = set(DataElement.objects.values_list("code", flat=True))
    elements = [_element(agency, row) for row in seeds.element_rows() if row["code"] not in known]
    search.index([documents.of(item) for item in [*sets, *elements]])
    if sets or elements:
        recorded(
            actor, "standards.shipped.adopt", agency, {"elements": [0, len(elements)], "code_sets": [0, len(sets)]}
        )
    return len(elements), len(sets)


def _code_set(agency: Agency, row: dict[str, str]) -> CodeSet:
    code_set = CodeSet.objects.create(
        agency=agency, reference=row["reference"], name=row["title"], sort_key=pinyin_key(row["title"])
    )
    edition = CodeSetEdition.objects.create(
        code_set=code_set, label=row["edition"], state=EditionState.PUBLISHED, published_at=timezone.now()
    )
    if row["reference"] == REFERENCE:
        codes = [
            Code(edition=edition, code=region.code, name=region.name, parent=region.parent, position=place,
                 valid_from=_first_day(region.since), valid_to=_first_day(region.until))
            for place, region in enumerate(regions())
        ]  # fmt: skip
    else:
        codes = [
            Code(edition=edition, code=item["code"], name=item["name"], parent=item["parent"], position=place)
            for place, item in enumerate(seeds.code_rows().get(row["reference"], ()))
        ]
    Code.objects.bulk_create(codes, batch_size=2_000)
    code_set.current = edition
    code_set.save(update_fields=["current"])
    return code_set


def _element(agency: Agency, row: dict[str, str]) -> DataElement:
    element = DataElement.objects.create(
        agency=agency, code=row["code"], domain=row["domain"], name=row["name"], sort_key=pinyin_key(row["name"]),
        registration_status=RegistrationStatus.STANDARD,
    )  # fmt: skip
    code_set = CodeSet.objects.filter(reference=row["code_set"]).first() if row["code_set"] else None
    edition = Edition.objects.create(
        element=element, number=1, state=EditionState.PUBLISHED, published_at=timezone.now(), submitted_by=agency,
        value_domain=ValueDomain.ENUMERATED if code_set else ValueDomain.DESCRIBED, code_set=code_set,
        **{name: row[name] for name in (
            "name", "english_name", "definition", "object_class", "property_term", "representation_term", "notation", "unit",
            "check_scheme", "values_note", "reference", "level",
        )},
    )  # fmt: skip
    element.current = edition
    element.save(update_fields=["current"])
    ElementName.objects.bulk_create(
        ElementName(element=element, kind=kind, text=text, origin=NameOrigin.SHIPPED)
        for key, kind in KINDS_OF_NAMES.items()
        for text in dict.fromkeys(seeds.synonyms().get(row["name"], {}).get(key, ()))
    )
    return element


def _first_day(year: int | None) -> date | None:
    return date(year, 1, 1) if year else None


def shipped_counts() -> dict[str, int]:
    """What there is to adopt: {"elements", "code_sets", "codes"}."""
    codes: dict[str, int] = defaultdict(int)
    for reference, rows in seeds.code_rows().items():
        codes[reference] += len(rows)
    return {
        "elements": len(seeds.element_rows()),
        "code_sets": len(seeds.code_set_rows()),
        "codes": sum(codes.values()) + len(regions()),
    }
