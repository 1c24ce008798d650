"""What scans found, rule by rule: the results of one run, one rule or one table."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from assets.views.common import NamedFilters
from core.exporting import Field
from core.views import Column, Crumb
from quality import selectors
from quality.filters import ResultFilter
from quality.models import CheckResult
from quality.views import exports
from quality.views.rules import HOME


class ResultList(NamedFilters):
    verb = "data.view"
    title = _("检查结果")
    noun = npgettext_lazy("count", "条结果", "条结果", "total")
    columns = (
        Column("rule", _("规则"), "rule__name"),
        Column("table", _("表"), "rule__table__name"),
        Column("passed", _("结果"), "passed"),
        Column("evaluated", _("检查行数"), "evaluated", number=True),
        Column("failed", _("不合格行"), "failed", number=True),
        Column("share", _("合格率")),
        Column("at", _("检查时间"), "at"),
    )
    row_template = "quality/_result_list_row.html"
    filterset_class = ResultFilter
    filter_names = ("source", "passed", "current", "kind")
    default_sort = "-at"
    two_line = True
    empty_title = _("还没有检查结果。有规则的表在扫描后，每条规则的结果在这里列出。")

    def queryset(self) -> QuerySet[CheckResult]:
        return selectors.with_findings(selectors.results_visible_to(self.request.user))

    def exports(self) -> Sequence[Field]:
        return exports.RESULTS

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]
