"""What makes an edition ready, and what happens when it comes into force or leaves it: the same for elements and code sets."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from accounts.models import Agency, Person
from accounts.permissions import scope_of
from core import audit, clock, search
from standards import documents
from standards.choices import EditionState, RegistrationStatus, ValueDomain
from standards.element_tables import unparsed
from standards.models import CodeSetEdition, Edition
from standards.notation import NotationError, parse


def pinyin_key(name: str) -> str:
    """What a list sorted by pinyin compares."""
    return " ".join(lazy_pinyin(name))[:400]


def check_complete(edition: Any) -> None:
    """Raise ValidationError, naming each attribute, unless the edition says all that a published one must."""
    missing: dict[str, str] = {}
    if isinstance(edition, CodeSetEdition):
        if not edition.codes.exists():
            missing["codes"] = _("代码集没有代码。")
    else:
        for name in ("definition", "object_class", "property_term", "representation_term", "notation"):
            if not getattr(edition, name).strip():
                missing[name] = _("请填写%(label)s。") % {"label": edition._meta.get_field(name).verbose_name}
        if edition.value_domain == ValueDomain.ENUMERATED and edition.code_set_id is None:
            missing["code_set"] = _("可枚举的值域需要选择代码集。")
        try:
            parse(edition.notation)
        except NotationError as error:
            missing.setdefault("notation", unparsed(error))
    if missing:
        raise ValidationError(missing)


def come_into_force(edition: Any, actor: Person) -> None:
    """The edition becomes the one in force; the one before it is superseded."""
    now = clock.now()
    if isinstance(edition, CodeSetEdition):
        owner: Any = edition.code_set
        others = CodeSetEdition.objects.filter(code_set=owner)
    else:
        owner = edition.element
        others = Edition.objects.filter(element=owner)  # type: ignore[assignment]
    ended = (
        {"valid_to": edition.valid_from or timezone.localdate()}
        if isinstance(edition, CodeSetEdition)
        else {"ended_at": now}
    )
    others.filter(state=EditionState.PUBLISHED).exclude(pk=edition.pk).update(state=EditionState.SUPERSEDED, **ended)
    type(edition).objects.filter(pk=edition.pk).update(published_at=now)
    owner.current = edition
    if isinstance(edition, Edition):
        owner.name, owner.sort_key = edition.name, pinyin_key(edition.name)
        owner.registration_status = RegistrationStatus.STANDARD
    owner.save()
    search.index([documents.of(owner)])


def go_out_of_force(edition: Any, actor: Person) -> None:
    """Nothing takes its place: the element or code set has no edition in force any more."""
    if isinstance(edition, CodeSetEdition):
        owner: Any = edition.code_set
    else:
        owner = edition.element
        owner.registration_status = RegistrationStatus.RETIRED
        Edition.objects.filter(pk=edition.pk).update(ended_at=clock.now())
    owner.current = None
    owner.save()
    search.index([documents.of(owner)])


def recorded(actor: Person | None, verb: str, obj: Any, changes: dict[str, Any]) -> None:
    """One audit entry about an element, a code set, an edition or a text, in the trail of its agency."""
    scope_id = obj.pk if isinstance(obj, Agency) else scope_of(obj)
    audit.record(actor=actor, verb=verb, target=obj, target_label=str(obj), scope_id=scope_id, changes=changes)
