"""Data sources: list, one source, and what may be done with it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.permissions import can
from assets.filters import SourceFilter
from assets.models import DataSource
from assets.selectors import catalogue, register, runs
from assets.selectors.obstacles import Obstacles, obstacles_of
from assets.services.requests import request_census, request_scan, test_source
from assets.services.sources import disable_source, enable_source, remove_source
from assets.views import exports
from assets.views.common import NamedFilters, live_part, sources_crumb
from core.exporting import Field
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, Tab, TabLink, is_htmx

SHOWN = 20
STEPS_SHOWN = 5  # of a running census or scan; its own page has them all


class SourceList(NamedFilters):
    verb = "source.view"
    title = pgettext_lazy("list", "数据源")
    noun = npgettext_lazy("count", "个数据源", "个数据源", "total")
    columns = (
        Column("name", _("数据源"), "name"),
        Column("agency", _("机构"), "agency__name"),
        Column("kind", _("类型"), "kind"),
        Column("state", _("状态"), "state"),
        Column("tables", _("表"), "table_count", number=True),
        Column("rows", _("行数"), "row_total", number=True),
        Column("census", _("最近盘点"), "last_census_at"),
        Column("scan", _("最近扫描"), "last_scan_at"),
    )
    row_template = "assets/_source_row.html"
    template_name = "assets/source_list.html"
    filterset_class = SourceFilter
    filter_names = ("agency", "kind", "state", "can_write")
    default_sort = "name"
    two_line = True
    empty_title = _("还没有数据源。登记第一个数据源后即可开始盘点。")
    empty_action = (_("登记数据源"), "assets:source_add")

    def queryset(self) -> QuerySet[DataSource]:
        return register.sources_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return exports.SOURCES

    def extra_context(self) -> dict[str, Any]:
        return {"may_manage": can(self.request.user, "source.manage"), "kinds": register.kind_labels()}


def _overview(source: DataSource, user: Any) -> Mapping[str, Any]:
    return {"schemas": catalogue.schemas_of(source)}


def _obstacles(source: DataSource, user: Any) -> Mapping[str, Any]:
    return {"obstacles": _found_obstacles(source)}


def _count_obstacles(source: DataSource, user: Any) -> int | None:
    return _found_obstacles(source).total or None


def _found_obstacles(source: DataSource) -> Obstacles:
    """Asked by the fact, the tab and its content: read once a page."""
    if not hasattr(source, "found_obstacles"):
        source.found_obstacles = obstacles_of(source)  # type: ignore[attr-defined]
    return source.found_obstacles  # type: ignore[attr-defined,no-any-return]


def _tables(source: DataSource, user: Any) -> Mapping[str, Any]:
    tables = catalogue.tables_visible_to(user).filter(source=source).order_by("schema_name", "name")
    return {"tables": tables[:200]}


def _census(source: DataSource, user: Any) -> Mapping[str, Any]:
    return {"rows": runs.census_runs_visible_to(user).filter(source=source).order_by("-started_at")[:SHOWN]}


def _scans(source: DataSource, user: Any) -> Mapping[str, Any]:
    return {"rows": runs.scan_runs_visible_to(user).filter(source=source).order_by("-started_at")[:SHOWN]}


def _changes(source: DataSource, user: Any) -> Mapping[str, Any]:
    return {"changes": runs.changes_visible_to(user).filter(source=source).order_by("-at", "-id")[:200]}


class SourceDetail(DetailPage):
    verb = "source.view"
    template_name = "assets/source_detail.html"
    url_name = "assets:source_detail"
    tabs = (
        Tab("overview", _("概览"), "assets/_source_overview.html", _overview, order=10),
        Tab(
            "tables", _("表"), "assets/_source_tables.html", _tables, lambda source, user: source.table_count, order=20
        ),
        Tab("census", _("盘点记录"), "assets/_source_census.html", _census, order=30),
        Tab("scans", _("扫描记录"), "assets/_source_scans.html", _scans, order=40),
        Tab("changes", _("变更记录"), "assets/_changes.html", _changes, order=50),
        Tab("unreadable", _("无法读取"), "assets/_source_unreadable.html", _obstacles, _count_obstacles, order=60),
    )

    def queryset(self) -> QuerySet[DataSource]:
        return register.sources_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [sources_crumb(), (self.object.name, "")]

    def get(self, request: HttpRequest, pk: Any, tab: str = "", **kwargs: Any) -> HttpResponse:
        if not (is_htmx(request) and request.headers.get("HX-Target") == "source-live"):
            return super().get(request, pk, tab, **kwargs)
        self.object = get_object_or_404(self.queryset(), pk=pk)
        return live_part(request, "assets/_source_live.html", {"object": self.object, **self.progress()})

    def progress(self) -> dict[str, Any]:
        """Open jobs of the source, and of the one that reads it now the run with its newest steps."""
        jobs = list(register.open_jobs_of_source(self.request.user, self.object.pk))
        run, steps = runs.going_on(self.request.user, jobs, STEPS_SHOWN)
        return {"jobs": jobs, "live": bool(jobs), "run": run, "steps": steps}

    def tab_links(self, sections: Iterable[Any], current: Any) -> list[TabLink]:
        """无法读取 is there when something is to be read under it."""
        links = super().tab_links(sections, current)
        return [link for link in links if link.key != "unreadable" or link.count or link.current]

    def extra_context(self) -> dict[str, Any]:
        user, source = self.request.user, self.object
        return {
            **self.progress(),
            "kind_label": register.kind_labels().get(source.kind, source.kind),
            "unreadable": _found_obstacles(source).total,
            "held": runs.held_runs(user).filter(source=source).first(),
            "may_manage": can(user, "source.manage", source),
            "may_census": can(user, "census.run", source) and source.is_active,
            "may_scan": can(user, "scan.run", source) and source.is_active,
        }


class _SourceAction(ActionView):
    def queryset(self) -> QuerySet[DataSource]:
        return register.sources_visible_to(self.request.user)


class TestSource(_SourceAction):
    __test__ = False  # not a test class
    required_verb: ClassVar[str] = "source.manage"

    def act(self, obj: Any) -> Text:
        test_source(actor=self.request.user, source=obj)  # type: ignore[arg-type]
        return _("已启动连接测试，结果在本页显示。")


class StartCensus(_SourceAction):
    required_verb: ClassVar[str] = "census.run"

    def act(self, obj: Any) -> Text:
        request_census(actor=self.request.user, source=obj)  # type: ignore[arg-type]
        return _("已启动盘点，进度在本页显示。")


class StartScan(_SourceAction):
    required_verb: ClassVar[str] = "scan.run"

    def act(self, obj: Any) -> Text:
        request_scan(actor=self.request.user, source=obj)  # type: ignore[arg-type]
        return _("已启动扫描，进度在本页显示。")


class Disable(_SourceAction):
    required_verb: ClassVar[str] = "source.manage"

    def act(self, obj: Any) -> Text:
        disable_source(actor=self.request.user, source=obj)  # type: ignore[arg-type]
        return _("数据源已停用，已有结果保留。")


class Enable(_SourceAction):
    required_verb: ClassVar[str] = "source.manage"

    def act(self, obj: Any) -> Text:
        enable_source(actor=self.request.user, source=obj)  # type: ignore[arg-type]
        return _("数据源已启用，请测试连接。")


class Remove(_SourceAction):
    required_verb: ClassVar[str] = "source.manage"

    def act(self, obj: Any) -> Text:
        remove_source(actor=self.request.user, source=obj)  # type: ignore[arg-type]
        self.target_url = reverse("assets:source_list")
        return _("数据源已移除，口令已销毁，记录保留。")
