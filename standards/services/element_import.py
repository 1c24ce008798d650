"""Tables of elements come in: what somebody saw in the preview becomes drafts, all of it or nothing."""

from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import clock, search
from core.workflow import authored
from standards import documents, printing
from standards.choices import IN_WORK, NameOrigin, RegistrationStatus, ValueDomain
from standards.element_tables import KINDS, Line, Row, digest, domain_of, plan
from standards.models import CodeSet, DataElement, Edition, ElementName
from standards.printing import KINDS_OF_NAMES
from standards.services.editions import pinyin_key, recorded
from standards.services.elements import EDITION_FIELDS

TOLD = 500  # codes that the audit entry names


def planned(actor: Person, lines: Sequence[Line], domain: str = "") -> list[Row]:
    """What would become of each row, held against the registry as it is now. ``domain``: of rows that say none."""
    return plan(lines, printing.registry(actor, printing.loaded(DataElement.objects.all())), domain)


def import_elements(
    *, actor: Person, agency: Agency, domain: str, lines: Sequence[Line], take: Collection[str], seen: str = ""
) -> list[Row]:
    """New elements of ``agency`` and next editions of known ones, as drafts; rows of classes outside ``take`` stay out.

    Returns every row as planned. ``seen``: the digest of the plan that somebody agreed to. Raises PermissionDenied, and
    ValidationError when the registry has moved on or nothing would be taken; then nothing is written.
    """
    require(actor, "standard.edit", agency.pk)
    if not set(take) <= set(KINDS):
        raise ValidationError({"take": _("取值为 %(values)s。") % {"values": ", ".join(KINDS)}})
    try:
        with transaction.atomic():
            return _written(actor, agency, domain, lines, take, seen)
    except IntegrityError:  # somebody registered one of the identifiers at this moment
        raise ValidationError(_moved_on()) from None


def _moved_on() -> str:
    return _("预览之后登记簿有了变化，没有导入任何内容。请重新查看预览。")


def _written(
    actor: Person, agency: Agency, domain: str, lines: Sequence[Line], take: Collection[str], seen: str
) -> list[Row]:
    codes = [line.values.get("code", "") for line in lines]
    list(DataElement.objects.select_for_update(of=("self",)).filter(code__in=codes).order_by("pk").values_list("pk"))
    rows = planned(actor, lines, domain)
    if seen and seen != digest(rows):
        raise ValidationError(_moved_on())
    taken = [row for row in rows if row.taken(take)]
    if not taken:
        raise ValidationError(_("按所选的处理方式，没有要导入的行。"))
    known = {
        element.code: element
        for element in printing.loaded(DataElement.objects.filter(code__in=[row.code for row in taken]))
    }
    new = _registered(agency, domain, [row for row in taken if row.code not in known])
    elements = {**known, **{element.code: element for element in new}}
    editions = _drafts(actor, elements, [row for row in taken if row.values])
    names = _named(actor, elements, taken)
    authored(actor, *editions)
    touched = DataElement.objects.filter(pk__in=[elements[row.code].pk for row in taken])
    touched.update(updated_at=clock.now())
    search.index(documents.of(element) for element in touched.prefetch_related("names"))
    changed = len(editions) - len(new)
    recorded(
        actor, "standards.element.import", agency,
        {
            "created": [0, len(new)], "drafted": [0, changed], "names": [0, names], "left_out": [0, len(rows) - len(taken)],
            "codes": [None, [row.code for row in taken[:TOLD]]],
        },
    )  # fmt: skip
    return rows


def _registered(agency: Agency, domain: str, rows: Sequence[Row]) -> list[DataElement]:
    said = {row.line.values.get("domain", "") for row in rows}
    domains = {text: domain_of(text) or domain for text in said}  # each label is looked up once
    return DataElement.objects.bulk_create(
        DataElement(
            agency=agency, code=row.code, domain=domains[row.line.values.get("domain", "")],
            name=row.values["name"], sort_key=pinyin_key(row.values["name"]),
            registration_status=RegistrationStatus.CANDIDATE,
        )
        for row in rows
    )  # fmt: skip


def _drafts(actor: Person, elements: dict[str, DataElement], rows: Sequence[Row]) -> list[Edition]:
    """A draft for each row: the one in work written over, or the next edition begun from the one in force."""
    sets = {code_set.reference: code_set for code_set in CodeSet.objects.all()}
    latest = dict(
        Edition.objects.filter(element__code__in=[row.code for row in rows])
        .order_by().values_list("element_id").annotate(most=Max("number")).values_list("element_id", "most")
    )  # fmt: skip
    made, rewritten = [], []
    for row in rows:
        element = elements[row.code]
        base: Any = next(iter(printing.bases(element)), None) if element.pk in latest else None
        if base is not None and base.state in IN_WORK:
            edition = base
            rewritten.append(edition)
        else:
            edition = Edition(
                element=element, number=latest.get(element.pk, 0) + 1, author=actor, submitted_by=actor.agency,
                **{name: getattr(base, name) for name in EDITION_FIELDS if base is not None and name != "change_note"},
            )  # fmt: skip
            made.append(edition)
        _fill(edition, row, sets)
        edition.clean_fields(exclude=("element", "code_set", "author", "submitted_by"))
        if element.current_id is None and element.name != edition.name:
            element.name, element.sort_key = edition.name, pinyin_key(edition.name)
            element.save(update_fields=["name", "sort_key"])
    Edition.objects.bulk_create(made)
    for edition in rewritten:
        edition.updated_at = clock.now()
    Edition.objects.bulk_update(rewritten, [*EDITION_FIELDS, "updated_at"], batch_size=500)
    return [*made, *rewritten]


def _fill(edition: Edition, row: Row, sets: dict[str, CodeSet]) -> None:
    """What the row says; of a collision that was taken all the same, what could not be used goes where people find it."""
    values, kinds = dict(row.values), row.kinds
    if "notation" in kinds:
        left = _("表中的数据格式：%(text)s") % {"text": values.pop("notation")}
        values["note"] = "\n".join(filter(None, (values.get("note", edition.note), left)))
    reference = values.pop("code_set", "")
    if reference in sets:
        values |= {"code_set": sets[reference]}  # type: ignore[dict-item]
        values.setdefault("value_domain", ValueDomain.ENUMERATED)
    elif "code_set" in kinds:
        said = values.get("values_note", edition.values_note)
        values["values_note"] = "\n".join(filter(None, (said, reference)))[:500]
        if edition.code_set_id is None:
            values["value_domain"] = ValueDomain.DESCRIBED
    for name, value in values.items():
        setattr(edition, name, value)


def _named(actor: Person, elements: dict[str, DataElement], rows: Sequence[Row]) -> int:
    """The further names. Returns their number."""
    made = []
    for row in rows:
        for key, texts in row.names.items():
            made += [
                ElementName(
                    element=elements[row.code],
                    kind=KINDS_OF_NAMES[key],
                    text=text,
                    origin=NameOrigin.PERSON,
                    added_by=actor,
                )
                for text in texts
            ]
    ElementName.objects.bulk_create(made, batch_size=2_000, ignore_conflicts=True)
    return len(made)
