"""管资产: the list of tables and the page of one table."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext as translate_count
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.permissions import can, require
from assets.filters import TableFilter
from assets.forms import TableForm
from assets.models import Column as TableColumn
from assets.models import Table
from assets.selectors import catalogue
from assets.selectors.profiles import shown_profile
from assets.selectors.runs import changes_of_table
from assets.services.annotations import annotate_table
from assets.services.requests import request_scan
from assets.views import exports
from assets.views.common import NamedFilters, distribution, table_crumbs
from core import list_paging, panels
from core.exporting import FORMATS, Field, export_links, respond
from core.keyset import Order
from core.texts import Text
from core.views import (
    ActionView,
    BulkAction,
    Chip,
    Column,
    Crumb,
    DetailPage,
    EditPage,
    SignedInView,
    Tab,
    safe_next,
    selected_rows,
    with_query,
)

COLUMNS_AT_ONCE = 100  # on the page of a table


class TableList(NamedFilters):
    verb = "data.view"
    title = _("数据资产")
    noun = npgettext_lazy("count", "张表", "张表", "total")
    columns = (
        Column("name", _("表"), "name"),
        Column("source", _("数据源"), "source__name"),
        Column("state", _("状态"), "state"),
        Column("rows", _("行数"), "rows", number=True),
        Column("columns", _("字段"), "column_count", number=True),
        Column("bytes", _("容量"), "bytes", number=True),
        Column("score", _("质量分"), "score", number=True),
        Column("profiled", _("最近剖析"), "profiled_at"),
    )
    row_template = "assets/_table_row.html"
    template_name = "assets/table_list.html"
    filterset_class = TableFilter
    filter_names = ("agency", "source", "kind", "state", "profiled", "personal", "commented", "rows_min", "score_max")
    default_sort = "name"
    two_line = True
    empty_title = _("还没有数据资产。登记数据源并盘点后，每张表在这里列出。")
    empty_action = (_("查看数据源"), "assets:source_list")

    def queryset(self) -> QuerySet[Table]:
        gone = "gone" in self.request.GET.getlist("state")
        return catalogue.tables_visible_to(self.request.user, gone=gone)

    def exports(self) -> Sequence[Field]:
        return exports.TABLES

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "scan.run"):
            return ()
        return (BulkAction(_("扫描所选的表"), reverse("assets:tables_scan"), "scan-line"),)


class ScanSelected(SignedInView):
    """Scan the chosen tables, one job a source."""

    verb = "scan.run"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        by_source: dict[Any, list[Table]] = {}
        for table in selected_rows(request, TableList()):
            by_source.setdefault(table.source, []).append(table)
        for source, tables in by_source.items():
            try:
                request_scan(actor=request.user, source=source, tables=tables)  # type: ignore[arg-type]
            except ValidationError as error:
                messages.error(request, f"{source}{translate('：')}{translate('；').join(error.messages)}")
        if by_source:
            messages.success(request, translate("已启动扫描，进度见任务。"))
        return HttpResponseRedirect(safe_next(request, reverse("core:job_list")))


# The page of one table ------------------------------------------------------------------------------------------------


def _overview(table: Table, user: Any) -> Mapping[str, Any]:
    history = catalogue.table_history(table)
    return {
        "references_from": catalogue.references_from(table),
        "references_to": catalogue.references_to(table),
        "profile": catalogue.profile_of(table),
        "history": list(reversed(history))[:12],
    }


def _changes(table: Table, user: Any) -> Mapping[str, Any]:
    return {"changes": changes_of_table(table).order_by("-at", "-id")[:200]}


def _count_columns(table: Table, user: Any) -> int:
    return table.column_count


class TableDetail(DetailPage):
    """Tabs 概览, 字段, those of other apps, 变更记录. `?inspect=<column>` opens a column beside the list."""

    verb = "data.view"
    template_name = "assets/table_detail.html"
    url_name = "assets:table_detail"
    tabs = (
        Tab("overview", _("概览"), "assets/_table_overview.html", _overview, order=10),
        Tab("columns", pgettext_lazy("list", "字段"), "assets/_table_columns.html", count=_count_columns, order=20),
        Tab("changes", _("变更记录"), "assets/_changes.html", _changes, order=90),
    )

    def queryset(self) -> QuerySet[Table]:
        return catalogue.tables_visible_to(self.request.user, gone=True)

    def get(self, request: HttpRequest, pk: Any, tab: str = "", **kwargs: Any) -> HttpResponse:
        kind = request.GET.get("export", "")
        if tab != "columns" or kind not in FORMATS:
            return super().get(request, pk, tab, **kwargs)
        self.object = get_object_or_404(self.queryset(), pk=pk)
        rows = self.prepared(list(self.chosen_columns()))
        name = f"{self.object.label} {translate('字段')}"
        return respond(request, kind, name, exports.columns(), rows, len(rows))  # type: ignore[no-any-return]

    def crumbs(self) -> list[Crumb]:
        *above, (name, _address) = table_crumbs(self.object, self.object.source)
        return [*above, (name, "")]

    def inspector(self, key: str) -> tuple[str, Mapping[str, Any]] | None:
        try:
            column = catalogue.columns_of(self.object, gone=True).select_related("source", "table").get(pk=key)
        except (TableColumn.DoesNotExist, ValidationError):
            return None
        return "assets/_column_inspector.html", {
            "column": column,
            "profile": shown_profile(column),
            "distribution": distribution(shown_profile(column)),
            "panels": [
                (panel, panel.context(column, self.request.user))
                for panel in panels.panels_for(column, self.request.user)
            ],
        }

    def chosen_columns(self) -> QuerySet[TableColumn]:
        text = self.request.GET.get("q", "").replace("\0", "").strip()[:100]
        return catalogue.narrowed_columns(self.object, text, self.request.GET.get("show", ""))

    def prepared(self, columns: Sequence[TableColumn]) -> Sequence[TableColumn]:
        """The same columns with what their rows show: ``shown``, the masked profile, and ``facts`` of other apps."""
        facts = panels.read_facts("assets.Column", columns, self.request.user)
        for column in columns:
            column.table, column.source = self.object, self.object.source
            column.shown, column.facts = shown_profile(column), facts[column.pk]  # type: ignore[attr-defined]
        return columns

    def columns_tab(self) -> dict[str, Any]:
        """What 字段 shows: a page of the columns that the filter leaves. A table may have thousands."""
        chosen, show = self.chosen_columns(), self.request.GET.get("show", "")
        page = list_paging.read(chosen, Order("", chosen, ["position"]), self.request.GET, COLUMNS_AT_ONCE)
        return {
            "page": page,
            "total": page.total.count,
            "noun": translate_count("count", "个字段", "个字段", page.total.count),
            "columns": [
                {"column": column, "distribution": distribution(column.shown)}  # type: ignore[attr-defined]
                for column in self.prepared(page.object_list)
            ],
            "exports": export_links(self.request) if page.total.count else [],
            "facts": panels.facts_of("assets.Column"),
            "facets": self.facets(show),
            "filtered": bool(self.request.GET.get("q", "").strip()) or show in catalogue.COLUMN_FACETS,
            "q": self.request.GET.get("q", ""),
        }

    def facets(self, shown: str) -> list[Chip]:
        """全部 and three quick filters over the columns, each with its count."""
        counts = catalogue.column_facet_counts(self.object)
        labels = {"": _("全部"), "personal": _("含个人信息"), "gaps": _("有空值"), "unprofiled": _("未剖析")}
        current = shown if shown in counts else ""
        return [
            Chip(label, with_query(self.request.GET, show=key or None, page=None), counts[key], key == current)
            for key, label in labels.items()
        ]

    def extra_context(self) -> dict[str, Any]:
        history = catalogue.table_history(self.object, 24)
        return {
            **(self.columns_tab() if self.kwargs.get("tab") == "columns" else {}),
            "rows_history": [item.rows for item in history],
            "may_scan": can(self.request.user, "scan.run", self.object),
            "may_edit": can(self.request.user, "asset.edit", self.object),
        }


class ScanTable(ActionView):
    required_verb: ClassVar[str] = "scan.run"

    def queryset(self) -> QuerySet[Table]:
        return catalogue.tables_visible_to(self.request.user)

    def act(self, obj: Any) -> Text:
        request_scan(actor=self.request.user, source=obj.source, tables=[obj])  # type: ignore[arg-type]
        return _("已启动扫描，完成后结果在本页更新。")


class TableEdit(EditPage):
    verb = "asset.edit"
    form_class = TableForm
    title = _("补充表说明")
    submit_label = _("保存说明")
    table: Table

    def prepare(self, **kwargs: Any) -> None:
        self.table = get_object_or_404(catalogue.tables_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "asset.edit", self.table)

    def form_arguments(self) -> dict[str, Any]:
        shown = {name: getattr(self.table, name) for name in ("title", "description", "owner")}
        return {"table": self.table, "initial": shown}

    def crumbs(self) -> list[Crumb]:
        return [*table_crumbs(self.table, self.table.source), (self.title, "")]

    def cancel_url(self) -> str:
        return self.table.get_absolute_url()

    def save(self, form: Any) -> tuple[str, Text]:
        annotate_table(actor=self.request.user, table=self.table, **form.cleaned_data)  # type: ignore[arg-type]
        return self.table.get_absolute_url(), _("说明已保存。")
