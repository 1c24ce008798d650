"""Reads of standards."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scope import paths_of, visible_to
from core import audit, workflow
from standards import code_tables, notation
from standards.choices import IN_WORK, EditionState
from standards.models import (
    Citation,
    Code,
    CodeSet,
    CodeSetEdition,
    Comment,
    DataElement,
    Edition,
    ElementName,
    StandardText,
)
from standards.tables import Labels


def elements_visible_to(user: Any) -> QuerySet[DataElement]:
    return visible_to(
        user, DataElement.objects.select_related("agency", "current__element", "current__code_set", "current__author")
    )


def editions_visible_to(user: Any) -> QuerySet[Edition]:
    joined = ("element__agency", "element__current__code_set", "code_set", "author", "submitted_by")
    return visible_to(user, Edition.objects.select_related(*joined))


def code_sets_visible_to(user: Any) -> QuerySet[CodeSet]:
    codes = Code.objects.filter(edition=OuterRef("current")).order_by().values("edition")
    using = visible_to(user, DataElement.objects.filter(current__code_set=OuterRef("pk"))).order_by()
    counted = CodeSet.objects.select_related("agency", "current__code_set", "current__author").annotate(
        codes_count=Coalesce(Subquery(codes.annotate(n=Count("pk")).values("n")), 0),
        elements_count=Coalesce(Subquery(using.values("current__code_set").annotate(n=Count("pk")).values("n")), 0),
    )
    return visible_to(user, counted)


def code_editions_visible_to(user: Any) -> QuerySet[CodeSetEdition]:
    return visible_to(user, CodeSetEdition.objects.select_related("code_set__agency", "code_set__current", "author"))


def texts_visible_to(user: Any) -> QuerySet[StandardText]:
    return visible_to(user, StandardText.objects.select_related("agency", "superseded_by"))


def editions_for_review(user: Any) -> QuerySet[Edition]:
    """What waits for this user: editions in review whose owner's reviewers they belong to."""
    return visible_to(user, Edition.objects.filter(state=EditionState.REVIEW), "standard.review").select_related(
        "element"
    )


def code_editions_for_review(user: Any) -> QuerySet[CodeSetEdition]:
    waiting = CodeSetEdition.objects.filter(state=EditionState.REVIEW).select_related("code_set")
    return visible_to(user, waiting, "standard.review")


def code_sets_for_review(user: Any) -> QuerySet[CodeSet]:
    return code_sets_visible_to(user).filter(pk__in=code_editions_for_review(user).values("code_set_id"))


def elements_using(user: Any, code_set: CodeSet) -> QuerySet[DataElement]:
    return elements_visible_to(user).filter(current__code_set=code_set)


def elements_for_review(user: Any) -> QuerySet[DataElement]:
    """The elements behind `editions_for_review`: the list that the to-do opens."""
    return elements_visible_to(user).filter(pk__in=editions_for_review(user).values("element_id"))


def edition_in_work(element: DataElement) -> Edition | None:
    return element.editions.filter(state__in=IN_WORK).first()


def edition_before(edition: Edition | CodeSetEdition) -> Edition | CodeSetEdition | None:
    """The edition that was in force before this one."""
    if edition.published_at is None:
        return None
    owner: Any = edition.element if isinstance(edition, Edition) else edition.code_set
    earlier = owner.editions.filter(published_at__lt=edition.published_at).exclude(pk=edition.pk)
    found: Edition | CodeSetEdition | None = earlier.order_by("-published_at").first()
    return found


def names_visible_to(user: Any) -> QuerySet[ElementName]:
    return ElementName.objects.filter(element__in=elements_visible_to(user).order_by().values("pk")).select_related(
        "element__agency"
    )


def comments_on(edition: Edition | CodeSetEdition) -> QuerySet[Comment]:
    return Comment.objects.filter(target=audit.target_of(edition)).select_related("agency", "author", "answered_by")


def codes_valid_on(edition: CodeSetEdition, day: date) -> QuerySet[Code]:
    """The codes that held on that day: an old row is judged by the list of its time."""
    began = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    lasts = Q(valid_to__isnull=True) | Q(valid_to__gt=day)
    return edition.codes.filter(began, lasts)


def citations_visible_to(user: Any) -> QuerySet[Citation]:
    """Citations are as open as the editions they belong to: to everybody who may see data."""
    rows = Citation.objects.select_related("text", "edition__element", "code_edition__code_set")
    return rows if paths_of(user, "data.view") else rows.none()


def edition_name(edition: Edition | CodeSetEdition) -> str:
    if isinstance(edition, CodeSetEdition):
        return edition.label
    return _("第 %(number)s 版") % {"number": edition.number}


def events_of(edition: Edition | CodeSetEdition) -> list[dict[str, Any]]:
    """The steps of an edition as a timeline shows them."""
    labels = {"draft": _("起草"), **{step.name: step.label for step in workflow.of(edition).transitions}}
    return [
        {
            "who": step.actor_name,
            "what": labels.get(step.transition, step.transition),
            "note": step.opinion,
            "at": step.at,
        }
        for step in workflow.history(edition)
    ]


AT_ONCE = 5_000  # codes of one answer


def codes_as_of(code_set: CodeSet, day: date, text: str = "", after: str = "") -> list[Code]:
    """The codes of the edition in force that held on that day, by code, behind ``after``; at most AT_ONCE of them."""
    if code_set.current is None:
        return []
    found = codes_valid_on(code_set.current, day).order_by("code", "pk")
    if text:
        found = found.filter(Q(code__icontains=text) | Q(name__icontains=text))
    return list(found.filter(code__gt=after)[:AT_ONCE] if after else found[:AT_ONCE])


def day_of(text: str) -> date | None:
    """A day written 2003-01-31; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def codes_as_text(edition: CodeSetEdition) -> str:
    """The codes as the table that people edit: tabs between cells, the head first."""
    rows = edition.codes.values_list("code", "name", "parent", "valid_from", "valid_to", "note")
    return _as_text(code_tables.CODES, rows)


def mappings_as_text(code_set: CodeSet) -> str:
    return _as_text(code_tables.MAPPINGS, code_set.mappings.values_list("old", "new", "since", "note"))


def _as_text(labels: Labels, rows: Iterable[tuple[Any, ...]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    writer.writerow([names[0] for names in labels.names.values()])
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return file.getvalue()


FEW_CODES = 200  # that a schema or a check lists in full


def json_schema_of(edition: Edition) -> dict[str, Any]:
    """JSON Schema of a value: the shape of the notation and, of a small code set, its codes."""
    schema = notation.json_schema(edition.notation)
    codes = _few_codes(edition)
    titled = {"title": edition.name, "description": edition.definition}
    return {**{key: text for key, text in titled.items() if text}, **schema, **({"enum": codes} if codes else {})}


def ddl_of(edition: Edition, column: str, dialect: notation.Dialect) -> dict[str, str]:
    """The line of a CREATE TABLE for a column that carries the element, and the condition its values should meet."""
    quote = "`" if dialect == "mysql" else '"'
    quoted = f"{quote}{column.replace(quote, quote * 2)}{quote}"
    engine: Any = {"postgresql": "postgresql", "mysql": "mysql"}.get(dialect, "")
    check = notation.sql_check(edition.notation, quoted, engine) if engine else ""
    if codes := _few_codes(edition):
        listed = ", ".join("'" + code.replace("'", "''") + "'" for code in codes)
        check = f"{quoted} IN ({listed})"
    return {
        "dialect": dialect, "column": column, "type": notation.ddl_type(edition.notation, dialect), "check": check,
        "ddl": notation.ddl_column(column, edition.notation, dialect, edition.name),
    }  # fmt: skip


def _few_codes(edition: Edition) -> list[str]:
    """The codes that hold today, when they are few enough to be listed; else nothing."""
    if edition.code_set is None or edition.code_set.current is None:
        return []
    found = codes_valid_on(edition.code_set.current, timezone.localdate()).order_by("position", "code")
    codes = list(found.values_list("code", flat=True)[: FEW_CODES + 1])
    return codes if len(codes) <= FEW_CODES else []
