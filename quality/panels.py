"""What quality adds to the pages of tables and columns."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.panels import Panel, register
from quality import selectors
from quality.choices import FindingState
from quality.models import Finding


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


def register_all() -> None:
    register(
        "assets.Table", Panel("quality", _("质量"), "quality/_table_panel.html", _of_table, order=40, count=_count)
    )
    register("assets.Column", Panel("quality", _("质量"), "quality/_column_panel.html", _of_column, order=40))
