"""Reads of standards."""

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.scope import visible_to
from core import audit
from standards.choices import EditionState
from standards.models import Code, CodeSet, CodeSetEdition, Comment, DataElement, Edition, StandardText

IN_WORK = (EditionState.DRAFT, EditionState.COMMENTING, EditionState.REVIEW)


def elements_visible_to(user: Any) -> QuerySet[DataElement]:
    return visible_to(user, DataElement.objects.select_related("agency", "current__code_set"))


def editions_visible_to(user: Any) -> QuerySet[Edition]:
    return visible_to(user, Edition.objects.select_related("element__agency", "code_set", "author", "submitted_by"))


def code_sets_visible_to(user: Any) -> QuerySet[CodeSet]:
    counted = CodeSet.objects.select_related("agency", "current").annotate(codes_count=Count("current__codes"))
    return visible_to(user, counted)


def code_editions_visible_to(user: Any) -> QuerySet[CodeSetEdition]:
    return visible_to(user, CodeSetEdition.objects.select_related("code_set__agency", "author"))


def texts_visible_to(user: Any) -> QuerySet[StandardText]:
    return visible_to(user, StandardText.objects.select_related("agency", "superseded_by"))


def editions_for_review(user: Any) -> QuerySet[Edition]:
    """What waits for this user: editions in review whose owner's reviewers they belong to."""
    return visible_to(user, Edition.objects.filter(state=EditionState.REVIEW), "standard.review").select_related(
        "element"
    )


def elements_for_review(user: Any) -> QuerySet[DataElement]:
    """The elements behind `editions_for_review`: the list that the to-do opens."""
    return elements_visible_to(user).filter(pk__in=editions_for_review(user).values("element_id"))


def edition_in_work(element: DataElement) -> Edition | None:
    return element.editions.filter(state__in=IN_WORK).first()


def comments_on(edition: Edition | CodeSetEdition) -> QuerySet[Comment]:
    return Comment.objects.filter(target=audit.target_of(edition)).select_related("agency", "author", "answered_by")


def codes_valid_on(edition: CodeSetEdition, day: date) -> QuerySet[Code]:
    """The codes that held on that day: an old row is judged by the list of its time."""
    began = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    lasts = Q(valid_to__isnull=True) | Q(valid_to__gt=day)
    return edition.codes.filter(began, lasts)
