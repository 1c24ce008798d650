"""Code sets and standard texts: lists and details."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from core import indicators
from core.views import Column, Crumb, DetailPage, ListPage, SignedInView, Tab
from standards import selectors
from standards.filters import CodeFilter, CodeSetFilter, TextFilter
from standards.models import CodeSet, StandardText
from standards.views.elements import HOME


class Overview(SignedInView):
    """管标准: what there is, and what waits."""

    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        keys = ("standards.elements", "standards.code_sets", "standards.texts", "standards.reviews")
        context = {
            "title": _("标准"),
            "crumbs": [(_("标准"), "")],
            "readings": indicators.read(keys, request.user),
            "reviews": list(selectors.editions_for_review(request.user).order_by("-updated_at")[:8]),
            "recent": list(selectors.editions_visible_to(request.user).order_by("-updated_at")[:8]),
        }
        return render(request, "standards/overview.html", context)


class CodeSetList(ListPage):
    verb = "data.view"
    title = _("代码集")
    noun = _("个代码集")
    columns = (
        Column("name", _("代码集"), "sort_key"),
        Column("reference", _("标识"), "reference"),
        Column("edition", _("现行版本")),
        Column("codes", _("代码数"), "codes_count", number=True),
    )
    row_template = "standards/_code_set_row.html"
    filterset_class = CodeSetFilter
    filter_names = ()
    default_sort = "reference"
    empty_title = _("还没有代码集。")

    def queryset(self) -> QuerySet[CodeSet]:
        return selectors.code_sets_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]


class CodeSetDetail(DetailPage):
    verb = "data.view"
    template_name = "standards/code_set_detail.html"
    url_name = "standards:code_set_detail"

    def queryset(self) -> QuerySet[CodeSet]:
        return selectors.code_sets_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (_("代码集"), reverse("standards:code_set_list")), (self.object.name, "")]

    def sections(self) -> list[Any]:
        return [
            Tab("codes", _("代码"), "standards/_code_set_codes.html", self._codes),
            Tab("use", _("引用"), "standards/_code_set_use.html", self._use),
        ]

    def _codes(self, code_set: CodeSet, user: Any) -> Mapping[str, Any]:
        day = parse_date(self.request.GET.get("on", "")) or timezone.localdate()
        if code_set.current is None:
            return {"codes": [], "day": day}
        found = CodeFilter(self.request.GET, selectors.codes_valid_on(code_set.current, day)).qs
        return {"codes": list(found[:500]), "total": found.count(), "day": day, "q": self.request.GET.get("q", "")}

    def _use(self, code_set: CodeSet, user: Any) -> Mapping[str, Any]:
        return {
            "elements": list(selectors.elements_visible_to(user).filter(current__code_set=code_set)),
            "mappings": list(code_set.mappings.all()[:500]),
        }


class TextList(ListPage):
    verb = "data.view"
    title = _("标准文本")
    noun = _("份标准文本")
    columns = (
        Column("title", _("标准"), "number"),
        Column("level", _("标准层级"), "level"),
        Column("effective", _("实施日期"), "effective_on"),
        Column("status", _("状态"), "status"),
        Column("checked", _("核对原文")),
    )
    row_template = "standards/_text_row.html"
    filterset_class = TextFilter
    filter_names = ("level", "status")
    default_sort = "title"
    empty_title = _("还没有标准文本。")

    def queryset(self) -> QuerySet[StandardText]:
        return selectors.texts_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]


def _cited(text: StandardText, user: Any) -> Mapping[str, Any]:
    return {"citations": list(text.citations.select_related("edition__element", "code_edition__code_set"))}


class TextDetail(DetailPage):
    verb = "data.view"
    template_name = "standards/text_detail.html"
    url_name = "standards:text_detail"
    tabs = (Tab("citations", _("引用"), "standards/_text_citations.html", _cited),)

    def queryset(self) -> QuerySet[StandardText]:
        return selectors.texts_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (_("标准文本"), reverse("standards:text_list")), (self.object.number, "")]
