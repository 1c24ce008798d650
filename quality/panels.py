"""What quality adds to the pages of tables and columns."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.panels import Panel, RowFact, register, register_fact
from quality import selectors
from quality.choices import FindingState
from quality.models import Finding

RESULTS_SHOWN = 20  # on the page of a scan; the list of results has them all


def _of_table(table: Any, user: Any) -> Mapping[str, Any]:
    opened = Finding.objects.filter(state=FindingState.OPEN)
    rules = list(
        selectors.rules_of_table(table).prefetch_related(Prefetch("findings", opened, to_attr="open_findings"))
    )
    for rule in rules:
        rule.open_finding = rule.open_findings[0] if rule.open_findings else None  # type: ignore[attr-defined]
    history = selectors.score_history(table)
    return {
        "score": selectors.score_of(table),
        "scores": [float(item.score) for item in history if item.score is not None],
        "rules": rules,
        "proposals": list(selectors.open_proposals_of_table(table)),
        "may_edit": can(user, "rule.edit", table),
        "here": f"{table.get_absolute_url()}quality/",
    }


def _count(table: Any, user: Any) -> int | None:
    return selectors.findings_of_table(table).filter(state=FindingState.OPEN).count() or None


def _of_column(column: Any, user: Any) -> Mapping[str, Any]:
    return {"rules": list(selectors.rules_of_column(column)), "may_edit": can(user, "rule.edit", column)}


def _of_run(run: Any, user: Any) -> Mapping[str, Any]:
    results = selectors.results_of_run(run)
    counts = results.order_by().aggregate(all=Count("pk"), failed=Count("pk", filter=Q(passed=False)))
    return {"results": selectors.with_findings(results)[:RESULTS_SHOWN], "counts": counts}


def register_all() -> None:
    register(
        "assets.Table", Panel("quality", _("质量"), "quality/_table_panel.html", _of_table, order=40, count=_count)
    )
    register("assets.ScanRun", Panel("results", _("规则检查结果"), "quality/_run_panel.html", _of_run, order=10))
    register("assets.Column", Panel("quality", _("质量"), "quality/_column_panel.html", _of_column, order=40))
    register_fact(
        "assets.Column",
        RowFact("score", _("质量分"), "quality/_column_score.html", selectors.column_scores, order=90, number=True),
    )
