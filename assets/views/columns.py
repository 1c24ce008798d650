"""The list of columns and the page of one column."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.permissions import can, require
from assets.filters import ColumnFilter
from assets.forms import ColumnForm
from assets.models import Column
from assets.selectors import catalogue
from assets.selectors.profiles import shown_profile
from assets.selectors.runs import changes_of_column
from assets.services.annotations import annotate_column
from assets.views import exports
from assets.views.common import NamedFilters, assets_crumb, distribution, table_crumbs
from core import panels
from core.exporting import Field
from core.texts import Text
from core.views import Column as ListColumn
from core.views import Crumb, DetailPage, EditPage, Head, Tab


class ColumnList(NamedFilters):
    verb = "data.view"
    title = pgettext_lazy("list", "字段")
    noun = npgettext_lazy("count", "个字段", "个字段", "total")
    columns = (
        ListColumn("name", _("字段"), "name"),
        ListColumn("table", _("表"), "table__name"),
        ListColumn("type", _("类型")),  # an index of millions of types to sort by would serve nobody
        ListColumn("personal", _("个人信息类别")),  # there is a filter
        ListColumn("nulls", _("非空率")),
        ListColumn("distinct", _("不同值"), number=True),
    )
    row_template = "assets/_column_row.html"
    filterset_class = ColumnFilter
    filter_names = ("agency", "source", "personal_kind", "state", "personal")
    default_sort = "name"
    two_line = True
    empty_title = _("还没有字段。盘点数据源后，每个字段在这里列出。")

    def queryset(self) -> QuerySet[Column]:
        return catalogue.columns_visible_to(self.request.user, gone="gone" in self.request.GET.getlist("state"))

    def crumbs(self) -> list[Crumb]:
        return [assets_crumb(), (self.title, "")]

    def heads(self) -> list[Head]:
        return [*super().heads(), *(Head(fact.label, fact.number) for fact in panels.facts_of("assets.Column"))]

    def exports(self) -> Sequence[Field]:
        return exports.columns()

    def prepare(self, rows: Sequence[Any]) -> None:
        facts = panels.read_facts("assets.Column", rows, self.request.user)
        for column in rows:
            column.facts, column.shown = facts[column.pk], shown_profile(column)


def _profile(column: Column, user: Any) -> Mapping[str, Any]:
    shown = shown_profile(column)
    history = catalogue.column_history(column, 24)
    return {
        "profile": shown,
        "distribution": distribution(shown),
        "history": list(reversed(history))[:12],
        "null_history": [100 * (item.null_share or 0) for item in history],
    }


def _changes(column: Column, user: Any) -> Mapping[str, Any]:
    return {"changes": changes_of_column(column).order_by("-at", "-id")[:200]}


class ColumnDetail(DetailPage):
    verb = "data.view"
    template_name = "assets/column_detail.html"
    url_name = "assets:column_detail"
    tabs = (
        Tab("profile", _("剖析"), "assets/_column_profile.html", _profile, order=10),
        Tab("changes", _("变更记录"), "assets/_changes.html", _changes, order=90),
    )

    def queryset(self) -> QuerySet[Column]:
        return catalogue.columns_visible_to(self.request.user, gone=True)

    def crumbs(self) -> list[Crumb]:
        table = self.object.table
        return [*table_crumbs(table, self.object.source), (self.object.display_name, "")]

    def extra_context(self) -> dict[str, Any]:
        return {
            "shown": shown_profile(self.object),
            "facts": panels.read_facts("assets.Column", [self.object], self.request.user)[self.object.pk],
            "may_edit": can(self.request.user, "asset.edit", self.object),
        }


class ColumnEdit(EditPage):
    verb = "asset.edit"
    form_class = ColumnForm
    title = _("补充字段说明")
    submit_label = _("保存说明")
    column: Column

    def prepare(self, **kwargs: Any) -> None:
        self.column = get_object_or_404(catalogue.columns_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "asset.edit", self.column)

    def form_arguments(self) -> dict[str, Any]:
        return {"initial": {name: getattr(self.column, name) for name in ("title", "description", "personal_kind")}}

    def crumbs(self) -> list[Crumb]:
        above = table_crumbs(self.column.table, self.column.source)
        return [*above, (self.column.display_name, self.column.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return self.column.get_absolute_url()

    def save(self, form: Any) -> tuple[str, Text]:
        annotate_column(actor=self.request.user, column=self.column, **form.cleaned_data)  # type: ignore[arg-type]
        return self.column.get_absolute_url(), _("说明已保存。")
