"""Data elements: list, one element, its editions and their review, its names."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.models import Agency
from accounts.permissions import can, require
from accounts.scope import agency_ids
from core import panels, workflow
from core.exporting import ExportPage, Field
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, EditPage, Head, Tab
from standards import printing, selectors
from standards.choices import IN_WORK
from standards.filters import ElementFilter
from standards.forms import EditionForm, ElementForm, NameForm
from standards.models import DataElement, Edition, ElementName
from standards.services.elements import add_names, create_element, draft_edition, edit_draft, remove_name
from standards.views.review import ELEMENTS, HOME, actions_on, crumbs_of, differences_of, editing


class ElementList(ExportPage):
    verb = "data.view"
    title = pgettext_lazy("list", "数据元")
    noun = npgettext_lazy("count", "个数据元", "个数据元", "total")
    columns = (
        Column("name", _("数据元"), "sort_key"),
        Column("code", _("内部标识符"), "code"),
        Column("domain", _("主题域"), "domain"),
        Column("notation", _("数据格式")),
        Column("values", _("值域")),
        Column("level", _("级别"), "current__level"),
        Column("status", _("登记状态"), "registration_status"),
    )
    row_template = "standards/_element_row.html"
    template_name = "standards/element_list.html"
    filterset_class = ElementFilter
    filter_names = ("domain", "level", "status", "value_domain")
    default_sort = "code"
    two_line = True
    empty_title = _("还没有数据元。可新建，或采纳平台自带的数据元。")
    empty_action = (_("新建数据元"), "standards:element_create")

    def queryset(self) -> QuerySet[DataElement]:
        return selectors.elements_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return printing.fields()

    def prepare(self, rows: Sequence[DataElement]) -> None:
        if self.request.GET.get("export"):
            printing.prefetch(rows)
            return
        facts = panels.read_facts("standards.DataElement", rows, self.request.user)
        for element in rows:
            element.facts = facts[element.pk]  # type: ignore[attr-defined]

    def heads(self) -> list[Head]:
        return [*super().heads(), *(Head(fact.label, fact.number) for fact in panels.facts_of("standards.DataElement"))]

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def extra_context(self) -> dict[str, Any]:
        return editing(self.request.user)


def _definition(element: DataElement, user: Any) -> Mapping[str, Any]:
    edition = element.current or element.editions.order_by("-number").first()
    return {"edition": edition, "citations": list(edition.citations.select_related("text")) if edition else []}


def _names(element: DataElement, user: Any) -> Mapping[str, Any]:
    return {"names": list(element.names.select_related("added_by")), "may_edit": can(user, "standard.edit", element)}


def _editions(element: DataElement, user: Any) -> Mapping[str, Any]:
    editions = list(element.editions.select_related("author").order_by("-number"))
    open_one = next((item for item in editions if item.state in IN_WORK), None)
    return {
        "editions": editions,
        "open_edition": open_one,
        "events": selectors.events_of(open_one) if open_one else [],
        **(actions_on(open_one, user) if open_one else {}),
        **(differences_of(open_one) if open_one else {}),
    }


class ElementDetail(DetailPage):
    verb = "data.view"
    template_name = "standards/element_detail.html"
    url_name = "standards:element_detail"
    tabs = (
        Tab("definition", _("定义"), "standards/_element_definition.html", _definition, order=10),
        Tab(
            "names",
            _("同义名称"),
            "standards/_element_names.html",
            _names,
            lambda obj, user: obj.names.count() or None,
            order=30,
        ),
        Tab(
            "editions",
            _("版本与审核"),
            "standards/_element_editions.html",
            _editions,
            lambda obj, user: obj.editions.count(),
            order=40,
        ),
    )

    def queryset(self) -> QuerySet[DataElement]:
        return selectors.elements_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, ELEMENTS, (self.object.name, "")]

    def extra_context(self) -> dict[str, Any]:
        user, element = self.request.user, self.object
        return {
            "shown_edition": element.current or element.editions.order_by("-number").first(),
            "may_edit": can(user, "standard.edit", element),
            "in_work": selectors.edition_in_work(element),
            "retiring": [item for item in workflow.open_to(element.current, user) if item.name == "retire"]
            if element.current
            else [],
        }


class ElementCreate(EditPage):
    verb = "standard.edit"
    form_class = ElementForm
    title = _("新建数据元")
    submit_label = _("保存草案")

    def crumbs(self) -> list[Crumb]:
        return [HOME, ELEMENTS, (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("standards:element_list")

    def form_arguments(self) -> dict[str, Any]:
        return {"agencies": Agency.objects.filter(pk__in=agency_ids(self.request.user, "standard.edit"))}

    def save(self, form: Any) -> tuple[str, Text]:
        data = dict(form.cleaned_data)
        element = create_element(
            actor=self.request.user, agency=data.pop("agency"), code=data.pop("code"), domain=data.pop("domain"), **data  # type: ignore[arg-type]
        )  # fmt: skip
        edition = element.editions.get()
        return edition.get_absolute_url(), translate("已保存草案，提交审核后由他人发布。")


class EditionDraft(ActionView):
    """Begin the next edition from the one in force."""

    verb = "standard.edit"
    required_verb = "standard.edit"

    def queryset(self) -> QuerySet[DataElement]:
        return selectors.elements_visible_to(self.request.user)

    def act(self, obj: DataElement) -> Text:
        edition = draft_edition(actor=self.request.user, element=obj)  # type: ignore[arg-type]
        self.target_url = reverse("standards:edition_edit", args=[edition.pk])
        return translate("已起草新版本，内容取自现行版本。")


class EditionEdit(EditPage):
    """An edition in work."""

    verb = "standard.edit"
    form_class = EditionForm
    title = _("修改草案")
    submit_label = _("保存草案")
    edition: Edition

    def prepare(self, **kwargs: Any) -> None:
        self.edition = get_object_or_404(selectors.editions_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "standard.edit", self.edition)

    def crumbs(self) -> list[Crumb]:
        here = (selectors.edition_name(self.edition), self.edition.get_absolute_url())
        return [*crumbs_of(self.edition), here, (self.title, "")]

    def cancel_url(self) -> str:
        return self.edition.get_absolute_url()

    def form_arguments(self) -> dict[str, Any]:
        return {"instance": self.edition}

    def save(self, form: Any) -> tuple[str, Text]:
        edit_draft(actor=self.request.user, edition=Edition.objects.get(pk=self.edition.pk), **form.cleaned_data)  # type: ignore[arg-type]
        return self.cancel_url(), translate("已保存草案。")


class NamesAdd(EditPage):
    verb = "standard.edit"
    form_class = NameForm
    title = _("添加名称")
    submit_label = _("添加名称")
    element: DataElement

    def prepare(self, **kwargs: Any) -> None:
        self.element = get_object_or_404(selectors.elements_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "standard.edit", self.element)

    def crumbs(self) -> list[Crumb]:
        return [HOME, ELEMENTS, (self.element.name, self.element.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("standards:element_detail", args=[self.element.pk, "names"])

    def save(self, form: Any) -> tuple[str, Text]:
        data = form.cleaned_data
        count = add_names(
            actor=self.request.user, element=self.element, kind=data["kind"], texts=data["texts"].splitlines(), context=data["context"]  # type: ignore[arg-type]
        )  # fmt: skip
        return self.cancel_url(), translate("已添加 %(n)s 个名称。") % {"n": count}


class NameRemove(ActionView):
    verb = "standard.edit"

    def queryset(self) -> QuerySet[ElementName]:
        return ElementName.objects.filter(element__in=selectors.elements_visible_to(self.request.user)).select_related(
            "element__agency"
        )

    def act(self, obj: ElementName) -> Text:
        self.target_url = reverse("standards:element_detail", args=[obj.element_id, "names"])
        remove_name(actor=self.request.user, name=obj)  # type: ignore[arg-type]
        return translate("已移除名称“%(name)s”。") % {"name": obj.text}
