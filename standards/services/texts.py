"""The library of standard texts: add one, correct it, take a mistaken one out."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import audit, search
from standards import documents
from standards.models import StandardText
from standards.services.editions import recorded

FIELDS = (
    "number", "title", "level", "publisher", "published_on", "effective_on", "abolished_on", "status", "superseded_by",
    "note", "checked_on",
)  # fmt: skip


@transaction.atomic
def add_text(*, actor: Person, agency: Agency, **fields: Any) -> StandardText:
    """Raises PermissionDenied, ValidationError by field."""
    require(actor, "standard.edit", agency.pk)
    text = StandardText(agency=agency)
    _set(text, fields)
    text.save(force_insert=True)
    search.index([documents.of(text)])
    recorded(actor, "standards.text.create", text, {"number": [None, text.number]})
    return text


@transaction.atomic
def edit_text(*, actor: Person, text: StandardText, **fields: Any) -> StandardText:
    """Raises PermissionDenied, ValidationError by field."""
    require(actor, "standard.edit", text)
    text = StandardText.objects.select_for_update(of=("self",)).get(pk=text.pk)
    before = {name: getattr(text, name) for name in fields}
    _set(text, fields)
    text.save()
    search.index([documents.of(text)])
    changes = {name: [str(old), str(fields[name])] for name, old in before.items() if old != fields[name]}
    if changes:
        recorded(actor, "standards.text.edit", text, changes)
    return text


@transaction.atomic
def remove_text(*, actor: Person, text: StandardText) -> None:
    """Only one that nothing cites. Raises PermissionDenied, ValidationError."""
    require(actor, "standard.edit", text)
    if text.citations.exists():
        raise ValidationError(_("还有标准引用这份文本，不能删除。"))
    recorded(actor, "standards.text.remove", text, {"number": [text.number, None]})
    search.remove([audit.target_of(text)])
    text.delete()


def _set(text: StandardText, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    for name, value in fields.items():
        setattr(text, name, value)
    text.number = " ".join(text.number.split())
    text.full_clean()
    if text.checked_on and text.checked_on > timezone.localdate():
        raise ValidationError({"checked_on": _("核对日期不能晚于今天。")})
    if text.published_on and text.effective_on and text.effective_on < text.published_on:
        raise ValidationError({"effective_on": _("实施日期不能早于发布日期。")})
    seen, later = {text.pk}, text.superseded_by
    while later is not None:
        if later.pk in seen:
            raise ValidationError({"superseded_by": _("代替关系形成循环。")})
        seen.add(later.pk)
        later = later.superseded_by
