"""Data elements: register one, write its next edition, name it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import audit, clock, search
from core.workflow import authored
from standards import documents
from standards.choices import IN_WORK, NameOrigin, RegistrationStatus
from standards.element_tables import unparsed
from standards.models import DataElement, Edition, ElementName
from standards.notation import NotationError, parse
from standards.services.editions import pinyin_key, recorded
from standards.services.review import require_in_writing

EDITION_FIELDS = (
    "name", "english_name", "definition", "object_class", "property_term", "representation_term", "notation", "unit",
    "value_domain", "code_set", "check_scheme", "values_note", "level", "level_reason", "reference", "note", "change_note",
)  # fmt: skip


@transaction.atomic
def create_element(*, actor: Person, agency: Agency, code: str, domain: str, **fields: Any) -> DataElement:
    """A new element with its first draft; `fields` are of EDITION_FIELDS. Raises PermissionDenied, ValidationError by field."""
    require(actor, "standard.edit", agency.pk)
    if DataElement.objects.filter(code=code).exists():
        raise ValidationError({"code": _("内部标识符 %(code)s 已被使用。") % {"code": code}})
    element = DataElement(
        agency=agency,
        code=code,
        domain=domain,
        name=fields.get("name", ""),
        registration_status=RegistrationStatus.CANDIDATE,
    )
    element.sort_key = pinyin_key(element.name)
    element.full_clean(exclude=["current"])
    element.save(force_insert=True)
    _draft(actor, element, 1, fields)
    search.index([documents.of(element)])
    recorded(actor, "standards.element.create", element, {"name": [None, element.name]})
    return element


@transaction.atomic
def draft_edition(*, actor: Person, element: DataElement) -> Edition:
    """The next edition, begun from the one in force; the one already in work when there is one. Raises PermissionDenied."""
    require(actor, "standard.edit", element)
    element = DataElement.objects.select_for_update(of=("self",)).get(pk=element.pk)
    if open_one := element.editions.filter(state__in=IN_WORK).first():
        return open_one
    latest = element.current or element.editions.order_by("-number").first()
    fields = (
        {name: getattr(latest, name) for name in EDITION_FIELDS if name != "change_note"}
        if latest
        else {"name": element.name}
    )
    number = (element.editions.aggregate(most=Max("number"))["most"] or 0) + 1
    edition = _draft(actor, element, number, fields)
    recorded(actor, "standards.edition.draft", element, {"edition": [None, number]})
    return edition


@transaction.atomic
def edit_draft(*, actor: Person, edition: Edition, **fields: Any) -> Edition:
    """Change an edition in work. Raises PermissionDenied, ValidationError by field; a published edition is never edited."""
    require(actor, "standard.edit", edition)
    edition = Edition.objects.select_for_update(of=("self",)).select_related("element").get(pk=edition.pk)
    require_in_writing(edition)
    before = {name: getattr(edition, name) for name in fields}
    _set(edition, fields)
    edition.full_clean()
    edition.save()
    changes = {
        name: [str(old), str(getattr(edition, name))] for name, old in before.items() if old != getattr(edition, name)
    }
    if changes:
        if edition.element.current_id is None and "name" in changes:
            edition.element.name, edition.element.sort_key = edition.name, pinyin_key(edition.name)
            edition.element.save(update_fields=["name", "sort_key", "updated_at"])
            search.index([documents.of(edition.element)])
        authored(actor, edition)
        recorded(actor, "standards.edition.edit", edition.element, changes)
    return edition


def add_names(
    *,
    actor: Person | None,
    element: DataElement,
    kind: str,
    texts: Iterable[str],
    origin: str = NameOrigin.PERSON,
    context: str = "",
) -> int:
    """Further names of an element; those it has already are passed over. Returns how many are new. Raises PermissionDenied."""
    return add_names_to(actor=actor, names=[(element, text, context) for text in texts], kind=kind, origin=origin)


@transaction.atomic
def add_names_to(*, actor: Person | None, names: Iterable[tuple[DataElement, str, str]], kind: str, origin: str) -> int:
    """(element, further name, context) of many elements at once, as of ``add_names``. Raises PermissionDenied."""
    told = [(element, " ".join(text.split())[:200], context[:100]) for element, text, context in names]
    elements = {element.pk: element for element, _text, _context in told}
    if actor is not None and origin == NameOrigin.DECISION:
        require(actor, "gene.decide")
    elif actor is not None:
        for element in elements.values():
            require(actor, "standard.edit", element)
    of_kind = ElementName.objects.filter(element__in=elements, kind=kind).values_list("element_id", "text")
    known = {(pk, text.casefold()) for pk, text in of_kind}
    known |= {(element.pk, element.name.casefold()) for element in elements.values()}
    new = []
    for element, text, context in told:
        if text and (element.pk, text.casefold()) not in known:
            known.add((element.pk, text.casefold()))
            new.append(
                ElementName(element=element, kind=kind, text=text, origin=origin, context=context, added_by=actor)
            )
    ElementName.objects.bulk_create(new)
    _renamed(actor, "standards.element.name", new, lambda texts: [None, texts])
    return len(new)


@transaction.atomic
def remove_name(*, actor: Person, name: ElementName) -> None:
    """Raises PermissionDenied."""
    require(actor, "standard.edit", name.element)
    name.delete()
    _renamed(actor, "standards.element.unname", [name], lambda texts: [texts[0], None])


@transaction.atomic
def forget_names(*, actor: Person, names: Sequence[ElementName]) -> None:
    """Names that decisions taught and that are taken back. Raises PermissionDenied."""
    require(actor, "gene.decide")
    ElementName.objects.filter(pk__in=[name.pk for name in names], origin=NameOrigin.DECISION).delete()
    _renamed(actor, "standards.element.unname", names, lambda texts: [texts, None])


def _renamed(
    actor: Person | None, verb: str, names: Sequence[ElementName], change: Callable[[list[str]], list[Any]]
) -> None:
    """The elements of these names are found by their new ones, and the trail tells of each."""
    texts: dict[UUID, list[str]] = defaultdict(list)
    for name in names:
        texts[name.element_id].append(name.text)
    if not texts:
        return
    DataElement.objects.filter(pk__in=texts).update(updated_at=clock.now())
    elements = list(DataElement.objects.filter(pk__in=texts).prefetch_related("names").order_by("code"))
    search.index(documents.of(element) for element in elements)
    audit.record_all(actor=actor, entries=[
        audit.Entry(verb, element, str(element), element.agency_id, {"names": change(texts[element.pk])})
        for element in elements
    ])  # fmt: skip


def _draft(actor: Person, element: DataElement, number: int, fields: dict[str, Any]) -> Edition:
    edition = Edition(element=element, number=number, author=actor, submitted_by=actor.agency)
    _set(edition, fields)
    edition.full_clean()
    edition.save(force_insert=True)
    authored(actor, edition)
    return edition


def _set(edition: Edition, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(EDITION_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    for name, value in fields.items():
        setattr(edition, name, value)
    if edition.notation:
        try:
            parse(edition.notation)
        except NotationError as error:
            raise ValidationError({"notation": unparsed(error)}) from error
