"""Data elements: register one, write its next edition, name it."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import clock, search
from core.workflow import authored
from standards import documents
from standards.choices import IN_WORK, NameOrigin, RegistrationStatus
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


@transaction.atomic
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
    if actor is not None:
        require(
            actor,
            "gene.decide" if origin == NameOrigin.DECISION else "standard.edit",
            None if origin == NameOrigin.DECISION else element,
        )
    known = {name.casefold() for name in element.names.filter(kind=kind).values_list("text", flat=True)} | {
        element.name.casefold()
    }
    new = []
    for text in texts:
        text = " ".join(text.split())[:200]
        if text and text.casefold() not in known:
            known.add(text.casefold())
            new.append(
                ElementName(element=element, kind=kind, text=text, origin=origin, context=context[:100], added_by=actor)
            )
    ElementName.objects.bulk_create(new)
    if new:
        DataElement.objects.filter(pk=element.pk).update(updated_at=clock.now())
        search.index([documents.of(element)])
        recorded(actor, "standards.element.name", element, {"names": [None, [name.text for name in new]]})
    return len(new)


@transaction.atomic
def remove_name(*, actor: Person, name: ElementName) -> None:
    """Raises PermissionDenied."""
    require(actor, "standard.edit", name.element)
    recorded(actor, "standards.element.unname", name.element, {"names": [name.text, None]})
    element = name.element
    name.delete()
    search.index([documents.of(element)])


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
            raise ValidationError({"notation": _("数据格式无法解析：%(detail)s") % {"detail": error}}) from error
