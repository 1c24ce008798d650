"""Reads: information systems, data sources, the kinds of source there are."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as translate

from accounts.scope import visible_to
from assets.choices import Brake, SourceState
from assets.models import CensusRun, DataSource, InformationSystem
from core.models import Job
from scanner.connectors.base import Parameter
from scanner.connectors.registry import KINDS, connector_class


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source as the wizard and the API offer it."""

    kind: str
    label: str
    parameters: tuple[Parameter, ...]  # secrets included, marked by ``secret``


def source_kinds() -> list[SourceKind]:
    """Every kind that can be registered, in the order of the registry."""
    found = [connector_class(kind) for kind in KINDS]
    return [SourceKind(item.kind, item.label, item.parameters) for item in found]


def kind_labels() -> dict[str, str]:
    return {item.kind: translate(item.label) for item in source_kinds()}


def systems_visible_to(user: Any) -> QuerySet[InformationSystem]:
    """Systems with agency, and of their active sources ``source_count``, ``table_total``, ``row_sum``."""
    active = ~Q(sources__state=SourceState.REMOVED)
    return visible_to(user, InformationSystem.objects.select_related("agency")).annotate(
        source_count=Count("sources", filter=active),
        table_total=Coalesce(Sum("sources__table_count", filter=active), 0),
        row_sum=Coalesce(Sum("sources__row_total", filter=active), 0),
    )


def sources_visible_to(user: Any) -> QuerySet[DataSource]:
    """Sources on the register with agency and system; ``brake_held``: a mass disappearance waits for a person;
    ``keeps_secrets``: there are some, though they are not read along.
    """
    held = CensusRun.objects.filter(source=OuterRef("pk"), brake=Brake.HELD)
    sources = DataSource.objects.exclude(state=SourceState.REMOVED).defer("sealed_secrets")
    return visible_to(user, sources.select_related("agency", "system")).annotate(
        brake_held=Exists(held), keeps_secrets=~Q(sealed_secrets="")
    )


def sources_of_system(user: Any, system: InformationSystem) -> QuerySet[DataSource]:
    return sources_visible_to(user).filter(system=system)


def open_jobs_of_source(user: Any, source_id: UUID) -> QuerySet[Job]:
    """Queued and running jobs of a source, newest first: the source page shows their progress."""
    jobs = Job.objects.filter(target=f"assets.DataSource:{source_id}", state__in=("queued", "running"))
    return visible_to(user, jobs).order_by("-created_at")


def jobs_of_source(user: Any, source_id: UUID) -> QuerySet[Job]:
    """All jobs of a source, newest first."""
    return visible_to(user, Job.objects.filter(target=f"assets.DataSource:{source_id}")).order_by("-created_at")
