"""Code sets: register one, write its next edition and its codes, keep the maps from old codes to new ones."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import search
from core.texts import clean
from core.workflow import authored
from standards import documents
from standards.choices import IN_WORK
from standards.code_rules import CodeRow
from standards.code_tables import MappingRow, check_codes, check_mappings, told
from standards.models import Code, CodeMapping, CodeSet, CodeSetEdition
from standards.services.editions import pinyin_key, recorded
from standards.services.review import require_in_writing
from standards.tables import Problem

EDITION_FIELDS = ("label", "valid_from", "note")
BATCH = 2_000


@transaction.atomic
def create_code_set(
    *, actor: Person, agency: Agency, reference: str, name: str, description: str = "", **fields: Any
) -> CodeSet:
    """A new code set with its first draft; `fields` are of EDITION_FIELDS. Raises PermissionDenied, ValidationError by field."""
    require(actor, "standard.edit", agency.pk)
    reference = " ".join(reference.split())
    if CodeSet.objects.filter(reference=reference).exists():
        raise ValidationError({"reference": _("代码集标识 %(code)s 已被使用。") % {"code": reference}})
    code_set = CodeSet(
        agency=agency, reference=reference, name=name.strip(), description=description, sort_key=pinyin_key(name)
    )
    code_set.full_clean(exclude=["current"])
    code_set.save(force_insert=True)
    _draft(actor, code_set, fields)
    search.index([documents.of(code_set)])
    recorded(actor, "standards.code_set.create", code_set, {"name": [None, code_set.name]})
    return code_set


@transaction.atomic
def draft_code_edition(*, actor: Person, code_set: CodeSet, **fields: Any) -> CodeSetEdition:
    """The next edition, begun with the codes of the one in force; the one in work when there is one. Raises PermissionDenied."""
    require(actor, "standard.edit", code_set)
    code_set = CodeSet.objects.select_for_update(of=("self",)).get(pk=code_set.pk)
    if found := code_set.editions.filter(state__in=IN_WORK).first():
        return found
    fields.setdefault("label", _free_label(code_set))
    edition = _draft(actor, code_set, fields)
    if code_set.current_id:
        copies = (
            Code(
                edition=edition, code=code.code, name=code.name, parent=code.parent, position=code.position,
                valid_from=code.valid_from, valid_to=code.valid_to, note=code.note,
            )
            for code in Code.objects.filter(edition_id=code_set.current_id).order_by("position", "code").iterator()
        )  # fmt: skip
        Code.objects.bulk_create(copies, batch_size=BATCH)
    recorded(actor, "standards.code_edition.draft", code_set, {"edition": [None, edition.label]})
    return edition


@transaction.atomic
def edit_code_edition(*, actor: Person, edition: CodeSetEdition, **fields: Any) -> CodeSetEdition:
    """Change label, date or note of an edition in work. Raises PermissionDenied, ValidationError by field."""
    edition = _in_writing(actor, edition)
    before = {name: getattr(edition, name) for name in fields}
    _set(edition, fields)
    edition.full_clean(exclude=("published_at", "author"))
    edition.save()
    changes = {name: [str(old), str(fields[name])] for name, old in before.items() if old != fields[name]}
    if changes:
        authored(actor, edition)
        recorded(actor, "standards.code_edition.edit", edition.code_set, changes)
    return edition


@transaction.atomic
def replace_codes(*, actor: Person, edition: CodeSetEdition, rows: Sequence[CodeRow]) -> int:
    """These rows are the codes of the edition in work. Returns their number. Raises PermissionDenied, ValidationError by line."""
    edition = _in_writing(actor, edition)
    if not rows:
        raise ValidationError({"codes": _("表中没有代码。")})
    if problems := sorted(check_codes(rows)):
        raise ValidationError({"codes": told(problems)})
    before = {(code.code, code.valid_from): code for code in edition.codes.all()}
    edition.codes.all().delete()
    Code.objects.bulk_create(
        (
            Code(
                edition=edition, code=row.code, name=row.name, parent=row.parent, position=place,
                valid_from=row.valid_from, valid_to=row.valid_to, note=row.note,
            )
            for place, row in enumerate(rows)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    now = {(row.code, row.valid_from) for row in rows}
    authored(actor, edition)
    counts = {"added": len(now - before.keys()), "removed": len(before.keys() - now)}
    recorded(
        actor, "standards.code_edition.codes", edition.code_set,
        {"codes": [len(before), len(rows)], **{key: [None, value] for key, value in counts.items()}},
    )  # fmt: skip
    return len(rows)


@transaction.atomic
def replace_mappings(*, actor: Person, code_set: CodeSet, rows: Sequence[MappingRow]) -> int:
    """What old codes became, for the code set as a whole. Raises PermissionDenied, ValidationError by line."""
    require(actor, "standard.edit", code_set)
    if problems := sorted([*check_mappings(rows), *_unknown_targets(code_set, rows)]):
        raise ValidationError({"mappings": told(problems)})
    count = code_set.mappings.count()
    code_set.mappings.all().delete()
    CodeMapping.objects.bulk_create(
        (CodeMapping(code_set=code_set, old=row.old, new=row.new, since=row.since, note=row.note) for row in rows),
        batch_size=BATCH,
    )
    recorded(actor, "standards.code_set.map", code_set, {"mappings": [count, len(rows)]})
    return len(rows)


def _unknown_targets(code_set: CodeSet, rows: Sequence[MappingRow]) -> list[Problem]:
    """New codes that no edition lists: a typing error would send every old row nowhere."""
    known = set(Code.objects.filter(edition__code_set=code_set).values_list("code", flat=True))
    return [
        Problem(row.line, "new", _("新代码 %(code)s 不在任何版本中。") % {"code": row.new})
        for row in rows
        if row.new and row.new not in known
    ]


def _in_writing(actor: Person, edition: CodeSetEdition) -> CodeSetEdition:
    require(actor, "standard.edit", edition)
    rows = CodeSetEdition.objects.select_for_update(of=("self",)).select_related("code_set")
    edition = rows.get(pk=edition.pk)
    require_in_writing(edition)
    return edition


def _draft(actor: Person, code_set: CodeSet, fields: dict[str, Any]) -> CodeSetEdition:
    edition = CodeSetEdition(code_set=code_set, author=actor)
    _set(edition, fields)
    edition.full_clean(exclude=("published_at", "author"))
    edition.save(force_insert=True)
    authored(actor, edition)
    return edition


def _set(edition: CodeSetEdition, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(EDITION_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    for name, value in fields.items():
        setattr(edition, name, clean(value) if isinstance(value, str) else value)


def _free_label(code_set: CodeSet) -> str:
    """A name for the draft until its author gives the year: 修订稿, 修订稿 2, …"""
    taken = set(code_set.editions.values_list("label", flat=True))
    names = (_("修订稿") if number == 1 else f"{_('修订稿')} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
