"""The matching workbench: the queue of proposals with their reasons, decided one by one or in bulk, and undone."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.views import BulkAction, Chip, Column, Crumb, ListPage, SignedInView, safe_next, selected_rows, with_query
from genes.choices import Zone
from genes.filters import BindingFilter, GeneFilter, MatchFilter
from genes.models import Binding, Match
from genes.selectors import queue
from genes.services.decisions import accept, accept_many, reject, say_none, undo
from standards.models import DataElement

HOME: Crumb = (_("基因"), "/genes/")
UNDO = "genes_undo"  # columns of the last decision, in the session


class MatchQueue(ListPage):
    verb = "data.view"
    title = _("对标工作台")
    noun = _("个字段待确认")
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
    filter_names = ("zone", "domain")
    default_sort = "-confidence"
    two_line = True
    empty_title = _("没有待确认的对标。盘点数据源后，识别出的数据元在这里等待确认。")

    def queryset(self) -> QuerySet[Match]:
        return queue.queue_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "gene.decide"):
            return ()
        return (
            BulkAction(_("确认所选"), reverse("genes:match_accept"), "check"),
            BulkAction(_("均无对应"), reverse("genes:match_none"), "circle-slash"),
        )

    def facets(self) -> Sequence[Chip]:
        rows, chosen = queue.queue_visible_to(self.request.user).order_by(), self.request.GET.getlist("zone")
        return [
            Chip(
                label,
                with_query(self.request.GET, zone=zone, page=None),
                rows.filter(column__gene__zone=zone).count(),
                chosen == [zone],
            )
            for zone, label in ((Zone.AUTO, Zone.AUTO.label), (Zone.SUGGESTED, Zone.SUGGESTED.label))
        ]

    def extra_context(self) -> dict[str, Any]:
        user = self.request.user
        return {"may_decide": can(user, "gene.decide"), "undoable": len(self.request.session.get(UNDO, ()))}


class Decide(SignedInView):
    """Accept, refuse or "none fits" for the chosen proposals; one button of a row posts the same."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]
    what: str = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = list(selected_rows(request, MatchQueue()))
        back = HttpResponseRedirect(safe_next(request, reverse("genes:match_queue")))
        try:
            columns = self._act(request, chosen)
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
            return back
        request.session[UNDO] = [str(column.pk) for column in columns]
        said = {
            "accept": translate("已确认 %(n)s 个字段。"),
            "reject": translate("已否决 %(n)s 条建议。"),
            "none": translate("已标为无对应：%(n)s 个字段。"),
        }
        messages.success(request, said[self.what] % {"n": len(columns)})
        return back

    def _act(self, request: HttpRequest, chosen: list[Match]) -> list[Any]:
        actor: Any = request.user
        if self.what == "accept":
            other = request.POST.get("element")
            if other and len(chosen) == 1:
                element = DataElement.objects.filter(pk=other, matches__column=chosen[0].column).first()
                if element is None:
                    raise Http404
                accept(actor=actor, column=chosen[0].column, element=element)
                return [chosen[0].column]
            return list(accept_many(actor=actor, matches=chosen))
        for match in chosen:
            if self.what == "reject":
                reject(actor=actor, column=match.column, element=match.element)
            else:
                say_none(actor=actor, column=match.column)
        return [match.column for match in chosen]


class Undo(SignedInView):
    """Take back what was decided last in this session."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        from assets.selectors.catalogue import columns_visible_to  # slow import

        wanted: Iterable[str] = request.session.pop(UNDO, [])
        columns = columns_visible_to(request.user).filter(pk__in=wanted).select_related("source", "table")
        count = undo(actor=request.user, columns=columns)  # type: ignore[arg-type]
        messages.success(request, translate("已撤销 %(n)s 个字段的处理。") % {"n": count})
        return HttpResponseRedirect(reverse("genes:match_queue"))


class GeneList(ListPage):
    verb = "data.view"
    title = _("基因")
    noun = _("个基因")
    columns = (
        Column("gene", _("基因"), "sort_key"),
        Column("domain", _("主题域"), "domain"),
        Column("columns", _("字段"), "columns", number=True),
        Column("agencies", _("机构"), "agencies", number=True),
        Column("level", _("级别"), "current__level"),
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

    def extra_context(self) -> dict[str, Any]:
        bound, every = queue.coverage(self.request.user)
        return {"bound": bound, "every": every}


class BindingList(ListPage):
    verb = "data.view"
    title = _("基因绑定")
    noun = _("个字段")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("数据元"), "element__sort_key"),
        Column("origin", _("来源"), "origin"),
        Column("decided", _("确认时间"), "decided_at"),
    )
    row_template = "genes/_binding_row.html"
    filterset_class = BindingFilter
    filter_names = ("origin",)
    default_sort = "column"
    two_line = True

    def queryset(self) -> QuerySet[Binding]:
        return queue.bindings_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]
