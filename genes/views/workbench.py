"""The matching workbench: the queue of proposals with their evidence, decided one by one or in bulk, and undone."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.permissions import can
from assets.selectors.profiles import shown_profile
from core.exporting import Field
from core.keyset import EXACT_UP_TO
from core.views import BulkAction, Chip, Column, Crumb, SignedInView, is_htmx, selected_rows, with_query
from genes.choices import Zone
from genes.filters import BindingFilter, GeneFilter, MatchFilter
from genes.models import Binding, Match
from genes.reasons import evidence
from genes.selectors import queue
from genes.selectors.comparison import compared
from genes.selectors.genes import standing_of
from genes.services.decisions import accept_many, new_batch, reject_many, say_none_many
from genes.views.lists import GeneLists
from genes.views.undoing import remember, undoable
from standards.models import DataElement

HOME: Crumb = (_("基因"), "/genes/")


class MatchQueue(GeneLists):
    """`?inspect=<match>` opens the evidence of one proposal beside the list."""

    verb = "data.view"
    title = _("对标工作台")
    noun = npgettext_lazy("count", "个字段待确认", "个字段待确认", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("建议的数据元"), "element__sort_key"),
        Column("confidence", _("置信度"), "confidence", number=True),
        Column("reasons", _("依据")),
        Column("decide", _("处理")),
    )
    row_template = "genes/_match_row.html"
    template_name = "genes/queue.html"
    filterset_class = MatchFilter
    filter_names = ("agency", "source", "domain")
    default_sort = "-confidence"
    two_line = True
    empty_title = _("没有待确认的对标。盘点数据源后，识别出的数据元在这里等待确认。")
    empty_action = (_("查看数据源"), "assets:source_list")

    def queryset(self) -> QuerySet[Match]:
        return queue.queue_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_htmx(request) and request.headers.get("HX-Target") == "inspector":
            return render(request, "components/inspector.html", self.inspected())
        return super().get(request, *args, **kwargs)

    def inspected(self) -> dict[str, Any]:
        """The pane of `?inspect=`: nothing when the proposal is decided or not to be seen."""
        try:
            match = self.queryset().get(pk=self.request.GET.get("inspect", ""))
        except (Match.DoesNotExist, ValidationError, ValueError):
            return {}
        return {
            "inspect": str(match.pk),
            "inspector_template": "genes/_match_inspector.html",
            "in_queue": True,
            "inspector_close": self.request.path + with_query(self.request.GET, inspect=None, find=None),
            **column_context(match.column, match.element, [match, *match.column.others], self.request),  # type: ignore[attr-defined]
        }

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("字段"), lambda row: row.column.name),
            Field(_("中文名称"), lambda row: row.column.display_name),
            Field(_("表"), lambda row: row.column.table.label),
            Field(_("数据源"), lambda row: row.column.source.name),
            Field(_("机构"), lambda row: row.column.source.agency.name),
            Field(_("数据元标识符"), lambda row: row.element.code),
            Field(_("数据元"), lambda row: row.element.name),
            Field(_("置信度"), lambda row: round(row.confidence, 4)),
            Field(
                _("依据"),
                lambda row: translate("；").join(f"{item.label} {item.shown} {item.text}" for item in evidence(row)),
            ),
        )

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "gene.decide"):
            return ()
        return (
            BulkAction(_("确认所选"), reverse("genes:match_accept"), "check"),
            BulkAction(_("否决所选"), reverse("genes:match_reject"), "x"),
            BulkAction(_("均无对应"), reverse("genes:match_none"), "circle-slash"),
        )

    def facets(self) -> Sequence[Chip]:
        rows, chosen = queue.queue_visible_to(self.request.user).order_by(), self.request.GET.getlist("zone")
        counted = queue.by_zone(rows)
        return [
            Chip(
                label,
                with_query(self.request.GET, zone=zone, page=None),
                min(counted[zone], EXACT_UP_TO),
                chosen == [zone],
                counted[zone] > EXACT_UP_TO,
            )
            for zone, label in ((Zone.AUTO, Zone.AUTO.label), (Zone.SUGGESTED, Zone.SUGGESTED.label))
        ]

    def extra_context(self) -> dict[str, Any]:
        user = self.request.user
        return {
            "may_decide": can(user, "gene.decide"),
            "undoable": undoable(self.request),
            "drifts": queue.open_drifts(user).count(),
            **self.inspected(),
        }


def column_context(column: Any, element: Any, matches: Sequence[Match], request: HttpRequest) -> Mapping[str, Any]:
    """What the panes of a column show: candidates, both fingerprints, and elements that were searched for."""
    find = request.GET.get("find", "")
    return {
        "column": column,
        "matches": matches,
        "comparison": compared(column, element, request.user) if element else None,
        "compared_with": element,
        "profile": shown_profile(column),
        "find": find,
        "found": queue.elements_found(find),
        "may_decide": can(request.user, "gene.decide", column),
    }


class Decide(SignedInView):
    """Accept, refuse or "none fits" for the chosen proposals; one button of a row posts the same."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]
    what: str = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen, batch, actor = list(selected_rows(request, MatchQueue())), new_batch(), request.user
        pairs = [(match.column, match.element) for match in chosen]
        try:
            if self.what == "accept":
                accept_many(actor=actor, matches=chosen, batch=batch)  # type: ignore[arg-type]
            elif self.what == "reject":
                reject_many(actor=actor, pairs=pairs, batch=batch)  # type: ignore[arg-type]
            else:
                say_none_many(actor=actor, columns=[match.column for match in chosen], batch=batch)  # type: ignore[arg-type]
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
        else:
            remember(request, batch, len(chosen))
            messages.success(request, said(self.what, len(chosen)))
        return HttpResponseRedirect(back_to_queue(request))


def said(what: str, count: int) -> str:
    sentences = {
        "accept": translate("已确认 %(n)s 个字段。"),
        "reject": translate("已否决 %(n)s 条建议。"),
        "none": translate("已标为无对应：%(n)s 个字段。"),
    }
    return sentences[what] % {"n": count}


def back_to_queue(request: HttpRequest) -> str:
    """The queue with the filters it had; the pane of what was decided is gone."""
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    for name in ("inspect", "find"):
        query.pop(name, None)
    return reverse("genes:match_queue") + (f"?{query.urlencode()}" if query else "")


class GeneList(GeneLists):
    verb = "data.view"
    title = _("基因")
    noun = npgettext_lazy("count", "个基因", "个基因", "total")
    columns = (
        Column("gene", _("基因"), "sort_key"),
        Column("domain", _("主题域"), "domain"),
        Column("level", _("级别"), "current__level"),
        Column("columns", pgettext_lazy("list", "字段"), "columns", number=True),
        Column("agencies", pgettext_lazy("list", "机构"), "agencies", number=True),
        Column("kept", _("落标率")),
        Column("pending", _("待确认"), number=True),
        Column("source", _("数源部门")),
    )
    row_template = "genes/_gene_row.html"
    template_name = "genes/gene_list.html"
    filterset_class = GeneFilter
    filter_names = ("domain",)
    default_sort = "-columns"
    two_line = True
    empty_title = _("还没有基因。在对标工作台确认字段的数据元后，基因在这里列出。")
    empty_action = (_("打开对标工作台"), "genes:match_queue")

    def queryset(self) -> QuerySet[DataElement]:
        return queue.genes_visible_to(self.request.user)

    def prepare(self, rows: Sequence[DataElement]) -> None:
        standing_of(rows, self.request.user)

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("内部标识符"), lambda row: row.code),
            Field(_("数据元"), lambda row: row.name),
            Field(_("主题域"), lambda row: row.get_domain_display()),
            Field(_("级别"), lambda row: row.current.level if row.current else None),
            Field(pgettext_lazy("list", "字段"), lambda row: row.columns),
            Field(pgettext_lazy("list", "机构"), lambda row: row.agencies),
            Field(_("落标率"), lambda row: row.kept),
            Field(_("待确认"), lambda row: row.pending),
            Field(_("数源部门"), lambda row: [ruling.holder.name for ruling in row.in_force]),
        )

    def extra_context(self) -> dict[str, Any]:
        bound, every = queue.coverage(self.request.user)
        return {"bound": bound, "every": every}


class BindingList(GeneLists):
    verb = "data.view"
    title = _("基因绑定")
    noun = npgettext_lazy("count", "个字段", "个字段", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("数据元"), "element__sort_key"),
        Column("origin", _("来源"), "origin"),
        Column("decided", _("确认时间"), "decided_at"),
    )
    row_template = "genes/_binding_row.html"
    filterset_class = BindingFilter
    filter_names = ("origin", "agency", "source")
    default_sort = "column"
    two_line = True
    empty_title = _("还没有绑定的字段。在对标工作台确认字段的数据元后，字段在这里列出。")
    empty_action = (_("打开对标工作台"), "genes:match_queue")

    def queryset(self) -> QuerySet[Binding]:
        return queue.bindings_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("机构"), lambda row: row.column.source.agency.name),
            Field(_("数据源"), lambda row: row.column.source.name),
            Field(_("表"), lambda row: row.column.table.label),
            Field(_("字段"), lambda row: row.column.name),
            Field(_("内部标识符"), lambda row: row.element.code),
            Field(_("数据元"), lambda row: row.element.name),
            Field(_("来源"), lambda row: row.get_origin_display()),
            Field(_("确认人"), lambda row: row.decided_by.name if row.decided_by else None),
            Field(_("确认时间"), lambda row: row.decided_at),
        )
