"""Code sets and standard texts: lists and details."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.models import Agency
from accounts.permissions import can, require
from accounts.scope import agency_ids
from core import indicators, workflow
from core.filters import filtered
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, EditPage, ListPage, SignedInView, Tab
from standards import selectors
from standards.choices import IN_WORK
from standards.filters import CodeFilter, CodeSetFilter, TextFilter
from standards.forms import NewTextForm, TextForm
from standards.models import CodeSet, StandardText
from standards.services.texts import add_text, edit_text, remove_text
from standards.views.review import CODE_SETS, HOME, editing

TEXTS: Crumb = (_("标准文本"), "/standards/texts/")


class Overview(SignedInView):
    """管标准: what there is, and what waits."""

    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        keys = (
            "standards.elements", "standards.code_sets", "standards.texts", "standards.reviews", "standards.code_reviews",
        )  # fmt: skip
        context = {
            "title": _("标准"),
            "crumbs": [(_("标准"), "")],
            "readings": indicators.read(keys, request.user),
            "reviews": [
                *selectors.editions_for_review(request.user).order_by("-updated_at")[:8],
                *selectors.code_editions_for_review(request.user)[:8],
            ],
            "may_edit": can(request.user, "standard.edit"),
            "recent": list(selectors.editions_visible_to(request.user).order_by("-updated_at")[:8]),
        }
        return render(request, "standards/overview.html", context)


class CodeSetList(ListPage):
    verb = "data.view"
    title = pgettext_lazy("list", "代码集")
    noun = npgettext_lazy("count", "个代码集", "个代码集", "total")
    columns = (
        Column("name", _("代码集"), "sort_key"),
        Column("reference", _("标识"), "reference"),
        Column("edition", _("现行版本")),
        Column("codes", _("代码数"), "codes_count", number=True),
        Column("elements", pgettext_lazy("list", "数据元"), "elements_count", number=True),
        Column("agency", _("管理机构"), "agency__sort_key"),
    )
    row_template = "standards/_code_set_row.html"
    template_name = "standards/code_set_list.html"
    filterset_class = CodeSetFilter
    filter_names = ("agency", "review")
    default_sort = "reference"
    empty_title = _("还没有代码集。登记后，数据元的可枚举值域引用它。")
    empty_action = (_("新建代码集"), "standards:code_set_create")

    def queryset(self) -> QuerySet[CodeSet]:
        return selectors.code_sets_visible_to(self.request.user)

    def extra_context(self) -> dict[str, Any]:
        return editing(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]


def _use(code_set: CodeSet, user: Any) -> Mapping[str, Any]:
    return {"elements": list(selectors.elements_using(user, code_set))}


def _mappings(code_set: CodeSet, user: Any) -> Mapping[str, Any]:
    return {"mappings": list(code_set.mappings.all()[:500])}


def _code_editions(code_set: CodeSet, user: Any) -> Mapping[str, Any]:
    return {"editions": list(code_set.editions.select_related("author").annotate(total=Count("codes")))}


class CodeSetDetail(DetailPage):
    verb = "data.view"
    template_name = "standards/code_set_detail.html"
    url_name = "standards:code_set_detail"
    tabs = (
        Tab(
            "use", _("使用"), "standards/_code_set_use.html", _use,
            lambda code_set, user: selectors.elements_using(user, code_set).count() or None, order=20,
        ),
        Tab(
            "mappings", _("代码对照"), "standards/_code_set_mappings.html", _mappings,
            lambda code_set, user: code_set.mappings.count() or None, order=30,
        ),
        Tab(
            "editions", _("版本与审核"), "standards/_code_set_editions.html", _code_editions,
            lambda code_set, user: code_set.editions.count(), order=40,
        ),
    )  # fmt: skip

    def queryset(self) -> QuerySet[CodeSet]:
        return selectors.code_sets_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, CODE_SETS, (self.object.name, "")]

    def sections(self) -> list[Any]:
        return [Tab("codes", _("代码"), "standards/_code_set_codes.html", self._codes), *super().sections()]

    def extra_context(self) -> dict[str, Any]:
        user, code_set = self.request.user, self.object
        cited = code_set.current.citations.order_by("-checked_on").first() if code_set.current else None
        return {
            "may_edit": can(user, "standard.edit", code_set),
            "in_work": code_set.editions.filter(state__in=IN_WORK).first(),
            "retiring": [item for item in workflow.open_to(code_set.current, user) if item.name == "retire"]
            if code_set.current
            else [],
            "checked_on": cited.checked_on if cited else None,
        }

    def _codes(self, code_set: CodeSet, user: Any) -> Mapping[str, Any]:
        day = parse_date(self.request.GET.get("on", "")) or timezone.localdate()
        if code_set.current is None:
            return {"codes": [], "day": day}
        found = filtered(CodeFilter(self.request.GET, selectors.codes_valid_on(code_set.current, day)))
        return {"codes": list(found[:500]), "total": found.count(), "day": day, "q": self.request.GET.get("q", "")}


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
    template_name = "standards/text_list.html"
    filterset_class = TextFilter
    filter_names = ("level", "status")
    default_sort = "title"
    two_line = True
    empty_title = _("还没有标准文本。登记后，数据元和代码集可引用它的条款。")
    empty_action = (_("登记标准文本"), "standards:text_add")

    def extra_context(self) -> dict[str, Any]:
        return editing(self.request.user)

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
        return [HOME, TEXTS, (self.object.number, "")]

    def extra_context(self) -> dict[str, Any]:
        return {
            "may_edit": can(self.request.user, "standard.edit", self.object),
            "replaced": list(self.object.supersedes.all()),
        }


class TextAdd(EditPage):
    verb = "standard.edit"
    form_class = NewTextForm
    title = _("登记标准文本")
    submit_label = _("登记标准文本")

    def crumbs(self) -> list[Crumb]:
        return [HOME, TEXTS, (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("standards:text_list")

    def form_arguments(self) -> dict[str, Any]:
        return {"agencies": Agency.objects.filter(pk__in=agency_ids(self.request.user, "standard.edit"))}

    def save(self, form: Any) -> tuple[str, Text]:
        text = add_text(actor=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]
        return text.get_absolute_url(), translate("已登记标准文本。")


class TextEdit(EditPage):
    verb = "standard.edit"
    form_class = TextForm
    title = _("修改标准文本")
    submit_label = _("保存标准文本")
    text: StandardText

    def prepare(self, **kwargs: Any) -> None:
        self.text = get_object_or_404(selectors.texts_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "standard.edit", self.text)

    def crumbs(self) -> list[Crumb]:
        return [HOME, TEXTS, (self.text.number, self.text.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return self.text.get_absolute_url()

    def form_arguments(self) -> dict[str, Any]:
        return {"instance": self.text}

    def save(self, form: Any) -> tuple[str, Text]:
        text = StandardText.objects.get(pk=self.text.pk)
        edit_text(actor=self.request.user, text=text, **form.cleaned_data)  # type: ignore[arg-type]
        return self.cancel_url(), translate("已保存标准文本。")


class TextRemove(ActionView):
    verb = "standard.edit"
    required_verb = "standard.edit"

    def queryset(self) -> QuerySet[StandardText]:
        return selectors.texts_visible_to(self.request.user)

    def act(self, obj: StandardText) -> Text:
        name = obj.number
        remove_text(actor=self.request.user, text=obj)  # type: ignore[arg-type]
        self.target_url = reverse("standards:text_list")
        return translate("已删除标准文本“%(name)s”。") % {"name": name}
