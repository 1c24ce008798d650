"""Data elements of the province: those that are shipped, one for each kind of column, and what was ruled on some of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from uuid import UUID

from accounts.models import Agency
from core import search
from demo.scale.copying import copy
from demo.scale.rows import new_id
from demo.scale.words import FIELDS, PEOPLE, Field
from genes.choices import RelationKind, RulingState
from genes.models import Family, Relation, Ruling
from standards import documents
from standards.choices import Domain, EditionState, RegistrationStatus, ValueDomain
from standards.models import DataElement, Edition
from standards.services.editions import pinyin_key
from standards.services.seed import adopt_shipped

FAMILIES = 6  # of an element
RULED = 0.3  # of the elements
TOGETHER = 40  # pairs of elements that stand in one table of an agency
_SHIPPED = {"身份证号": "公民身份号码", "家庭住址": "住址", "联系电话": "联系电话"}
_LEVELS = {"name": 3, "citizen_id": 4, "mobile": 3, "address": 3, "birth_date": 3, "bank_card": 4, "email": 3}


@dataclass(frozen=True, slots=True)
class Carried:
    """What columns of one kind carry."""

    element: UUID
    edition: UUID
    level: int
    families: Sequence[UUID]
    ruling: UUID | None = None
    holder: UUID | None = None  # the agency that the ruling names


@dataclass(slots=True)
class Standard:
    """By the name of a column, without the number that keeps it apart in its table."""

    by_name: dict[str, Carried] = field(default_factory=dict)

    def of(self, name: str) -> Carried | None:
        return self.by_name.get(name) or self.by_name.get(name.rpartition("_")[0])


def standard(root: Agency, holders: Sequence[Agency], day: datetime) -> Standard:
    """Adopt what is shipped and publish the rest. The same numbers give the same elements."""
    adopt_shipped(actor=None, agency=root)
    random, found = Random("standard"), Standard()
    shipped = {element.name: element for element in DataElement.objects.select_related("current")}
    elements: list[DataElement] = []
    editions: list[Edition] = []
    families: list[Family] = []
    rulings: list[Ruling] = []
    for number, one in enumerate({item.comment: item for item in (*PEOPLE, *FIELDS)}.values()):
        element = shipped.get(_SHIPPED.get(one.comment, one.comment))
        if element is None:
            element = _element(random, one, number, root, day)
            elements.append(element)
            editions.append(_edition(random, one, element, root, day))
        own = [Family(id=new_id(random), element=element, number=place, at=day) for place in range(FAMILIES)]
        ruled = [_ruling(random, element, root, random.choice(holders), day)] if random.random() < RULED else []
        families += own
        rulings += ruled
        found.by_name[one.name] = Carried(
            element.pk, element.current_id or editions[-1].pk, _LEVELS.get(one.personal, 2), [row.pk for row in own],
            *((ruled[0].pk, ruled[0].holder_id) if ruled else ()),
        )  # fmt: skip
    copy(elements)
    copy(editions)
    for written in editions:
        written.element.current = written
    DataElement.objects.bulk_update(elements, ["current"])
    copy(families)
    copy(rulings)
    copy(_relations(random, holders, [carried.element for carried in found.by_name.values()]))
    new = DataElement.objects.filter(pk__in=[element.pk for element in elements]).prefetch_related("names")
    search.index(documents.of(element) for element in new)
    return found


def _element(random: Random, one: Field, number: int, root: Agency, day: datetime) -> DataElement:
    return DataElement(
        id=new_id(random), agency=root, code=f"YC{number:05}", domain=random.choice(Domain.values), name=one.comment,
        sort_key=pinyin_key(one.comment), registration_status=RegistrationStatus.STANDARD, created_at=day, updated_at=day,
    )  # fmt: skip


def _edition(random: Random, one: Field, element: DataElement, root: Agency, day: datetime) -> Edition:
    return Edition(
        id=new_id(random), element=element, number=1, state=EditionState.PUBLISHED, name=one.comment,
        definition=f"{one.comment}，按登记时填写", notation="an..200", value_domain=ValueDomain.DESCRIBED,
        submitted_by=root, published_at=day, updated_at=day,
    )  # fmt: skip


def _ruling(random: Random, element: DataElement, root: Agency, holder: Agency, day: datetime) -> Ruling:
    return Ruling(
        id=new_id(random), element=element, agency=root, holder=holder, state=RulingState.IN_FORCE,
        basis="职责清单", valid_from=day.date(), created_at=day,
    )  # fmt: skip


def _relations(random: Random, holders: Sequence[Agency], elements: Sequence[UUID]) -> list[Relation]:
    found = []
    for agency in holders:
        pairs = {tuple(sorted(random.sample(elements, 2))) for _ in range(TOGETHER)}
        found += [
            Relation(
                agency=agency, other=agency, left_id=left, right_id=right, kind=random.choice(RelationKind.values),
                weight=random.randint(1, 90),
            )
            for left, right in sorted(pairs)
        ]  # fmt: skip
    return found
