"""Recognisers one may see, and the wrong rows of their trials."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.scope import visible_to
from assets.models import Column
from genes.models import Recogniser
from standards.models import DataElement


def recognisers_visible_to(user: Any) -> QuerySet[Recogniser]:
    return visible_to(user, Recogniser.objects.select_related("element__current", "agency", "code_set", "author"))


def wrong_rows(recogniser: Recogniser, user: Any) -> list[dict[str, Any]]:
    """[{"column", "said", "carries"}] of the last trial, of the columns one may see; two queries."""
    rows = recogniser.trial.get("rows") or []
    columns = visible_to(user, Column.objects.select_related("table")).in_bulk(_ids(row["column"] for row in rows))
    elements = DataElement.objects.in_bulk(_ids(row["is"] for row in rows))
    by_id = {str(pk): column for pk, column in columns.items()}
    by_element = {str(pk): element for pk, element in elements.items()}
    return [
        {"column": by_id[row["column"]], "said": row["said"], "carries": by_element.get(row["is"])}
        for row in rows
        if row["column"] in by_id
    ]


def _ids(texts: Iterable[Any]) -> list[UUID]:
    """Those that are ids: what is stored as JSON holds its form by nothing but those who wrote it."""
    found = []
    for text in texts:
        try:
            found.append(UUID(str(text)))
        except ValueError:
            continue
    return found
