"""The numbers of data quality, each defined once."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.indicators import Indicator, register
from quality import selectors


def register_all() -> None:
    _one("quality.rules", _("质量规则"), pgettext_lazy("rules", "条"), lambda user: selectors.rules_visible_to(user).filter(enabled=True),
         "rule_list", "?enabled=yes", order=10)  # fmt: skip
    _one("quality.failing_rules", _("未通过的规则"), pgettext_lazy("rules", "条"), selectors.failing_rules,
         "rule_list", "?enabled=yes&failing=yes", order=20, good="down")  # fmt: skip
    _one("quality.scored_tables", _("已评分的表"), _("张"), selectors.scored_tables,
         "assets:table_list", "?scored=yes&state=seen", order=30, good="up")  # fmt: skip
    _one("quality.findings", _("未解决的质量问题"), pgettext_lazy("findings", "个"), selectors.open_findings,
         "finding_list", "?state=open", order=40, good="down")  # fmt: skip
    _one("quality.proposals", _("规则建议待处理"), pgettext_lazy("proposals", "条"), selectors.open_proposals,
         "proposal_list", "?state=open", order=50, personal=True)  # fmt: skip


def _one(
    key: str, label: Any, unit: Any, queryset: Callable[[Any], QuerySet[Any]], page: str, query: str, **options: Any
) -> None:
    url = lambda: reverse(page if ":" in page else f"quality:{page}") + query  # noqa: E731
    register(Indicator(key=key, label=label, unit=unit, queryset=queryset, url=url, group="quality", **options))
