"""Entries of the sidebar."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assets.links import page_url
from core import indicators, navigation, visibility


def _may_see_sources(user: object) -> bool:
    return visibility.can(user, "source.view")


def _may_see_data(user: object) -> bool:
    return visibility.can(user, "data.view")


def _may_open_networks(user: object) -> bool:
    return visibility.can(user, "policy.manage")


def _health(user: object) -> navigation.Foot | None:
    """The foot of the sidebar: how many sources are well."""
    if not _may_see_sources(user):
        return None
    read = indicators.read(["assets.sources", "assets.sources_failing"], user)
    total, failing = read["assets.sources"].value, read["assets.sources_failing"].value
    if failing:
        text = _("%(failing)s 个数据源异常") % {"failing": failing}
        return navigation.Foot(text, "bad", page_url("source_list", state="failing"))
    return navigation.Foot(_("%(total)s 个数据源") % {"total": total}, "good", page_url("source_list"))


def register() -> None:
    navigation.register(
        "inventory",
        navigation.Item(
            _("资产"), "database", "assets:table_list", order=10, allowed=_may_see_data, work="assets.brake_held",
            prefix="/assets/",
        ),
    )  # fmt: skip
    navigation.register(
        "inventory",
        navigation.Item(
            pgettext_lazy("list", "信息系统"), "server", "assets:system_list", order=12, allowed=_may_see_data
        ),
    )
    navigation.register(
        "management",
        navigation.Item(
            pgettext_lazy("list", "数据源"), "plug", "assets:source_list", order=10, allowed=_may_see_sources
        ),
    )
    navigation.register(
        "management",
        navigation.Item(_("允许网段"), "shield", "assets:network_list", order=60, allowed=_may_open_networks),
    )
    navigation.register_foot(_health)
