"""What genes adds to the pages of tables, columns and elements."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from assets.selectors.profiles import shown_profile
from core.panels import Panel, RowFact, register, register_fact
from genes.choices import SecurityLevel
from genes.models import Binding, ColumnLevel, DriftAlarm, TableLevel
from genes.selectors import conformity, levels, queue
from genes.selectors.comparison import compared


def _of_table(table: Any, user: Any) -> Mapping[str, Any]:
    return {
        "rows": queue.columns_of_table(table),
        "may_decide": can(user, "gene.decide", table),
        "here": f"{table.get_absolute_url()}genes/",
        "level": TableLevel.objects.filter(table=table).select_related("decided_by").first(),
        "levels": SecurityLevel.choices,
        "level_url": reverse("genes:table_level", args=[table.pk]),
    }


def _count(table: Any, user: Any) -> int | None:
    return Binding.objects.filter(column__table=table, element__isnull=False).count() or None


def _of_column(column: Any, user: Any) -> Mapping[str, Any]:
    binding = Binding.objects.filter(column=column).select_related("element__current", "decided_by").first()
    matches = queue.matches_of_column(column)
    element = (binding.element if binding else None) or (matches[0].element if matches else None)
    return {
        "column": column,
        "binding": binding,
        "find_url": reverse("genes:column_choose", args=[column.pk]),
        "said_none": binding is not None and binding.element_id is None,
        "matches": matches,
        "alarm": DriftAlarm.objects.filter(column=column, closed_at__isnull=True).first(),
        "level": ColumnLevel.objects.filter(column=column).select_related("decided_by").first(),
        "levels": SecurityLevel.choices,
        "level_url": reverse("genes:column_level", args=[column.pk]),
        "comparison": compared(column, element, user) if element else None,
        "compared_with": element,
        "profile": shown_profile(column),
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
    return {"rows": conformity.worst(user, element)[:100], "rate": conformity.of_element(element, user)}


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
    register_fact(
        "standards.DataElement",
        RowFact("columns", _("绑定字段"), "genes/_bound_fact.html", queue.bound_columns, order=20, number=True),
    )
    register_fact(
        "standards.DataElement", RowFact("kept", _("落标率"), "genes/_kept_fact.html", conformity.kept_of, order=30)
    )
    register_fact(
        "assets.Column",
        RowFact(
            "element", _("数据元"), "genes/_element_fact.html", queue.carried, order=20, plain=lambda said: said.code
        ),
    )
    register_fact(
        "assets.Column",
        RowFact("gene", _("基因"), "genes/_gene_fact.html", queue.genes_of, order=30, plain=lambda said: said.name),
    )
    register_fact(
        "assets.Column",
        RowFact(
            "level", _("级别"), "genes/_level_fact.html", levels.of_columns, order=80, plain=lambda level: level.code
        ),
    )
