"""Findings: open on a failing result, the same through re-scans, closed only by a passing one."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from assets.models import ScanRun
from core import clock
from quality.choices import FindingState
from quality.models import CheckResult, Finding, Rule
from quality.signals import check_failed, finding_closed

KEYS_KEPT = timedelta(days=30)  # failing rows' keys are personal data more often than not


def follow_result(
    *,
    rule: Rule,
    result: CheckResult,
    run: ScanRun,
    opened: Finding | None,
    key_columns: Sequence[str],
    keys: list[Any],
) -> None:
    """Open, continue or close the finding of ``rule`` after a new result.

    A result with an error says nothing about the rows: it neither opens nor closes. So does one that had no rows.
    """
    if result.error:
        return
    if result.passed:
        if opened is not None and result.evaluated:
            _close(opened, run, result.at)
        return
    if opened is None:
        opened = Finding(
            rule=rule, source_id=rule.source_id, opened_at=result.at, opened_run=run, failed_at_first=result.failed,
            checks=0,
        )  # fmt: skip
    is_new = opened._state.adding
    opened.checks += 1
    opened.last_failed_at = result.at
    opened.evaluated, opened.failed, opened.examples = result.evaluated, result.failed, result.examples
    opened.key_columns, opened.keys = list(key_columns), keys
    opened.keys_expire_at = result.at + KEYS_KEPT if keys else None
    opened.save()
    if is_new:
        check_failed.send(Finding, finding=opened)


def _close(finding: Finding, run: ScanRun, at: datetime) -> None:
    finding.state, finding.closed_at, finding.closed_run = FindingState.CLOSED, at, run
    finding.keys, finding.keys_expire_at = [], None
    finding.save()
    finding_closed.send(Finding, finding=finding)


def withdraw_findings(*, rules: Iterable[Rule]) -> int:
    """End the open findings of rules that no longer ask what they asked; returns how many."""
    return Finding.objects.filter(rule__in=list(rules), state=FindingState.OPEN).update(
        state=FindingState.WITHDRAWN, closed_at=clock.now(), keys=[], keys_expire_at=None
    )


def drop_expired_keys() -> int:
    """Forget failing rows' keys past their time; returns how many findings were cleared."""
    return Finding.objects.filter(keys_expire_at__lt=clock.now()).update(keys=[], keys_expire_at=None)
