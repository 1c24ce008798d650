"""Reads: the ranges that are open to the sources of an agency."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Agency
from accounts.scope import visible_to
from assets.models import AllowedNetwork


def networks_visible_to(user: Any) -> QuerySet[AllowedNetwork]:
    return visible_to(user, AllowedNetwork.objects.select_related("agency", "created_by"))


def networks_of(agency: Agency) -> list[str]:
    """Ranges opened for the agency itself or for one above it."""
    above = [UUID(part) for part in agency.path.strip("/").split("/")]
    return list(AllowedNetwork.objects.filter(agency__in=above).values_list("network", flat=True))
