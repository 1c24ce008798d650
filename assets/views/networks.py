"""允许网段: where the sources of an agency may stand; the security administrator's page."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from assets.filters import NetworkFilter
from assets.forms import NetworkForm
from assets.models import AllowedNetwork
from assets.selectors.networks import networks_visible_to
from assets.services.networks import allow_network, revoke_network
from assets.views.common import NamedFilters
from core.texts import Text
from core.views import ActionView, Column, Crumb, EditPage


class NetworkList(NamedFilters):
    verb = "policy.manage"
    title = _("允许网段")
    noun = npgettext_lazy("count", "个网段", "个网段", "total")
    columns = (
        Column("network", _("网段"), "network"),
        Column("agency", _("机构"), "agency__sort_key"),
        Column("reason", _("事由")),
        Column("by", _("开放人"), "created_by__sort_key"),
        Column("at", _("开放时间"), "created_at"),
        Column("action", ""),
    )
    row_template = "assets/_network_row.html"
    template_name = "assets/network_list.html"
    filterset_class = NetworkFilter
    default_sort = "-at"
    empty_title = _("没有开放任何网段，数据源只能使用公网地址。")
    empty_action = (_("开放网段"), "assets:network_add")

    def queryset(self) -> QuerySet[AllowedNetwork]:
        return networks_visible_to(self.request.user)


class NetworkAdd(EditPage):
    verb = "policy.manage"
    form_class = NetworkForm
    title = _("开放网段")
    submit_label = _("开放网段")

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user}

    def crumbs(self) -> list[Crumb]:
        return [(_("允许网段"), reverse("assets:network_list")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("assets:network_list")

    def save(self, form: Any) -> tuple[str, Text]:
        made = allow_network(actor=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]
        return reverse("assets:network_list"), _("网段 %(network)s 已开放。") % {"network": made.network}


class NetworkRemove(ActionView):
    required_verb: ClassVar[str] = "policy.manage"

    def queryset(self) -> QuerySet[AllowedNetwork]:
        return networks_visible_to(self.request.user)

    def act(self, obj: Any) -> Text:
        revoke_network(actor=self.request.user, network=obj)  # type: ignore[arg-type]
        self.target_url = reverse("assets:network_list")
        return _("网段已关闭，其中的数据源从下一个任务起不再连接。")
