"""The dashboard: what this person must act on, then the numbers that explain it.

Numbers come from `core.indicators` and the selectors of the apps; here is only which of them stand where. A station
of the governance helix that is not built yet says so; when its app arrives, it gets a line in STATIONS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import Agency
from accounts.scope import grants_of, narrowed
from assets.links import page_url
from assets.selectors.catalogue import tables_visible_to
from core import indicators
from core.models import AuditEntry
from core.selectors import jobs_visible_to
from core.templatetags.figures import band, scaled_unit, short_number
from core.texts import Text
from core.views import SignedInView
from core.visibility import can, visible_to
from datagene.activity import SHOWN, events
from quality import selectors as quality

RANKED, EVENTS, JOBS, TODOS = 8, 6, 4, 5
WORKING_ROLES = (Role.STEWARD, Role.SOURCE_MANAGER, Role.LEADER)


@dataclass(frozen=True, slots=True)
class Scope:
    """One of the segments 全市, 本局, 我负责的."""

    key: str
    label: Text
    path: str  # of the agency tree; "" for everything the person may see


def scopes_of(user: Any) -> list[Scope]:
    """The scopes that differ for this person; the widest first."""
    grants = grants_of(user)
    widest = {path for _role, path in grants}
    whole = any(path.count("/") == 2 for path in widest)  # "/<root>/"
    found = [Scope("all", _("全市") if whole else _("全部"), "")]
    own = user.agency.path
    if any(own.startswith(path) and own != path for path in widest):
        found.append(Scope("agency", _("本局"), own))
    working = {path for role, path in grants if role in WORKING_ROLES}
    if len(working) == 1 and not working <= {own} and working != widest:
        found.append(Scope("mine", _("我负责的"), working.pop()))
    return found


class Dashboard(SignedInView):
    def get(self, request: HttpRequest) -> HttpResponse:
        scopes = scopes_of(request.user)
        scope = next((item for item in scopes if item.key == request.GET.get("scope")), scopes[0])
        viewer = narrowed(request.user, scope.path) if scope.path else request.user
        readings = indicators.read((item.key for item in indicators.all_indicators(personal=False)), viewer)
        overall = quality.overall(viewer)
        trend = quality.trend(viewer)
        context = {
            "title": translate("驾驶舱"),
            "crumbs": [(request.user.agency.name, "")],
            "scopes": scopes,
            "scope": scope,
            "as_of": timezone.now(),
            "agencies": visible_to(viewer, Agency.objects.all(), "data.view").count(),
            "sources": readings["assets.sources"].value if "assets.sources" in readings else 0,
            "todo": [(item, address(item)) for item in indicators.todos(request.user)[:TODOS]],
            "kpis": kpis(readings, overall, trend, viewer),
            "stations": stations(readings, overall),
            "overall": overall,
            "trend": trend,
            "chart": chart(trend),
            "jobs": jobs_visible_to(viewer)[:JOBS],
            "ranking": ranking(viewer),
            "events": events(activity(viewer)),
            "may_audit": can(request.user, "audit.read"),
        }
        return render(request, "datagene/home.html", context)


def address(reading: indicators.Reading) -> str:
    """The page that lists what a number counts; empty while that page is not installed."""
    try:
        return reading.indicator.url()
    except NoReverseMatch:
        return ""


# KPI band ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kpi:
    """One cell: `value` is None while nothing was measured. `history` draws the sparkline when it has two points."""

    label: Text
    value: str
    unit: Text
    url: str
    context: str
    history: list[Any]
    tone: str = "primary"
    change: float | None = None


def kpis(readings: dict[str, indicators.Reading], overall: quality.Overall, trend: Any, viewer: Any) -> list[Kpi]:
    """At most five numbers in one card."""
    cells = [
        _counted(readings, "assets.tables", _("数据资产"), _("张表"), "assets.columns", _("字段 %(n)s 个"), viewer),
        _counted(readings, "assets.rows", _("数据总量"), _("条"), "assets.sources", _("数据源 %(n)s 个"), viewer),
        _profiled(readings),
        _score(overall, trend),
        _counted(
            readings,
            "quality.findings",
            _("未解决问题"),
            _("个"),
            "quality.failing_rules",
            _("未通过规则 %(n)s 条"),
            viewer,
        ),
    ]
    return [cell for cell in cells if cell]


def _counted(
    readings: dict[str, indicators.Reading], key: str, label: Text, unit: Text, beside: str, sentence: Text, viewer: Any
) -> Kpi | None:
    if key not in readings:
        return None
    reading = readings[key]
    digits, scale = short_number(reading.value)
    context = str(sentence) % {"n": _words(readings[beside].value)} if beside in readings else ""
    history = [value for _day, value in reading.indicator.history(viewer)] if reading.indicator.history else []
    return Kpi(label, digits, scaled_unit(scale, unit), address(reading), context, history)


def _words(value: Any) -> str:
    """A count in running text: 28.40 万."""
    return " ".join(filter(None, short_number(value)))


def _profiled(readings: dict[str, indicators.Reading]) -> Kpi | None:
    share = profiled_share(readings)
    if share is None and "assets.tables_unprofiled" not in readings:
        return None
    left = readings["assets.tables_unprofiled"]
    context = translate("从未剖析 %(n)s 张") % {"n": f"{left.value:,}"}
    return Kpi(_("剖析覆盖率"), "" if share is None else f"{share:.1f}", "%", address(left), context, [], "good")


def _score(overall: quality.Overall, trend: Any) -> Kpi:
    values = [float(value) for _day, value in trend]
    change = round(values[-1] - values[-2], 1) if len(values) > 1 else None
    score = "" if overall.score is None else f"{overall.score:.1f}"
    context = translate("已评分 %(n)s 张表") % {"n": f"{overall.tables:,}"}
    return Kpi(_("质量综合分"), score, _("分"), reverse("home") + "#quality", context, values, change=change)


def profiled_share(readings: dict[str, indicators.Reading]) -> float | None:
    """Percent of the tables that were profiled at least once; None without tables."""
    total = readings["assets.tables"].value if "assets.tables" in readings else 0
    if not total or "assets.tables_unprofiled" not in readings:
        return None
    return float(100 * (total - readings["assets.tables_unprofiled"].value) / total)


# Governance helix --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Station:
    """A subsystem as a rung: percent complete (None: nothing measured yet), tone, and what there is of it."""

    label: Text
    icon: str
    live: bool
    percent: float | None = None
    tone: str = ""
    note: str = ""
    url: str = ""


Completion = Callable[[dict[str, indicators.Reading], quality.Overall], tuple[float | None, str, str]]
"""Percent, note and URL of a station that is in use."""


def _assets_station(readings: dict[str, indicators.Reading], overall: quality.Overall) -> tuple[float | None, str, str]:
    """Share of the tables on the register that could be read at their last census."""
    tables, broken = readings["assets.tables"].value, readings["assets.tables_unreadable"].value
    note = translate("%(n)s 张表") % {"n": f"{tables:,}"}
    return (
        (float(100 * (tables - broken) / tables) if tables else None),
        note,
        address(readings["assets.tables"]),
    )


def _quantity_station(
    readings: dict[str, indicators.Reading], overall: quality.Overall
) -> tuple[float | None, str, str]:
    """Share of the tables whose rows were counted by a reading, not estimated."""
    digits, scale = short_number(readings["assets.rows"].value)
    note = f"{digits} {scaled_unit(scale, translate('条'))}"
    return profiled_share(readings), note, address(readings["assets.rows"])


def _quality_station(
    readings: dict[str, indicators.Reading], overall: quality.Overall
) -> tuple[float | None, str, str]:
    note = translate("%(n)s 条规则") % {"n": f"{readings['quality.rules'].value:,}"}
    score = None if overall.score is None else float(overall.score)
    return score, note, address(readings["quality.rules"])


STATIONS: tuple[tuple[Text, str, Completion | None], ...] = (
    (_("资产"), "database", _assets_station),
    (_("数量"), "sigma", _quantity_station),
    (_("目录"), "folder-tree", None),
    (_("标准"), "ruler", None),
    (_("基因"), "dna", None),
    (_("质量"), "shield-check", _quality_station),
    (_("治理"), "wrench", None),
    (_("整合"), "merge", None),
    (_("共享"), "share-2", None),
    (_("业务"), "briefcase-business", None),
)


def stations(readings: dict[str, indicators.Reading], overall: quality.Overall) -> list[Station]:
    drawn = []
    for label, icon, completion in STATIONS:
        if completion is None:
            drawn.append(Station(label, icon, live=False))
            continue
        percent, note, url = completion(readings, overall)
        drawn.append(Station(label, icon, True, percent, band(percent), note, url))
    return drawn


# Cards -------------------------------------------------------------------------------------------------------------


def chart(trend: Any) -> dict[str, Any]:
    """What the trend chart draws: days as M/D, scores, and the axis from the five below the lowest value."""
    values = [float(value) for _day, value in trend]
    floor = max(0, int(min(values, default=0) // 5 * 5 - 5))
    return {
        "days": [f"{day.month}/{day.day}" for day, _value in trend],
        "scores": values,
        "min": floor,
        "max": 100 if max(values, default=0) > 95 else int(max(values, default=0) // 5 * 5 + 5),
        "name": translate("质量综合分"),
    }


def ranking(viewer: Any) -> list[dict[str, Any]]:
    """Agencies with their tables, rows, share profiled, score and open findings; best score first, unscored last."""
    rows = (
        tables_visible_to(viewer)
        .order_by()
        .values(agency=F("source__agency_id"), agency_name=F("source__agency__name"))
        .annotate(
            tables=Count("pk"),
            rows_total=Sum("rows"),
            profiled=Count("pk", filter=Q(profiled_at__isnull=False)),
        )
    )
    scores = {row["agency_id"]: row for row in quality.scores_by_agency(viewer)}
    listed = []
    for row in rows:
        scored = scores.get(row["agency"], {})
        share = 100 * row["profiled"] / row["tables"]
        listed.append(
            {
                **row,
                "share": share,
                "score": scored.get("score"),
                "findings": scored.get("findings", 0),
                "url": reverse("accounts:agency_detail", args=[row["agency"]]),
                "tables_url": page_url("table_list", agency=row["agency"]),
            }
        )
    listed.sort(key=lambda row: (row["score"] is None, -(row["score"] or 0), row["agency_name"]))
    return listed[:RANKED]


def activity(viewer: Any) -> Any:
    """The newest work on data in the viewer's agencies, as the audit trail has it."""
    if not can(viewer, "data.view"):
        return AuditEntry.objects.none()
    return visible_to(viewer, AuditEntry.objects.filter(verb__in=SHOWN), "data.view")[:EVENTS]
