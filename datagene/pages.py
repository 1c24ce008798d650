"""Pages of core itself: jobs, search, the audit trail, help. They live here because asking permission needs accounts."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from core import job_kinds, jobs, navigation, search
from core.choices import OPEN_STATES, JobState
from core.errors import Unavailable, outage
from core.exporting import ExportPage, Field
from core.filters import filtered
from core.models import AuditEntry, Job, JobItem
from core.problems import problem_response
from core.selectors import audit_visible_to, jobs_visible_to, running_jobs
from core.texts import Text
from core.views import ActionView, Chip, Column, Crumb, SignedInView, with_query
from core.visibility import can
from datagene.activity import describe, label_of
from datagene.filters import AuditFilter, JobFilter

# Jobs --------------------------------------------------------------------------------------------------------------


class JobList(ExportPage):
    verb = "job.view"
    title = pgettext_lazy("list", "任务")
    noun = npgettext_lazy("count", "个任务", "个任务", "total")
    columns = (
        Column("target", _("任务"), "target_label"),
        Column("state", _("状态"), "state"),
        Column("progress", _("进度")),
        Column("actor", _("发起人"), "actor_name"),
        Column("created", _("创建时间"), "created_at"),
        Column("duration", _("用时"), number=True),
    )
    row_template = "core/_job_row.html"
    filterset_class = JobFilter
    filter_names = ("kind",)
    two_line = True
    empty_title = _("还没有任务。启动盘点或扫描后，进度在这里显示。")

    def queryset(self) -> QuerySet[Job]:
        return jobs_visible_to(self.request.user).annotate(elapsed=F("finished_at") - F("started_at"))

    def exports(self) -> Sequence[Field]:
        return JOB_FIELDS

    def facets(self) -> Sequence[Chip]:
        """All jobs, or those of a state, with counts that follow the other filters."""
        others = self.request.GET.copy()
        others.pop("state", None)
        rows = filtered(JobFilter(others, queryset=self.queryset(), request=self.request)).order_by()
        counts = rows.aggregate(all=Count("pk"), open=Count("pk", filter=Q(state__in=OPEN_STATES)), **_state_counts())
        current = self.request.GET.get("state", "")
        choices: list[tuple[str, Text, str]] = [
            ("", _("全部"), "all"),
            ("open", _("进行中和排队"), "open"),
            (JobState.SUCCEEDED, JobState.SUCCEEDED.label, JobState.SUCCEEDED),
            (JobState.FAILED, JobState.FAILED.label, JobState.FAILED),
        ]
        return [
            Chip(label, with_query(self.request.GET, state=key or None, page=None), counts[counted], current == key)
            for key, label, counted in choices
        ]


JOB_FIELDS = (
    Field(_("种类"), lambda row: row.label),
    Field(_("对象"), lambda row: row.target_label),
    Field(_("状态"), lambda row: row.get_state_display()),
    Field(_("部分完成"), lambda row: row.partial),
    Field(_("已处理"), lambda row: row.progress_done),
    Field(_("共计"), lambda row: row.progress_total),
    Field(_("发起人"), lambda row: row.actor_name or translate("系统")),
    Field(_("创建时间"), lambda row: row.created_at),
    Field(_("开始时间"), lambda row: row.started_at),
    Field(_("结束时间"), lambda row: row.finished_at),
    Field(_("原因"), lambda row: row.error_text),
    Field(_("编号"), lambda row: str(row.pk)),
)


def _state_counts() -> dict[str, Count]:
    return {state: Count("pk", filter=Q(state=state)) for state in (JobState.SUCCEEDED, JobState.FAILED)}


class JobPage(SignedInView):
    """State line, progress, items with their outcome; the block refreshes itself while the job is open."""

    template_name = "core/job_detail.html"
    ITEMS = 200  # shown at once; failed ones come first, so that none of them hides behind the limit

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
        crumbs: list[Crumb] = [(_("任务"), reverse("core:job_list")), (str(job), "")]
        return render(request, self.template_name, {"title": str(job), "crumbs": crumbs, **self.block(job)})

    def block(self, job: Job) -> dict[str, Any]:
        counts = job.items.aggregate(
            done=Count("pk", filter=Q(state="done")), failed=Count("pk", filter=Q(state="failed"))
        )
        items: QuerySet[JobItem] = job.items.order_by("-state", "-at", "-id")  # "failed" sorts after "done"
        return {
            "job": job,
            "items": items[: self.ITEMS],
            "items_done": counts["done"],
            "items_failed": counts["failed"],
            "items_hidden": max(0, counts["done"] + counts["failed"] - self.ITEMS),
            "may_cancel": job.is_open and may_cancel(self.request.user, job),
            "may_retry": job.state in (JobState.FAILED, JobState.CANCELLED) and may_retry(self.request.user, job),
        }


class JobBlock(JobPage):
    """The part of the job page that polls."""

    template_name = "core/_job_block.html"


class JobProgress(SignedInView):
    """One job as a line of a card; asked for every 2 s by `components/job_progress.html` while the job is open."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
        response = render(request, "components/job_progress.html", {"job": job})
        if not job.is_open:
            response["HX-Trigger"] = "jobs-changed"
        return response


class JobsChip(SignedInView):
    """The chip of the top bar. Also what the session warning asks to keep a session awake."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "core/_jobs_chip.html", {"running_jobs": running_jobs(request.user).count()})


def may_cancel(user: Any, job: Job) -> bool:
    """Who may stop a job: whoever started it, and those with the verb over its agency."""
    return job.actor_id == user.pk or can(user, "job.cancel", job)


def may_retry(user: Any, job: Job) -> bool:
    """Who may repeat a job: whoever might start it now. Having started it once, or being allowed to stop it, is not enough."""
    kind = job_kinds.get(job.kind)
    return kind is not None and bool(kind.verb) and can(user, kind.verb, job)


class _JobAction(ActionView):
    may: Callable[[Any, Job], bool]

    def queryset(self) -> QuerySet[Job]:
        return jobs_visible_to(self.request.user)

    def act(self, obj: Job) -> Text:
        if not self.may(self.request.user, obj):
            raise PermissionDenied
        return self.change(obj)

    def change(self, job: Job) -> Text:
        raise NotImplementedError


class CancelJob(_JobAction):
    may = staticmethod(may_cancel)

    def change(self, job: Job) -> Text:
        current = jobs.request_cancel(actor=self.request.user, job=job)
        if current.state == JobState.CANCELLED:
            return _("任务已取消。")
        return _("已请求取消，任务完成当前这张表后停止。") if current.is_open else _("任务已经结束，无需取消。")


class RetryJob(_JobAction):
    """The same work as a new job; what the failed one completed stays in the register."""

    may = staticmethod(may_retry)

    def change(self, job: Job) -> Text:
        if job.is_open:
            return _("任务没有重新执行。")
        again = jobs.create_job(
            actor=self.request.user,
            kind=job.kind,
            params=job.params,
            target=job.target,
            target_label=job.target_label,
            scope_id=job.scope_id,
            exclusive_key=job.exclusive_key,
            idem_key=job.idem_key,
            url=job.url,
        )
        self.target_url = again.get_absolute_url()
        return _("已重新执行。") if again.is_new else _("相同的任务已在执行。")


# Search ------------------------------------------------------------------------------------------------------------


class SearchPage(SignedInView):
    """Results as a plain page; one kind at a time can be listed whole with `?kind=`."""

    PAGE = 20

    def get(self, request: HttpRequest) -> HttpResponse:
        text, kind = request.GET.get("q", ""), request.GET.get("kind", "")
        asked = request.GET.get("page", "")
        page = min(max(int(asked), 1), 1000) if asked.isascii() and asked.isdigit() else 1
        results = search.search(
            request.user, text, kinds=[kind] if kind else None, limit=self.PAGE if kind else 5, page=page
        )
        more = bool(kind and results.groups and results.groups[0].total > page * self.PAGE)
        context = {
            "title": translate("搜索"),
            "crumbs": [(_("搜索"), "")],
            "text": text,
            "kind": kind,
            "results": results,
            "actions": _actions(request.user, text),
            "previous": with_query(request.GET, page=page - 1) if page > 1 else "",
            "next": with_query(request.GET, page=page + 1) if more else "",
        }
        return render(request, "core/search.html", context)


class SearchSuggest(SignedInView):
    """Options of the search dialog: five per group, as a fragment, within the 200 ms a typed query may take."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "")
        context = {"results": search.search(request.user, text), "text": text, "actions": _actions(request.user, text)}
        return render(request, "core/_search_options.html", context)


def _actions(user: Any, text: str) -> list[tuple[str, str, str]]:
    """Pages of the menu whose name holds the text: (label, URL, icon), the group 操作 of the search."""
    if not text.strip():
        return []
    entries = [entry for group in navigation.menu(user, "") for entry in group.entries]
    wanted = text.strip().casefold()
    return [(str(entry.label), entry.url, entry.icon) for entry in entries if wanted in str(entry.label).casefold()][:5]


# Audit trail -------------------------------------------------------------------------------------------------------


class AuditList(ExportPage):
    verb = "audit.read"
    title = _("审计记录")
    noun = npgettext_lazy("count", "条记录", "条记录", "total")
    columns = (
        Column("id", _("编号"), "id", number=True),
        Column("at", _("时间"), "at"),
        Column("actor", _("操作人"), "actor_name"),
        Column("verb", _("操作"), "verb"),
        Column("target", _("对象")),
        Column("changes", _("内容")),
    )
    row_template = "core/_audit_row.html"
    filterset_class = AuditFilter
    filter_names = ("actor", "since", "until")
    two_line = True
    empty_title = _("还没有审计记录。")

    def queryset(self) -> QuerySet[AuditEntry]:
        return audit_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return AUDIT_FIELDS

    def prepare(self, rows: Sequence[Any]) -> None:
        for entry in rows:
            entry.sentence, entry.about = describe(entry), label_of(entry)
            entry.changes_text = json.dumps(entry.changes, ensure_ascii=False, indent=2)


AUDIT_FIELDS = (
    Field(_("编号"), lambda row: row.id),
    Field(_("时间"), lambda row: row.at),
    Field(_("操作人"), lambda row: row.actor_name or translate("系统")),
    Field(_("操作"), lambda row: row.sentence),
    Field(_("操作代码"), lambda row: row.verb),
    Field(_("对象"), lambda row: row.about),
    Field(_("对象标识"), lambda row: row.target),
    Field(_("内容"), lambda row: row.changes_text),
    Field(_("摘要算法"), lambda row: row.method),
    Field(_("摘要"), lambda row: row.digest),
)


class HelpPage(SignedInView):
    """Shortcuts, states and terms, for people at work."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "core/help.html", {"title": translate("帮助"), "crumbs": [(_("帮助"), "")]})


# Errors ------------------------------------------------------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for a body over the limit: what Django refuses before any view is asked (host, cookie, form)."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    if request.path.startswith("/api/"):
        return problem_response(request, status, "too_large" if status == 413 else "bad_request")
    return HttpResponse(render_to_string("400.html", {"too_large": status == 413}), status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with the request's identifier, which the log lines of the failure carry too; 503 when the database is away,
    507 when a disk is full. Asks the database nothing.
    """
    known = outage(sys.exc_info()[1])
    status = known.status_code if known else 500
    if request.path.startswith("/api/"):
        code, detail = (known.default_code, str(known.detail)) if known else ("error", "")
        response: HttpResponse = problem_response(request, status, code, detail)
    else:
        reference = structlog.contextvars.get_contextvars().get("request_id", "")
        response = HttpResponse(render_to_string(f"{status}.html", {"reference": reference}), status=status)
    if status == 503:
        response["Retry-After"] = str(Unavailable.wait + 1)
    return response
