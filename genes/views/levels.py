"""分类分级: the levels of columns and tables, proposed and decided."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can
from core.exporting import Field
from core.views import BulkAction, Column, Crumb, SignedInView, safe_next, selected_rows
from genes.filters import ColumnLevelFilter, TableLevelFilter
from genes.models import ColumnLevel, TableLevel
from genes.reasons import level_in_words
from genes.selectors import levels
from genes.services.levels import confirm_levels
from genes.views.lists import GeneLists
from genes.views.workbench import HOME

BULK = 1_000


class ColumnLevelList(GeneLists):
    verb = "data.view"
    title = _("字段级别")
    noun = npgettext_lazy("count", "个字段", "个字段", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("level", _("级别"), "level"),
        Column("proposed", _("建议级别"), "proposed"),
        Column("reasons", _("依据")),
        Column("decided", _("确定"), "decided_at"),
    )
    row_template = "genes/_level_row.html"
    template_name = "genes/level_list.html"
    filterset_class = ColumnLevelFilter
    filter_names = ("level", "kind", "decided", "agency", "source")
    default_sort = "-level"
    two_line = True
    empty_title = _("还没有级别。识别字段后，按数据元与取值给出建议级别。")

    def queryset(self) -> QuerySet[ColumnLevel]:
        return levels.columns_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "gene.decide"):
            return ()
        return (BulkAction(_("按建议级别确定"), reverse("genes:level_confirm"), "check"),)

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("字段"), lambda row: row.column.label),
            Field(_("中文名称"), lambda row: row.column.display_name),
            Field(_("数据源"), lambda row: row.column.source.name),
            Field(_("机构"), lambda row: row.column.source.agency.name),
            Field(_("级别"), lambda row: row.code),
            Field(_("建议级别"), lambda row: row.proposed),
            Field(_("依据"), lambda row: translate("；").join(map(level_in_words, row.reasons))),
            Field(_("确定人"), lambda row: row.decided_by.name if row.decided_by else ""),
            Field(_("定级依据"), lambda row: row.basis),
        )


class ConfirmLevels(SignedInView):
    verb = "gene.decide"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = list(selected_rows(request, ColumnLevelList())[: BULK + 1])
        back = HttpResponseRedirect(safe_next(request, reverse("genes:level_list")))
        if len(chosen) > BULK:
            messages.error(request, translate("一次最多处理 %(n)s 个字段，请缩小范围。") % {"n": BULK})
            return back
        try:
            count = confirm_levels(actor=request.user, rows=chosen)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, translate("；").join(error.messages))
        else:
            messages.success(request, translate("已确定 %(n)s 个字段的级别。") % {"n": count})
        return back


class TableLevelList(GeneLists):
    verb = "data.view"
    title = _("表级别")
    noun = npgettext_lazy("count", "张表", "张表", "total")
    columns = (
        Column("table", _("表"), "table__name"),
        Column("source", _("数据源"), "table__source__name"),
        Column("level", _("级别"), "level"),
        Column("proposed", _("建议级别"), "proposed"),
        Column("reasons", _("依据")),
        Column("decided", _("确定"), "decided_at"),
    )
    row_template = "genes/_table_level_row.html"
    template_name = "genes/level_list.html"
    filterset_class = TableLevelFilter
    filter_names = ("level", "decided", "agency", "source")
    default_sort = "-level"
    two_line = True

    def queryset(self) -> QuerySet[TableLevel]:
        return levels.tables_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("表"), lambda row: row.table.label),
            Field(_("数据源"), lambda row: row.table.source.name),
            Field(_("机构"), lambda row: row.table.source.agency.name),
            Field(_("级别"), lambda row: row.code),
            Field(_("建议级别"), lambda row: row.proposed),
            Field(_("依据"), lambda row: translate("；").join(map(level_in_words, row.reasons))),
            Field(_("定级依据"), lambda row: row.basis),
        )

    def extra_context(self) -> dict[str, Any]:
        return {"of_tables": True}
