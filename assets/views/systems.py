"""Information systems: list, one system, adding, changing, deleting."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.permissions import can, require
from assets.filters import SystemFilter
from assets.forms import SystemForm
from assets.models import InformationSystem
from assets.selectors import register
from assets.services.systems import create_system, delete_system, update_system
from assets.views.common import NamedFilters
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, EditPage, Tab


class SystemList(NamedFilters):
    verb = "data.view"
    title = pgettext_lazy("list", "信息系统")
    noun = npgettext_lazy("count", "个信息系统", "个信息系统", "total")
    columns = (
        Column("name", _("信息系统"), "name"),
        Column("agency", _("所属机构"), "agency__name"),
        Column("kind", _("系统类别"), "kind"),
        Column("status", _("建设状态"), "status"),
        Column("level", _("等保级别"), "protection_level"),
        Column("sources", _("数据源"), "source_count", number=True),
        Column("tables", _("表"), "table_total", number=True),
        Column("rows", _("行数"), "row_sum", number=True),
    )
    row_template = "assets/_system_row.html"
    template_name = "assets/system_list.html"
    filterset_class = SystemFilter
    filter_names = ("agency", "kind", "status", "protection_level", "network")
    default_sort = "name"
    two_line = True
    empty_title = _("还没有信息系统。")
    empty_action = (_("登记信息系统"), "assets:system_add")

    def queryset(self) -> QuerySet[InformationSystem]:
        return register.systems_visible_to(self.request.user)

    def extra_context(self) -> dict[str, Any]:
        return {"may_edit": can(self.request.user, "asset.edit")}


def _sources(system: InformationSystem, user: Any) -> Mapping[str, Any]:
    return {"sources": register.sources_of_system(user, system).order_by("name")}


class SystemDetail(DetailPage):
    verb = "data.view"
    template_name = "assets/system_detail.html"
    url_name = "assets:system_detail"
    tabs = (Tab("overview", _("概览"), "assets/_system_overview.html", _sources, order=10),)

    def queryset(self) -> QuerySet[InformationSystem]:
        return register.systems_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [(_("信息系统"), reverse("assets:system_list")), (self.object.name, "")]

    def extra_context(self) -> dict[str, Any]:
        return {"may_edit": can(self.request.user, "asset.edit", self.object)}


class SystemAdd(EditPage):
    verb = "asset.edit"
    form_class = SystemForm
    title = _("登记信息系统")
    submit_label = _("登记信息系统")

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user}

    def crumbs(self) -> list[Crumb]:
        return [(_("信息系统"), reverse("assets:system_list")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("assets:system_list")

    def save(self, form: Any) -> tuple[str, Text]:
        made = create_system(actor=self.request.user, agency=form.cleaned_data["agency"], **form.given)  # type: ignore[arg-type]
        return made.get_absolute_url(), _("信息系统已登记。")


class SystemEdit(EditPage):
    verb = "asset.edit"
    form_class = SystemForm
    title = _("修改信息系统")
    submit_label = _("保存信息系统")
    system: InformationSystem

    def prepare(self, **kwargs: Any) -> None:
        self.system = get_object_or_404(register.systems_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "asset.edit", self.system)

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user, "instance": self.system}

    def crumbs(self) -> list[Crumb]:
        above = [(_("信息系统"), reverse("assets:system_list")), (self.system.name, self.system.get_absolute_url())]
        return [*above, (self.title, "")]

    def cancel_url(self) -> str:
        return self.system.get_absolute_url()

    def save(self, form: Any) -> tuple[str, Text]:
        update_system(actor=self.request.user, system=self.system, **form.given)  # type: ignore[arg-type]
        return self.system.get_absolute_url(), _("信息系统已保存。")


class SystemDelete(ActionView):
    required_verb: ClassVar[str] = "asset.edit"

    def queryset(self) -> QuerySet[InformationSystem]:
        return register.systems_visible_to(self.request.user)

    def act(self, obj: Any) -> Text:
        try:
            delete_system(actor=self.request.user, system=obj)  # type: ignore[arg-type]
        except ValidationError:
            self.target_url = obj.get_absolute_url()
            raise
        self.target_url = reverse("assets:system_list")
        return _("信息系统已删除。")
