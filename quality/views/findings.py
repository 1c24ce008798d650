"""Findings: list and one finding."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can
from assets.views.common import NamedFilters
from core.exporting import Field
from core.views import Column, Crumb, DetailPage
from quality import selectors
from quality.filters import FindingFilter
from quality.models import Finding
from quality.views import exports
from quality.views.rules import HOME


class FindingList(NamedFilters):
    verb = "data.view"
    title = _("质量问题")
    noun = npgettext_lazy("count", "个问题", "个问题", "total")
    columns = (
        Column("rule", _("规则"), "rule__name"),
        Column("table", _("表"), "rule__table__name"),
        Column("severity", _("严重程度"), "rule__severity"),
        Column("state", _("状态"), "state"),
        Column("failed", _("不合格行"), "failed", number=True),
        Column("opened", _("发现时间"), "opened_at"),
        Column("last", _("最近发现"), "last_failed_at"),
    )
    row_template = "quality/_finding_row.html"
    filterset_class = FindingFilter
    filter_names = ("state", "severity", "dimension", "kind")
    default_sort = "-last"
    two_line = True
    empty_title = _("还没有质量问题。规则检查不通过时在这里列出。")

    def queryset(self) -> QuerySet[Finding]:
        return selectors.findings_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return exports.FINDINGS

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]


class FindingDetail(DetailPage):
    verb = "data.view"
    template_name = "quality/finding_detail.html"
    url_name = "quality:finding_detail"

    def queryset(self) -> QuerySet[Finding]:
        return selectors.findings_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (_("质量问题"), reverse("quality:finding_list")), (str(self.object), "")]

    def extra_context(self) -> dict[str, Any]:
        history = selectors.rule_history(self.object.rule)
        return {
            "history": list(reversed(history)),
            "failures": [item.failed for item in history],
            "may_scan": can(self.request.user, "scan.run", self.object),
        }
