"""Drift alarms, and the decisions that people took."""

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
from core.views import BulkAction, Column, Crumb, SignedInView, selected_rows
from genes.filters import DecisionFilter, DriftFilter
from genes.models import Decision, DriftAlarm
from genes.reasons import drift_in_words
from genes.selectors import queue
from genes.services.decisions import accept_pairs, new_batch
from genes.views.lists import GeneLists
from genes.views.undoing import remember
from genes.views.workbench import HOME, said


class DriftList(GeneLists):
    verb = "data.view"
    title = _("漂移告警")
    noun = npgettext_lazy("count", "个告警", "个告警", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("数据元"), "element__sort_key"),
        Column("distance", _("偏离程度"), "distance", number=True),
        Column("reasons", _("变化")),
        Column("last", _("最近一次"), "last_at"),
        Column("state", _("处理")),
    )
    row_template = "genes/_drift_row.html"
    filterset_class = DriftFilter
    filter_names = ("open", "agency", "source")
    default_sort = "-last"
    two_line = True
    empty_title = _("没有漂移告警。已确认字段的取值偏离确认时的特征后，在这里告警。")

    def queryset(self) -> QuerySet[DriftAlarm]:
        return queue.drifts_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "gene.decide"):
            return ()
        return (BulkAction(_("所选仍携带该数据元"), reverse("genes:drift_keep"), "check"),)

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("字段"), lambda row: row.column.label),
            Field(_("数据源"), lambda row: row.column.source.name),
            Field(_("机构"), lambda row: row.column.source.agency.name),
            Field(_("数据元"), lambda row: row.element.name),
            Field(_("偏离程度"), lambda row: row.distance),
            Field(_("变化"), lambda row: translate("；").join(map(drift_in_words, row.reasons))),
            Field(_("发现时间"), lambda row: row.opened_at),
            Field(_("解除时间"), lambda row: row.closed_at),
        )

    def extra_context(self) -> dict[str, Any]:
        return {"may_decide": can(self.request.user, "gene.decide")}


class KeepDrifted(SignedInView):
    """The chosen columns still carry their element: their present fingerprints are the new baselines."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = [alarm for alarm in selected_rows(request, DriftList()) if alarm.closed_at is None]
        batch = new_batch()
        try:
            accept_pairs(actor=request.user, pairs=[(alarm.column, alarm.element) for alarm in chosen], batch=batch)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, translate("；").join(error.messages))
        else:
            remember(request, batch, len(chosen))
            messages.success(request, said("accept", len(chosen)))
        return HttpResponseRedirect(reverse("genes:drift_list") + "?open=yes")


class DecisionList(GeneLists):
    """Every decision, with the column as it was then; exported, they are training rows."""

    verb = "data.view"
    title = _("对标决定")
    noun = npgettext_lazy("count", "个决定", "个决定", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("verdict", _("决定"), "verdict"),
        Column("element", _("数据元"), "element__sort_key"),
        Column("machine", _("识别结果")),
        Column("by", _("处理人"), "by__name"),
        Column("at", _("时间"), "at"),
    )
    row_template = "genes/_decision_row.html"
    filterset_class = DecisionFilter
    filter_names = ("verdict", "agency", "source")
    default_sort = "-at"
    two_line = True
    empty_title = _("还没有决定。在对标工作台处理后，每个决定在这里留存，用于训练。")

    def queryset(self) -> QuerySet[Decision]:
        return queue.decisions_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        """The columns of a training file of `python -m genes.engine`, and who said it when."""
        return (
            Field("column_name", lambda row: row.told.get("name")),
            Field("data_type", lambda row: row.told.get("data_type")),
            Field("column_comment", lambda row: row.told.get("comment")),
            Field("table_name", lambda row: row.told.get("table")),
            Field("table_comment", lambda row: row.told.get("table_comment")),
            Field("verdict", lambda row: row.verdict),
            Field("element_code", lambda row: row.element.code if row.element else "NONE"),
            Field("at", lambda row: row.at),
        )
