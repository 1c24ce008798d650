"""The page of one gene: a data element as columns carry it. What the element says stands on its page in standards."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.views import Crumb, DetailPage, Tab
from genes.selectors import genes, relations
from genes.views.relations import source_of
from genes.views.workbench import HOME
from standards.models import DataElement
from standards.selectors import elements_visible_to

SHOWN = 50  # rows of a tab; the lists have them all


def _overview(element: DataElement, user: Any) -> Mapping[str, Any]:
    found = relations.families_visible_to(user).filter(element=element)
    return {
        "families": list(found.order_by("number")[:SHOWN]),
        "differing": list(
            genes.conflicts_of(element, user).order_by("column__source__agency__name", "column__name")[:SHOWN]
        ),
        "drifts": list(genes.drifts_of(element, user)[:SHOWN]),
    }


def _source(element: DataElement, user: Any) -> Mapping[str, Any]:
    return source_of(element, user)


def _joins(element: DataElement, user: Any) -> Mapping[str, Any]:
    return {"joins": list(relations.joins_of_element(element.pk, user)[:SHOWN])}


def _joins_count(element: DataElement, user: Any) -> int | None:
    return relations.joins_of_element(element.pk, user).order_by().count() or None


class GeneDetail(DetailPage):
    """Tabs 绑定字段 and 落标率 are the panels that genes adds to every element."""

    verb = "data.view"
    template_name = "genes/gene_detail.html"
    url_name = "genes:gene_detail"
    tabs = (
        Tab("overview", _("概览"), "genes/_gene_overview.html", _overview, order=10),
        Tab("source", _("数源"), "genes/_source.html", _source, order=30),
        Tab("joins", _("关联"), "genes/_gene_joins.html", _joins, _joins_count, order=40),
    )

    def queryset(self) -> QuerySet[DataElement]:
        return elements_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.object.name, "")]

    def extra_context(self) -> dict[str, Any]:
        user = self.request.user
        return {**genes.figures(self.object, user), "may_propose": can(user, "gene.decide")}
