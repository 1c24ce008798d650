"""What the search index, the sidebar and the indicators know of accounts."""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Agency, Person
from core import indicators, navigation, visibility
from core.search import Document, Kind, register_kind


def of_agency(agency: Agency) -> Document:
    return Document(
        key=f"accounts.Agency:{agency.pk}",
        kind="agency",
        title=agency.name,
        url=agency.get_absolute_url(),
        subtitle=agency.code,
        scope_id=agency.pk,
        names=tuple(name for name in (agency.short_name, agency.name_en) if name),
        codes=(agency.code,),
    )


def of_person(person: Person) -> Document:
    """Needs `person.agency`. Disabled people stay findable: their work does too."""
    return Document(
        key=f"accounts.Person:{person.pk}",
        kind="person",
        title=person.name,
        url=person.get_absolute_url(),
        subtitle=person.agency.name,
        scope_id=person.agency_id,
        codes=(person.username,),
    )


def _agencies() -> Iterator[Document]:
    return (of_agency(agency) for agency in Agency.objects.order_by("pk").iterator())


def _people() -> Iterator[Document]:
    return (of_person(person) for person in Person.objects.select_related("agency").order_by("pk").iterator())


def register() -> None:
    register_kind(Kind("agency", _("机构"), _agencies, order=80, icon="building-2", verb="agency.view"))
    register_kind(Kind("person", _("人员"), _people, order=90, icon="user", verb="person.view"))
    for order, (label, icon, url_name, verb) in enumerate(
        (
            (pgettext_lazy("list", "机构"), "building-2", "accounts:agency_list", "agency.view"),
            (pgettext_lazy("list", "人员"), "users", "accounts:person_list", "person.view"),
            (_("授权"), "shield-check", "accounts:grant_list", "grant.view"),
        ),
        start=60,
    ):
        allowed = _holder_of(verb)
        navigation.register("management", navigation.Item(label, icon, url_name, order=order, allowed=allowed))
    indicators.register(
        indicators.Indicator(
            key="accounts.agencies",
            label=_("机构"),
            unit=pgettext_lazy("agencies", "个"),
            group="accounts",
            queryset=lambda user: visibility.visible_to(user, Agency.objects.all()),
            url=lambda: reverse("accounts:agency_list"),
        )
    )
    indicators.register(
        indicators.Indicator(
            key="accounts.people",
            label=_("启用的人员"),
            unit=_("人"),
            group="accounts",
            queryset=lambda user: visibility.visible_to(user, Person.objects.filter(is_active=True)),
            url=lambda: reverse("accounts:person_list") + "?active=true",
        )
    )


def _holder_of(verb: str) -> Callable[[Any], bool]:
    return lambda user: visibility.can(user, verb)
