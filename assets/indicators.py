"""The numbers of the asset register; each opens the list it counts."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assets.choices import ObjectState, SourceState
from assets.links import page_url
from assets.models import DataSource
from assets.selectors import catalogue, register, runs
from core.indicators import Indicator
from core.indicators import register as add

WEEK = 7  # days


def _sources(user: Any, state: SourceState) -> QuerySet[DataSource]:
    return register.sources_visible_to(user).filter(state=state)


INDICATORS = (
    Indicator(
        "assets.systems", _("信息系统"), register.systems_visible_to, lambda: page_url("system_list"),
        unit=pgettext_lazy("systems", "个"), group="assets", order=10,
    ),
    Indicator(
        "assets.sources", _("数据源"), register.sources_visible_to, lambda: page_url("source_list"),
        unit=pgettext_lazy("sources", "个"), group="assets", order=20,
    ),
    Indicator(
        "assets.sources_healthy", _("正常的数据源"), lambda user: _sources(user, SourceState.HEALTHY),
        lambda: page_url("source_list", state="healthy"), unit=pgettext_lazy("sources", "个"), group="assets", order=30, good="up",
    ),
    Indicator(
        "assets.sources_failing", _("异常的数据源"), lambda user: _sources(user, SourceState.FAILING),
        lambda: page_url("source_list", state="failing"), unit=pgettext_lazy("sources", "个"), group="assets", order=40, good="down",
    ),
    Indicator(
        "assets.sources_writable", _("账号可写的数据源"),
        lambda user: register.sources_visible_to(user).filter(can_write=True),
        lambda: page_url("source_list", can_write="yes"), unit=pgettext_lazy("sources", "个"), group="assets", order=50, good="down",
    ),
    Indicator(
        "assets.tables", _("表"), catalogue.tables_visible_to, lambda: page_url("table_list"),
        unit=_("张"), group="assets", order=60,
    ),
    Indicator(
        "assets.columns", _("字段"), catalogue.tables_visible_to, lambda: page_url("column_list"),
        unit=pgettext_lazy("columns", "个"), total="column_count", group="assets", order=70,
    ),
    Indicator(
        "assets.rows", _("数据行"), catalogue.tables_visible_to, lambda: page_url("table_list", sort="-rows"),
        unit=_("行"), method="estimate", total="rows", group="assets", order=80,
    ),
    Indicator(
        "assets.tables_unprofiled", _("从未剖析的表"),
        lambda user: catalogue.tables_visible_to(user).filter(profiled_at=None),
        lambda: page_url("table_list", profiled="no"), unit=_("张"), group="assets", order=90, good="down",
    ),
    Indicator(
        "assets.tables_unreadable", _("无法读取的表"),
        lambda user: catalogue.tables_visible_to(user).filter(state=ObjectState.UNREADABLE),
        lambda: page_url("table_list", state="unreadable"), unit=_("张"), group="assets", order=100, good="down",
    ),
    Indicator(
        "assets.personal_columns", _("含个人信息的字段"), catalogue.tables_visible_to,
        lambda: page_url("column_list", personal="yes"), unit=pgettext_lazy("columns", "个"), total="personal_count", group="assets", order=110,
    ),
    Indicator(
        "assets.changes_week", _("本周结构变更"),
        lambda user: runs.changes_visible_to(user).filter(at__gte=runs.since(WEEK)),
        lambda: page_url("change_list", days=WEEK), unit=_("处"), group="assets", order=120,
    ),
    Indicator(
        "assets.brake_held", _("待确认的大量消失"), runs.held_runs, lambda: page_url("census_list", brake="held"),
        unit=pgettext_lazy("census runs", "项"), group="assets", order=130, good="down", personal=True,
    ),
)  # fmt: skip


def register_indicators() -> None:
    for indicator in INDICATORS:
        add(indicator)
