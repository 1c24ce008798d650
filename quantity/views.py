"""管数量: how much there is, by whom and how known, and how it grew."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, npgettext_lazy
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from assets.links import page_url
from core.exporting import ExportPage, Field
from core.views import Column, Crumb, SignedInView
from quantity import selectors
from quantity.choices import Grouping
from quantity.filters import SampleFilter
from quantity.models import VolumeSample

DAYS = 84  # twelve weeks
STEP = 7  # one point a week on the chart


class Overview(SignedInView):
    """Totals with their method and time, the trend, and one ranking (`?by=agency|source|kind`)."""

    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("by", "")
        by = Grouping(asked) if asked in Grouping.values else Grouping.AGENCY
        total = selectors.total(request.user)
        today = timezone.localdate()
        days = [today - timedelta(days=back) for back in range(DAYS - STEP, -1, -STEP)]
        points = selectors.volumes_on(request.user, days)
        shares = selectors.ranking(request.user, by)
        context = {
            "title": translate("数量"),
            "crumbs": [(translate("数量"), "")],
            "total": total,
            "points": points,
            "chart": chart(points),
            "by": by,
            "groupings": [(item.value, item.label, f"?by={item.value}") for item in Grouping],
            "shares": [(share, table_list(by, share.key), _part(share.volume.rows, total.rows)) for share in shares],
            "tables_url": page_url("table_list"),
            "columns_url": page_url("column_list"),
        }
        return render(request, "quantity/overview.html", context)


def chart(points: list[selectors.Point]) -> dict[str, Any]:
    """Rows in units of 10,000 (English: 1,000) with an axis around them, as static/dg/chart.js draws it."""
    unit = 10_000 if (get_language() or "zh").startswith("zh") else 1_000
    values = [round(point.volume.rows / unit, 2) for point in points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    step = _step(high - low)
    return {
        "days": [f"{point.day.month}/{point.day.day}" for point in points],
        "scores": values,
        "min": max(0, int(low // step * step - step)),
        "max": int(high // step * step + step),
        "step": step,
        "name": translate("数据量（万行）"),
    }


def _step(spread: float) -> int:
    """A round distance between lines, five lines or so: 1, 2 or 5 times a power of ten."""
    step = 1
    while spread / step > 5:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return step


def _part(rows: int, total: int) -> float:
    return 100 * rows / total if total else 0.0


def table_list(by: Grouping, key: str) -> str:
    """The tables that a line of the ranking adds up."""
    return page_url("table_list", **{{"agency": "agency", "source": "source", "kind": "source_kind"}[by]: key})


SAMPLE_FIELDS = (
    Field(_("机构"), lambda row: row.agency.name),
    Field(_("数据源"), lambda row: row.source.name),
    Field(_("表"), lambda row: row.table.label if row.table else ""),
    Field(_("计量时间"), lambda row: row.at),
    Field(_("计量方法"), lambda row: row.get_method_display()),
    Field(_("来源"), lambda row: row.get_origin_display()),
    Field(_("表数"), lambda row: row.tables),
    Field(_("字段数"), lambda row: row.columns),
    Field(_("行数"), lambda row: row.rows),
    Field(_("容量（字节）"), lambda row: row.bytes),
    Field(_("未知行数的表"), lambda row: row.uncounted),
)


class SampleList(ExportPage):
    """Every sample with its method: the numbers behind the trend."""

    verb = "data.view"
    title = _("数量样本")
    noun = npgettext_lazy("count", "个样本", "个样本", "total")
    columns = (
        Column("object", _("对象")),
        Column("at", _("计量时间"), "at"),
        Column("method", _("计量方法"), "method"),
        Column("origin", _("来源"), "origin"),
        Column("tables", _("表"), "tables", number=True),
        Column("columns", _("字段"), "columns", number=True),
        Column("rows", _("行数"), "rows", number=True),
        Column("bytes", _("容量"), "bytes", number=True),
    )
    row_template = "quantity/_sample_row.html"
    filterset_class = SampleFilter
    filter_names = ("level", "origin", "method")
    default_sort = "-at"
    two_line = True
    empty_title = _("还没有数量样本。盘点数据源后，每次计量在这里列出。")

    def queryset(self) -> QuerySet[VolumeSample]:
        return selectors.samples_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return SAMPLE_FIELDS

    def crumbs(self) -> list[Crumb]:
        return [(_("数量"), reverse("quantity:overview")), (self.title, "")]
