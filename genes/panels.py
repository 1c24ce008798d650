"""What genes adds to the pages of tables, columns and elements."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.panels import Panel, register
from genes.models import Binding, Gene, Match
from genes.selectors import conformity, queue


def _of_table(table: Any, user: Any) -> Mapping[str, Any]:
    return {
        "rows": queue.columns_of_table(table),
        "may_decide": can(user, "gene.decide", table),
        "here": f"{table.get_absolute_url()}genes/",
    }


def _count(table: Any, user: Any) -> int | None:
    return Binding.objects.filter(column__table=table, element__isnull=False).count() or None


def _of_column(column: Any, user: Any) -> Mapping[str, Any]:
    return {
        "binding": Binding.objects.filter(column=column).select_related("element__current", "decided_by").first(),
        "gene": Gene.objects.filter(column=column).first(),
        "matches": list(
            Match.objects.filter(column=column, state="proposed").select_related("element").order_by("rank")
        ),
        "may_decide": can(user, "gene.decide", column),
    }


def _of_element(element: Any, user: Any) -> Mapping[str, Any]:
    bound = queue.bindings_visible_to(user).filter(element=element)
    return {
        "bindings": list(bound.order_by("column__source__agency__name", "column__name")[:100]),
        "total": bound.count(),
        "agencies": queue.by_agency(element, user),
    }


def _element_count(element: Any, user: Any) -> int | None:
    return queue.bindings_visible_to(user).filter(element=element).count() or None


def _conformity_of_element(element: Any, user: Any) -> Mapping[str, Any]:
    return {"rows": conformity.worst(user, element)[:100], "rate": conformity.overall(user, element)}


def register_all() -> None:
    register("assets.Table", Panel("genes", _("基因"), "genes/_table_panel.html", _of_table, order=35, count=_count))
    register("assets.Column", Panel("genes", _("基因"), "genes/_column_panel.html", _of_column, order=35))
    register(
        "standards.DataElement",
        Panel("columns", _("绑定字段"), "genes/_element_panel.html", _of_element, order=20, count=_element_count),
    )
    register(
        "standards.DataElement",
        Panel("conformity", _("落标率"), "genes/_conformity_panel.html", _conformity_of_element, order=25),
    )
