"""The parts of the dashboard, each made from the registered numbers and the selectors of the apps.

Here is only which number stands where. A station of the helix that is not built yet says so; when its app arrives, it
gets a line in STATIONS, and its numbers stand in NUMBERS.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from assets.links import page_url
from assets.models import DataSource
from assets.selectors.catalogue import tables_visible_to
from core import indicators
from core.choices import OPEN_STATES
from core.keyset import Total, total_of
from core.models import AuditEntry, Job
from core.selectors import jobs_visible_to
from core.templatetags.figures import band, scaled_unit, short_number
from core.texts import Text
from core.visibility import can, visible_to
from datagene.activity import SHOWN
from genes.selectors import queue
from quality import selectors as quality
from quantity import selectors as quantity

WEEKS = 12
MONTH = 30  # days
RANKED, EVENTS, JOBS = 8, 6, 4
NO_TOTAL = Total(0)
# What the page shows, read in one statement; a number that is missing here is nought below.
NUMBERS = (
    "assets.tables", "assets.columns", "assets.rows", "assets.sources", "assets.tables_unprofiled", "assets.tables_unreadable",
    "quality.rules", "quality.findings", "quality.failing_rules", "quantity.rows", "quantity.uncounted",
    "standards.elements", "standards.elements_published",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leader:
    """An agency of the ranking."""

    agency: UUID
    name: str
    score: Decimal | None = None
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was read once for the whole page. `agency` is set when the page is narrowed to one agency without children."""

    readings: dict[str, indicators.Reading]
    overall: quality.Overall
    trends: dict[UUID | None, quality.Trend]  # of the score, by leading agency; None: of all together
    growth: list[quantity.Point]  # a point a week, and the day a month ago
    leaders: Sequence[Leader] = ()
    narrowed: bool = False
    agency: UUID | None = None
    bound: Total = NO_TOTAL  # columns that carry a known element; of very many an estimate

    @property
    def trend(self) -> quality.Trend:
        return self.trends.get(None, [])

    def value(self, key: str) -> int | Decimal:
        return self.readings[key].value if key in self.readings else 0

    def address(self, key: str) -> str:
        """The page that lists exactly what a number counts; "" where there is none (yet)."""
        try:
            url = indicators.get(key).url()
        except (KeyError, NoReverseMatch):
            return ""
        if not url or not self.narrowed:
            return url
        if self.agency is None or key.startswith(("quantity.", "standards.")):
            return ""  # no list has this scope, and a link must open the rows it counts
        return f"{url}{'&' if '?' in url else '?'}agency={self.agency}"

    def profiled(self) -> float | None:
        """Percent of the tables that were profiled at least once; None without tables."""
        total = self.value("assets.tables")
        return float(100 * (total - self.value("assets.tables_unprofiled")) / total) if total else None


def read_numbers(viewer: Any, *, narrowed: bool = False, agency: UUID | None = None) -> Numbers:
    scores = quality.scores_by_agency(viewer)
    leaders = best_agencies(viewer, scores)
    return Numbers(
        readings=indicators.read(NUMBERS, viewer),
        overall=quality.overall(viewer, scores),
        leaders=leaders,
        trends=quality.trends(viewer, WEEKS * 7, agencies={leader.agency for leader in leaders}),
        growth=quantity.volumes_on(viewer, growth_days()),
        narrowed=narrowed,
        agency=agency,
        bound=total_of(queue.bindings_visible_to(viewer).order_by()),
    )


def words(value: Any, unit: Any = "") -> str:
    """A count in running text: 28.40 万, 38.62 亿条."""
    digits, scale = short_number(value)
    return f"{digits} {scaled_unit(scale, unit)}".rstrip()


# KPI band ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kpi:
    """One cell: `value` is "" while nothing was measured. `history` draws the sparkline when it has two points."""

    label: Text
    value: str
    unit: Text
    url: str
    context: str
    history: Sequence[Any] = field(default_factory=list)
    tone: str = "primary"
    change: Any = None
    change_text: str = ""


def kpis(numbers: Numbers) -> list[Kpi]:
    """The five numbers of the card."""
    return [_tables(numbers), _rows(numbers), _profiled(numbers), _score(numbers), _findings(numbers)]


def growth_days() -> list[date]:
    """The days of the sparklines and the one that changes are counted from."""
    today = timezone.localdate()
    return sorted(today - timedelta(days=back) for back in {MONTH, *range(0, WEEKS * 7, 7)})


def _weekly(points: Sequence[quantity.Point]) -> list[quantity.Point]:
    """One point a week, the newest included."""
    return [point for point in points if (points[-1].day - point.day).days % 7 == 0]


def _month_ago(numbers: Numbers) -> quantity.Volume | None:
    """The volume a month before today; None when the record is shorter."""
    day = timezone.localdate() - timedelta(days=MONTH)
    return next((point.volume for point in numbers.growth if point.day == day), None)


def _tables(numbers: Numbers) -> Kpi:
    digits, scale = short_number(numbers.value("assets.tables"))
    before = _month_ago(numbers)
    change = numbers.growth[-1].volume.tables - before.tables if before else None
    history = [point.volume.tables for point in _weekly(numbers.growth)]
    context = (
        translate("近 30 天") if change else translate("字段 %(n)s 个") % {"n": words(numbers.value("assets.columns"))}
    )
    return Kpi(
        _("数据资产"), digits, scaled_unit(scale, translate("张表")), numbers.address("assets.tables"), context, history,
        change=change or None,
    )  # fmt: skip


def _rows(numbers: Numbers) -> Kpi:
    value = numbers.value("quantity.rows") or numbers.value("assets.rows")
    digits, scale = short_number(value)
    before = _month_ago(numbers)
    now = numbers.growth[-1].volume.rows if numbers.growth else 0
    change = round(100 * (now - before.rows) / before.rows, 1) if before and before.rows else None
    history = [point.volume.rows for point in _weekly(numbers.growth)]
    context = (
        translate("近 30 天")
        if change
        else translate("数据源 %(n)s 个") % {"n": words(numbers.value("assets.sources"))}
    )
    key = "quantity.rows" if numbers.value("quantity.rows") else "assets.rows"
    return Kpi(
        _("数据总量"), digits, scaled_unit(scale, pgettext("rows", "条")), numbers.address(key), context, history,
        change=change or None, change_text=f"{abs(change):.1f}%" if change else "",
    )  # fmt: skip


def _profiled(numbers: Numbers) -> Kpi:
    share = numbers.profiled()
    context = translate("从未剖析 %(n)s 张") % {"n": words(numbers.value("assets.tables_unprofiled"))}
    address = numbers.address("assets.tables_unprofiled")
    return Kpi(_("剖析覆盖率"), "" if share is None else f"{share:.1f}", "%", address, context, tone="good")


def _score(numbers: Numbers) -> Kpi:
    scores = [float(value) for _day, value in numbers.trend]
    change = round(scores[-1] - scores[-2], 1) if len(scores) > 1 else None
    value = "" if numbers.overall.score is None else f"{numbers.overall.score:.1f}"
    context = translate("已评分 %(n)s 张表") % {"n": words(numbers.overall.tables)}
    return Kpi(_("质量综合分"), value, _("分"), "#quality", context, scores, change=change)


def _findings(numbers: Numbers) -> Kpi:
    digits, scale = short_number(numbers.value("quality.findings"))
    context = translate("未通过规则 %(n)s 条") % {"n": words(numbers.value("quality.failing_rules"))}
    return Kpi(
        _("未解决问题"),
        digits,
        scaled_unit(scale, pgettext("findings", "个")),
        numbers.address("quality.findings"),
        context,
    )


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


Completion = Callable[[Numbers], tuple[float | None, str, str]]
"""Percent, note and URL of a station that is in use."""


def _assets_station(numbers: Numbers) -> tuple[float | None, str, str]:
    """Share of the tables on the register that could be read at their last census."""
    tables, broken = numbers.value("assets.tables"), numbers.value("assets.tables_unreadable")
    share = float(100 * (tables - broken) / tables) if tables else None
    return share, words(tables, translate("张表")), numbers.address("assets.tables")


def _quantity_station(numbers: Numbers) -> tuple[float | None, str, str]:
    """Share of the tables whose rows somebody knows."""
    tables, unknown = numbers.value("assets.tables"), numbers.value("quantity.uncounted")
    share = float(100 * max(0, tables - unknown) / tables) if tables and numbers.growth else None
    rows = numbers.value("quantity.rows") or numbers.value("assets.rows")
    return share, words(rows, pgettext("rows", "条")), numbers.address("quantity.rows")


def _standards_station(numbers: Numbers) -> tuple[float | None, str, str]:
    """Share of the elements on the register that are published and in use."""
    elements, published = numbers.value("standards.elements"), numbers.value("standards.elements_published")
    share = float(100 * published / elements) if elements else None
    return share, words(elements, translate("个数据元")), numbers.address("standards.elements")


def _genes_station(numbers: Numbers) -> tuple[float | None, str, str]:
    """Share of the columns that carry a known element."""
    columns, bound = numbers.value("assets.columns"), numbers.bound.count
    share = min(100.0, float(100 * bound / columns)) if columns else None
    note = words(bound, translate("个字段"))
    return share, note if numbers.bound.exact else f"{translate('约')} {note}", numbers.address("genes.bindings")


def _quality_station(numbers: Numbers) -> tuple[float | None, str, str]:
    """The overall score."""
    score = None if numbers.overall.score is None else float(numbers.overall.score)
    return score, words(numbers.value("quality.rules"), translate("条规则")), numbers.address("quality.rules")


STATIONS: tuple[tuple[Text, str, Completion | None], ...] = (
    (_("资产"), "database", _assets_station),
    (_("数量"), "sigma", _quantity_station),
    (_("目录"), "folder-tree", None),
    (_("标准"), "ruler", _standards_station),
    (_("基因"), "dna", _genes_station),
    (_("质量"), "shield-check", _quality_station),
    (_("治理"), "wrench", None),
    (_("整合"), "merge", None),
    (_("共享"), "share-2", None),
    (_("业务"), "briefcase-business", None),
)


def stations(numbers: Numbers) -> list[Station]:
    drawn = []
    for label, icon, completion in STATIONS:
        if completion is None:
            drawn.append(Station(label, icon, live=False))
            continue
        percent, note, url = completion(numbers)
        drawn.append(Station(label, icon, True, percent, band(percent), note, url))
    return drawn


# Cards -------------------------------------------------------------------------------------------------------------


def chart(trend: Sequence[tuple[date, Decimal]]) -> dict[str, Any]:
    """What the trend chart draws: days as M/D, scores, and an axis of fives around them."""
    scores = [float(value) for _day, value in trend]
    lowest, highest = min(scores, default=0), max(scores, default=0)
    return {
        "days": [f"{day.month}/{day.day}" for day, _value in trend],
        "scores": scores,
        "min": max(0, int(lowest // 5 * 5 - 5)),
        "max": min(100, int(highest // 5 * 5 + 5)),
        "name": translate("质量综合分"),
    }


def best_agencies(viewer: Any, scored: Sequence[Mapping[str, Any]]) -> list[Leader]:
    """The agencies with tables that score best; unscored ones last. Their other figures are read for these few only."""
    there = Exists(tables_visible_to(viewer).order_by().filter(source=OuterRef("pk")))
    holders = visible_to(viewer, DataSource.objects.filter(there), "data.view").order_by()
    scores = {row["agency_id"]: row for row in scored}
    leaders = [
        Leader(agency, name, scores.get(agency, {}).get("score"), scores.get(agency, {}).get("findings", 0))
        for agency, name in holders.values_list("agency_id", "agency__name").distinct()
    ]
    return sorted(leaders, key=lambda item: (item.score is None, -(item.score or 0), item.name))[:RANKED]


def ranking(
    viewer: Any, leaders: Sequence[Leader], trends: Mapping[UUID | None, quality.Trend]
) -> list[dict[str, Any]]:
    """The leaders with their tables, rows, share profiled, score, its trend and open findings."""
    rows = (
        tables_visible_to(viewer)
        .order_by()
        .filter(source__agency__in=[leader.agency for leader in leaders])
        .values(agency=F("source__agency_id"))
        .annotate(
            tables=Count("pk"),
            rows_total=Sum("rows"),
            profiled=Count("pk", filter=Q(profiled_at__isnull=False)),
        )
    )
    counted = {row["agency"]: row for row in rows}
    return [
        {
            **counted[leader.agency],
            "agency_name": leader.name,
            "share": 100 * counted[leader.agency]["profiled"] / counted[leader.agency]["tables"],
            "score": leader.score,
            "findings": leader.findings,
            "trend": [float(value) for _day, value in trends.get(leader.agency, ())],
            "url": reverse("accounts:agency_detail", args=[leader.agency]),
            "tables_url": page_url("table_list", agency=leader.agency),
        }
        for leader in leaders
        if leader.agency in counted  # not if its last table went this very moment
    ]


def jobs(viewer: Any) -> list[Job]:
    """The jobs to look at: running ones, then waiting ones, then the newest that ended."""
    seen, newest = jobs_visible_to(viewer), ("-created_at", "-id")
    working = list(seen.filter(state__in=OPEN_STATES).order_by("-state", *newest)[:JOBS])  # "running" before "queued"
    ended = seen.exclude(state__in=OPEN_STATES).order_by(*newest)
    return working + list(ended[: JOBS - len(working)])


def activity(viewer: Any) -> Any:
    """The newest work on data in the viewer's agencies, as the audit trail has it."""
    if not can(viewer, "data.view"):
        return AuditEntry.objects.none()
    return visible_to(viewer, AuditEntry.objects.filter(verb__in=SHOWN), "data.view")[:EVENTS]
