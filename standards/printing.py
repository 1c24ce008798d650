"""Elements as rows of a printed table: what an export writes, and what an import holds its rows against."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone

from accounts.scope import agency_ids
from core.exporting import Field
from standards.choices import IN_WORK, NameKind
from standards.element_tables import ATTRIBUTES, ELEMENTS, NAMES, Known, Registry, as_read, in_chinese
from standards.models import CodeSet, DataElement, Edition

KINDS_OF_NAMES = {"synonyms": NameKind.SYNONYM, "english": NameKind.ENGLISH, "abbreviations": NameKind.ABBREVIATION}


def shown_edition(element: DataElement) -> Edition | None:
    """The edition in force; without one the latest that was written. Editions are prefetched, newest first."""
    editions = list(element.editions.all())
    in_force = next((edition for edition in editions if edition.pk == element.current_id), None)
    return in_force or next(iter(editions), None)


def prefetch(elements: Sequence[DataElement]) -> None:
    """What rows of the table need, in a fixed number of queries."""
    editions = Edition.objects.select_related("code_set", "submitted_by").order_by("-number")
    prefetch_related_objects(elements, "agency", "names", Prefetch("editions", editions))


def loaded(elements: QuerySet[DataElement]) -> list[DataElement]:
    found = list(elements)
    prefetch(found)
    return found


def attribute(edition: Edition | None, key: str) -> Any:
    """An attribute as the table shows it."""
    if edition is None:
        return ""
    if key == "code_set":
        return edition.code_set.reference if edition.code_set else ""
    if key == "value_domain":
        return in_chinese(edition.get_value_domain_display())
    return getattr(edition, key)


def names(element: DataElement, key: str) -> list[str]:
    return [name.text for name in element.names.all() if name.kind == KINDS_OF_NAMES[key]]


def fields() -> list[Field]:
    """The columns of an export, in the order and under the heads of ``ELEMENTS``, whatever language the page is in."""
    return [Field(heads[0], _value(key)) for key, heads in ELEMENTS.names.items() if key not in _NOT_PRINTED]


_NOT_PRINTED = ("data_type", "length", "serial")


def _value(key: str) -> Callable[[DataElement], Any]:
    if key in NAMES:
        return lambda element: "\n".join(names(element, key))  # one a line: 、 occurs in names
    if key in ATTRIBUTES:
        return lambda element: attribute(shown_edition(element), key)
    return _TOLD.get(key) or (lambda element: getattr(element, key))


_TOLD: Mapping[str, Callable[[DataElement], Any]] = {
    "domain": lambda element: in_chinese(element.get_domain_display()),
    "status": lambda element: in_chinese(element.get_registration_status_display()),
    "agency": lambda element: element.agency.name,
    "version": lambda element: getattr(shown_edition(element), "number", ""),
    "submitted_by": lambda element: getattr(getattr(shown_edition(element), "submitted_by", None), "name", ""),
    "published_at": lambda element: (
        f"{timezone.localtime(edition.published_at):%Y-%m-%d}"
        if (edition := shown_edition(element)) and edition.published_at
        else ""
    ),
}


def registry(user: Any, elements: Iterable[DataElement]) -> Registry:
    """What an import by this user is held against; ``elements`` come from ``loaded``."""
    editable = agency_ids(user, "standard.edit")
    known = {element.code: _known(element, editable) for element in elements}
    return Registry(known, frozenset(CodeSet.objects.values_list("reference", flat=True)))


def bases(element: DataElement) -> list[Edition]:
    """The editions that a table may repeat, the one that a change would start from first."""
    open_one = next((edition for edition in element.editions.all() if edition.state in IN_WORK), None)
    shown = shown_edition(element)
    return [edition for edition in (open_one, shown if shown != open_one else None) if edition is not None]


def _known(element: DataElement, editable: frozenset[Any]) -> Known:
    editions = bases(element)
    return Known(
        code=element.code,
        agency=element.agency.name,
        editable=element.agency_id in editable,
        editions=tuple(
            {key: as_read(key, _stored(edition, key)) for key in ATTRIBUTES} for edition in editions
        ) or ({"name": as_read("name", element.name)},),
        names={key: frozenset(as_read(key, name) for name in names(element, key)) for key in NAMES},
        domain=element.domain,
        in_work=next((edition.state for edition in editions if edition.state in IN_WORK), ""),
    )  # fmt: skip


def _stored(edition: Edition, key: str) -> Any:
    return edition.value_domain if key == "value_domain" else attribute(edition, key)
