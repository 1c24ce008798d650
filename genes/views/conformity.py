"""落标: the rate over everything one may see, each column behind it, and the register of deviations."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can, require
from core.exporting import Field
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, EditPage, SignedInView
from genes.filters import ConformityFilter, DeviationFilter
from genes.forms import AcceptForm
from genes.models import Conformity, Deviation
from genes.selectors import conformity
from genes.services.conformity import accept_deviation, withdraw_acceptance
from genes.views.lists import GeneLists
from genes.views.workbench import HOME

RATE: Crumb = (_("落标率"), "/genes/conformity/")
SHOWN = 8


class Overview(SignedInView):
    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        rates = conformity.by_source(user)
        context = {
            "title": translate("落标率"),
            "crumbs": [HOME, (RATE[0], "")],
            "overall": conformity.added(rates),
            "open": conformity.open_deviations(user).count(),
            "agencies": conformity.by_agency(rates),
            "systems": conformity.by_system(rates),
            "worst": conformity.worst(user)[:SHOWN],
        }
        return render(request, "genes/conformity_overview.html", context)


class ConformityList(GeneLists):
    verb = "data.view"
    title = _("字段落标情况")
    noun = npgettext_lazy("count", "个字段", "个字段", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("数据元"), "edition__element__sort_key"),
        Column("aspect", _("检查内容"), "aspect"),
        Column("checked", _("检查行数"), "checked", number=True),
        Column("failed", _("不符合行"), "failed", number=True),
        Column("share", _("落标率"), "kept_share"),
    )
    row_template = "genes/_conformity_row.html"
    filterset_class = ConformityFilter
    filter_names = ("aspect", "kept", "agency", "source")
    default_sort = "share"
    two_line = True
    empty_title = _("还没有落标情况。确认字段的数据元并扫描后，按真实的行计算落标率。")
    empty_action = (_("打开对标工作台"), "genes:match_queue")

    def queryset(self) -> QuerySet[Conformity]:
        return conformity.conformities_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, RATE, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            *_COLUMN,
            Field(_("数据元"), lambda row: str(row.edition.element)),
            Field(_("检查内容"), lambda row: row.get_aspect_display()),
            Field(_("检查行数"), lambda row: row.checked),
            Field(_("不符合行"), lambda row: row.failed),
            Field(_("已停用代码行"), lambda row: row.ended),
            Field(_("落标率"), lambda row: row.share),
            Field(_("检查时间"), lambda row: row.at),
        )


class DeviationList(GeneLists):
    verb = "data.view"
    title = _("标准偏离登记")
    noun = npgettext_lazy("count", "项偏离", "项偏离", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("数据元"), "element__sort_key"),
        Column("aspect", _("检查内容"), "aspect"),
        Column("failed", _("不符合行"), "failed", number=True),
        Column("state", _("状态")),
        Column("first", _("发现时间"), "first_at"),
    )
    row_template = "genes/_deviation_row.html"
    filterset_class = DeviationFilter
    filter_names = ("state", "aspect", "agency", "source")
    default_sort = "-first"
    two_line = True
    empty_title = _("没有标准偏离。扫描时不符合数据元的字段在这里登记。")

    def queryset(self) -> QuerySet[Deviation]:
        return conformity.deviations_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, RATE, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            *_COLUMN,
            Field(_("数据元"), lambda row: str(row.element)),
            Field(_("检查内容"), lambda row: row.get_aspect_display()),
            Field(_("检查行数"), lambda row: row.checked),
            Field(_("不符合行"), lambda row: row.failed),
            Field(_("发现时间"), lambda row: row.first_at),
            Field(_("最近发现"), lambda row: row.last_at),
            Field(_("消除时间"), lambda row: row.cleared_at),
            Field(_("批准人"), lambda row: row.accepted_by.name if row.accepted_by else None),
            Field(_("批准至"), lambda row: row.accepted_until),
            Field(_("理由"), lambda row: row.reason),
        )


_COLUMN = (
    Field(_("机构"), lambda row: row.column.source.agency.name),
    Field(_("数据源"), lambda row: row.column.source.name),
    Field(_("表"), lambda row: row.column.table.label),
    Field(_("字段"), lambda row: row.column.name),
)


class DeviationDetail(DetailPage):
    verb = "data.view"
    template_name = "genes/deviation_detail.html"
    url_name = "genes:deviation_detail"

    def queryset(self) -> QuerySet[Deviation]:
        return conformity.deviations_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, RATE, (_("标准偏离登记"), reverse("genes:deviation_list")), (str(self.object), "")]

    def extra_context(self) -> dict[str, Any]:
        return {
            "may_accept": can(self.request.user, "standard.review", self.object),
            "may_scan": can(self.request.user, "scan.run", self.object.column.table),
        }


class DeviationAccept(EditPage):
    verb = "standard.review"
    form_class = AcceptForm
    title = _("批准偏离")
    submit_label = _("批准偏离")
    deviation: Deviation

    def prepare(self, **kwargs: Any) -> None:
        self.deviation = get_object_or_404(conformity.deviations_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "standard.review", self.deviation)

    def crumbs(self) -> list[Crumb]:
        return [HOME, RATE, (str(self.deviation), self.deviation.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return self.deviation.get_absolute_url()

    def extra_context(self) -> dict[str, Any]:
        return {"lead": str(self.deviation)}

    def save(self, form: Any) -> tuple[str, Text]:
        accept_deviation(actor=self.request.user, deviation=self.deviation, **form.cleaned_data)
        return self.cancel_url(), translate("已批准偏离，到期后重新列为未处理。")


class DeviationWithdraw(ActionView):
    verb = "standard.review"
    required_verb = "standard.review"

    def queryset(self) -> QuerySet[Deviation]:
        return conformity.deviations_visible_to(self.request.user)

    def act(self, obj: Deviation) -> Text:
        withdraw_acceptance(actor=self.request.user, deviation=obj)  # type: ignore[arg-type]
        return translate("已撤回批准。")
