"""Recognisers: define, try on labelled columns, enable."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can, require
from core.texts import Text
from core.views import Column, Crumb, DetailPage, EditPage, ListPage, SignedInView, Tab
from genes.filters import RecogniserFilter
from genes.forms import RecogniserForm
from genes.models import Recogniser
from genes.selectors import recognisers
from genes.services.recognisers import (
    change_recogniser,
    define_recogniser,
    delete_recogniser,
    enable_recogniser,
    try_recogniser,
)
from genes.views.workbench import HOME

LIST: Crumb = (_("识别器"), "/genes/recognisers/")


class RecogniserList(ListPage):
    verb = "data.view"
    title = _("识别器")
    noun = npgettext_lazy("count", "个识别器", "个识别器", "total")
    columns = (
        Column("name", _("名称"), "name"),
        Column("element", _("数据元"), "element__sort_key"),
        Column("precision", _("准确率"), "precision", number=True),
        Column("recall", _("召回率"), "recall", number=True),
        Column("tried", _("试运行时间"), "tried_at"),
        Column("enabled", _("启用"), "enabled"),
    )
    row_template = "genes/_recogniser_row.html"
    template_name = "genes/recogniser_list.html"
    filterset_class = RecogniserFilter
    filter_names = ("enabled",)
    default_sort = "name"
    two_line = True
    empty_title = _("还没有识别器。定义后在已确认的字段上试运行，准确率达标才能启用。")
    empty_action = (_("定义识别器"), "genes:recogniser_create")

    def queryset(self) -> QuerySet[Recogniser]:
        return recognisers.recognisers_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def extra_context(self) -> dict[str, Any]:
        may_edit = can(self.request.user, "gene.decide")
        return {"may_edit": may_edit} | ({} if may_edit else {"empty_action": None})


class RecogniserCreate(EditPage):
    verb = "gene.decide"
    form_class = RecogniserForm
    title = _("定义识别器")
    submit_label = _("保存识别器")

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user}

    def crumbs(self) -> list[Crumb]:
        return [HOME, LIST, (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("genes:recogniser_list")

    def save(self, form: Any) -> tuple[str, Text]:
        made = define_recogniser(actor=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]
        return made.get_absolute_url(), _("识别器已保存，先试运行。")


class RecogniserEdit(EditPage):
    verb = "gene.decide"
    form_class = RecogniserForm
    title = _("修改识别器")
    submit_label = _("保存识别器")
    recogniser: Recogniser

    def prepare(self, **kwargs: Any) -> None:
        self.recogniser = get_object_or_404(recognisers.recognisers_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "gene.decide", self.recogniser)

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user, "recogniser": self.recogniser}

    def crumbs(self) -> list[Crumb]:
        return [HOME, LIST, (self.recogniser.name, self.recogniser.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return self.recogniser.get_absolute_url()

    def save(self, form: Any) -> tuple[str, Text]:
        change_recogniser(actor=self.request.user, recogniser=self.recogniser, **form.cleaned_data)  # type: ignore[arg-type]
        return self.recogniser.get_absolute_url(), _("识别器已保存。")


class RecogniserDetail(DetailPage):
    verb = "data.view"
    template_name = "genes/recogniser_detail.html"
    url_name = "genes:recogniser_detail"
    tabs: Sequence[Tab] = ()

    def queryset(self) -> QuerySet[Recogniser]:
        return recognisers.recognisers_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, LIST, (self.object.name, "")]

    def extra_context(self) -> dict[str, Any]:
        return {
            "may_edit": can(self.request.user, "gene.decide", self.object),
            "wrong": recognisers.wrong_rows(self.object, self.request.user),
        }


class RecogniserAct(SignedInView):
    """Try, enable, disable or delete."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]
    what: str = ""

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        recogniser = get_object_or_404(recognisers.recognisers_visible_to(request.user), pk=pk)
        given: dict[str, Any] = {"actor": request.user, "recogniser": recogniser}
        url = recogniser.get_absolute_url()
        try:
            if self.what == "try":
                try_recogniser(**given)
                messages.success(request, translate("试运行完成，没有改动任何字段。"))
            elif self.what == "delete":
                delete_recogniser(**given)
                url = reverse("genes:recogniser_list")
                messages.success(request, translate("识别器已删除。"))
            else:
                enable_recogniser(**given, enabled=self.what == "enable")
                done = translate("已启用，下次识别时提出建议。") if self.what == "enable" else translate("已停用。")
                messages.success(request, done)
        except ValidationError as error:
            messages.error(request, translate("；").join(error.messages))
        return HttpResponseRedirect(url)
