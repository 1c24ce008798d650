"""Census runs, scan runs and the changes that censuses found."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can
from assets.filters import CensusRunFilter, ChangeFilter, ScanRunFilter
from assets.models import CensusRun, ScanRun, SchemaChange
from assets.selectors import runs
from assets.services.brake import confirm_disappearance, reject_disappearance
from assets.services.census import MAX_LISTED
from assets.views import exports
from assets.views.common import NamedFilters, assets_crumb, live_part, sources_crumb
from core import panels
from core.exporting import Field
from core.models import Job
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, is_htmx
from core.visibility import visible_to

HELD_SHOWN = STEPS_SHOWN = 200


class CensusList(NamedFilters):
    verb = "data.view"
    title = _("盘点记录")
    noun = npgettext_lazy("count", "次盘点", "次盘点", "total")
    columns = (
        Column("source", _("数据源"), "source__name"),
        Column("started", _("开始时间"), "started_at"),
        Column("state", _("状态"), "state"),
        Column("seen", _("表"), "tables_seen", number=True),
        Column("created", _("新增"), "tables_created", number=True),
        Column("changed", _("变更"), "tables_changed", number=True),
        Column("gone", _("消失"), "tables_gone", number=True),
        Column("unreadable", _("无法读取"), "unreadable_count", number=True),
    )
    row_template = "assets/_census_row.html"
    filterset_class = CensusRunFilter
    filter_names = ("source", "state", "brake")
    default_sort = "-started"
    two_line = True
    empty_title = _("还没有盘点记录。")

    def queryset(self) -> QuerySet[CensusRun]:
        return runs.census_runs_visible_to(self.request.user).defer("unreadable", "held")

    def crumbs(self) -> list[Crumb]:
        return [sources_crumb(), (self.title, "")]


class ScanList(NamedFilters):
    verb = "data.view"
    title = _("扫描记录")
    noun = npgettext_lazy("count", "次扫描", "次扫描", "total")
    columns = (
        Column("source", _("数据源"), "source__name"),
        Column("started", _("开始时间"), "started_at"),
        Column("state", _("状态"), "state"),
        Column("done", _("已完成的表"), "tables_done", number=True),
        Column("failed", _("未完成的表"), "tables_failed", number=True),
        Column("rows", _("读取行数"), "rows_read", number=True),
    )
    row_template = "assets/_scan_row.html"
    filterset_class = ScanRunFilter
    filter_names = ("source", "state")
    default_sort = "-started"
    two_line = True
    empty_title = _("还没有扫描记录。")

    def queryset(self) -> QuerySet[ScanRun]:
        return runs.scan_runs_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [sources_crumb(), (self.title, "")]


class _RunDetail(DetailPage):
    """A run. While its job is open the block `run-live` asks for itself; at the end it fetches the whole page once."""

    verb = "data.view"

    def get(self, request: HttpRequest, pk: Any, tab: str = "", **kwargs: Any) -> HttpResponse:
        if not (is_htmx(request) and request.headers.get("HX-Target") == "run-live"):
            return super().get(request, pk, tab, **kwargs)
        self.object = get_object_or_404(self.queryset(), pk=pk)
        return live_part(request, "assets/_run_live.html", {"object": self.object, **self.progress()})

    def crumbs(self) -> list[Crumb]:
        source = self.object.source
        return [sources_crumb(), (source.name, source.get_absolute_url()), (self.object._meta.verbose_name, "")]

    def job(self) -> Job | None:
        return visible_to(self.request.user, Job.objects.filter(pk=self.object.job_id)).first()

    def steps(self, job: Job | None) -> runs.Steps:
        raise NotImplementedError

    def progress(self) -> dict[str, Any]:
        job = self.job()
        return {"job": job, "live": bool(job and job.is_open), "steps": self.steps(job)}

    def extra_context(self) -> dict[str, Any]:
        return self.progress()


class CensusDetail(_RunDetail):
    template_name = "assets/census_detail.html"
    url_name = "assets:census_detail"

    def queryset(self) -> QuerySet[CensusRun]:
        return runs.census_runs_visible_to(self.request.user)

    def steps(self, job: Job | None) -> runs.Steps:
        return runs.census_steps(self.object, job, STEPS_SHOWN)

    def extra_context(self) -> dict[str, Any]:
        run = self.object
        return {
            **super().extra_context(),
            "changes": runs.changes_visible_to(self.request.user).filter(run=run).order_by("-id")[:200],
            "held_tables": runs.held_tables(run)[:HELD_SHOWN] if run.brake == "held" else [],
            "held_columns": runs.held_columns(run)[:HELD_SHOWN] if run.brake == "held" else [],
            "may_decide": run.brake == "held" and can(self.request.user, "census.run", run),
            "unreadable_cut": run.unreadable_count >= MAX_LISTED,
            "changes_url": f"{reverse('assets:change_list')}?census={run.pk}",
        }


class ScanDetail(_RunDetail):
    """Higher apps add what they found in this scan as panels of `assets.ScanRun`."""

    template_name = "assets/scan_detail.html"
    url_name = "assets:scan_detail"

    def queryset(self) -> QuerySet[ScanRun]:
        return runs.scan_runs_visible_to(self.request.user)

    def steps(self, job: Job | None) -> runs.Steps:
        return runs.scan_steps(self.object, job, STEPS_SHOWN)

    def extra_context(self) -> dict[str, Any]:
        found = panels.panels_for(self.object, self.request.user)
        return {
            **super().extra_context(),
            "sections": [(panel, panel.context(self.object, self.request.user)) for panel in found],
        }

    def sections(self) -> list[Any]:
        return []


class Confirm(ActionView):
    required_verb: ClassVar[str] = "census.run"

    def queryset(self) -> QuerySet[CensusRun]:
        return runs.census_runs_visible_to(self.request.user)

    def act(self, obj: Any) -> Text:
        confirm_disappearance(actor=self.request.user, run=obj, comment=self.request.POST.get("comment", "")[:1000])  # type: ignore[arg-type]
        return _("已确认消失。")


class Reject(Confirm):
    def act(self, obj: Any) -> Text:
        reject_disappearance(actor=self.request.user, run=obj, comment=self.request.POST.get("comment", "")[:1000])  # type: ignore[arg-type]
        return _("已驳回，对象保持原状态，下次盘点重新核对。")


class ChangeList(NamedFilters):
    verb = "data.view"
    title = _("变更记录")
    noun = npgettext_lazy("count", "处变更", "处变更", "total")
    columns = (
        Column("object", _("对象"), "table__name"),
        Column("kind", _("变更类型"), "kind"),
        Column("what", _("内容")),
        Column("source", _("数据源"), "source__name"),
        Column("at", _("发现时间"), "at"),
    )
    row_template = "assets/_change_row.html"
    filterset_class = ChangeFilter
    filter_names = ("agency", "source", "kind", "days")
    default_sort = "-at"
    two_line = True
    empty_title = _("还没有变更。再次盘点发现差异时在这里列出。")

    def queryset(self) -> QuerySet[SchemaChange]:
        return runs.changes_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return exports.CHANGES

    def crumbs(self) -> list[Crumb]:
        return [assets_crumb(), (self.title, "")]
