"""机构: the tree, one agency, adding and changing."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts import selectors, services
from accounts.filters import AgencyFilter
from accounts.forms import AgencyForm
from accounts.models import Agency
from accounts.permissions import can, require
from core.texts import Text
from core.views import Column, Crumb, DetailPage, EditPage, ListPage, Tab


class AgencyList(ListPage):
    """Unfiltered and unsorted it is the tree, indented; else a plain list."""

    verb = "agency.view"
    title = pgettext_lazy("list", "机构")
    noun = npgettext_lazy("count", "个机构", "个机构", "total")
    columns = (
        Column("name", _("机构"), "sort_key"),
        Column("parent", _("上级机构"), "parent__sort_key"),
        Column("people", _("人员"), "people_count", number=True),
        Column("state", _("状态"), "is_active"),
    )
    row_template = "accounts/_agency_row.html"
    template_name = "accounts/agency_list.html"
    filterset_class = AgencyFilter
    two_line = True
    empty_title = _("还没有可查看的机构。")

    def queryset(self) -> QuerySet[Agency]:
        return selectors.agencies_visible_to(self.request.user)

    def arranged(self, rows: QuerySet[Agency]) -> Any:
        narrowed = any(value for name, value in self.request.GET.items() if name != "page")
        return rows if narrowed else selectors.in_tree_order(rows)

    def extra_context(self) -> dict[str, Any]:
        return {"may_add": can(self.request.user, "agency.manage")}


def _people(agency: Agency, user: Any) -> Mapping[str, Any]:
    return {"people": selectors.people_visible_to(user).filter(agency=agency)[:200]}


def _children(agency: Agency, user: Any) -> Mapping[str, Any]:
    return {"children": selectors.agencies_visible_to(user).filter(parent=agency).order_by("sort_key")}


class AgencyDetail(DetailPage):
    """Tabs: people and lower agencies; assets adds the sources as a panel."""

    verb = "agency.view"
    template_name = "accounts/agency_detail.html"
    url_name = "accounts:agency_detail"
    tabs = (
        Tab(
            "people",
            _("人员"),
            "accounts/_agency_people.html",
            _people,
            lambda agency, user: selectors.people_visible_to(user).filter(agency=agency).count(),
            order=20,
        ),
        Tab(
            "children",
            _("下级机构"),
            "accounts/_agency_children.html",
            _children,
            lambda agency, user: agency.children.count(),
            order=30,
        ),
    )

    def queryset(self) -> QuerySet[Agency]:
        return selectors.agencies_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [(_("机构"), reverse("accounts:agency_list")), (self.object.name, "")]

    def extra_context(self) -> dict[str, Any]:
        return {
            "ancestors": selectors.ancestors_of(self.object),
            "visible_ids": set(self.queryset().order_by().values_list("pk", flat=True))
            if self.object.parent_id
            else set(),
            "may_manage": can(self.request.user, "agency.manage", self.object),
        }


class AgencyAdd(EditPage):
    verb = "agency.manage"
    form_class = AgencyForm
    title = _("新增机构")
    submit_label = _("新增机构")

    def form_arguments(self) -> dict[str, Any]:
        parent = self.request.GET.get("parent", "")
        return {"user": self.request.user, "initial": {"parent": parent, "is_active": True}}

    def crumbs(self) -> list[Crumb]:
        return [(_("机构"), reverse("accounts:agency_list")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("accounts:agency_list")

    def save(self, form: Any) -> tuple[str, Text]:
        agency = services.create_agency(actor=self.request.user, **form.cleaned_data)
        return agency.get_absolute_url(), _("机构已新增。")


class AgencyEdit(EditPage):
    verb = "agency.manage"
    form_class = AgencyForm
    title = _("修改机构")
    submit_label = _("保存机构")
    agency: Agency

    def prepare(self, **kwargs: Any) -> None:
        self.agency = get_object_or_404(selectors.agencies_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "agency.manage", self.agency)

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user, "agency": self.agency}

    def crumbs(self) -> list[Crumb]:
        above = [(_("机构"), reverse("accounts:agency_list")), (self.agency.name, self.agency.get_absolute_url())]
        return [*above, (self.title, "")]

    def cancel_url(self) -> str:
        return self.agency.get_absolute_url()

    def save(self, form: Any) -> tuple[str, Text]:
        services.update_agency(actor=self.request.user, agency=self.agency, **form.cleaned_data)
        return self.agency.get_absolute_url(), _("机构已保存。")
