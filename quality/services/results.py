"""Results of the one reading: stored per table, in the transaction of its checkpoint."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Q
from django.utils import timezone

import scanner.model
from assets.masking import mask_values
from assets.messages import sentence_stored
from assets.models import ScanRun, Table
from core import clock
from quality import scoring
from quality.choices import FindingState
from quality.models import CheckResult, Finding, Rule, SourceScore, TableScore
from quality.selectors import rules_to_check
from quality.services.findings import follow_result
from quality.services.proposals import refresh_proposals

_CENT = Decimal("0.01")


def store_results(*, table: Table, reading: scanner.model.Reading, run: ScanRun) -> None:
    """Keep what a reading says about the rules of ``table``: results, findings, score, proposals."""
    found = {result.id: result for result in reading.results}
    rules = [rule for rule in rules_to_check(table) if str(rule.pk) in found]
    if rules:
        results = _store(table, reading.rows, rules, found, run)
        _keep_score(table, results, run)
    refresh_proposals(table=table, profiles=reading.columns)


def _store(
    table: Table, rows: int, rules: Sequence[Rule], found: Mapping[str, scanner.model.CheckResult], run: ScanRun
) -> list[CheckResult]:
    CheckResult.objects.filter(rule__in=rules, current=True).update(current=False)
    now = clock.now()
    results = [_result(rule, found[str(rule.pk)], table, rows, run, now) for rule in rules]
    CheckResult.objects.bulk_create(results)
    opened = {finding.rule_id: finding for finding in Finding.objects.filter(rule__in=rules, state=FindingState.OPEN)}
    for rule, result in zip(rules, results, strict=True):
        keys = _masked_keys(table, found[str(rule.pk)].keys)
        follow_result(
            rule=rule, result=result, run=run, opened=opened.get(rule.pk), key_columns=table.primary_key, keys=keys
        )
    return results


def _result(
    rule: Rule, found: scanner.model.CheckResult, table: Table, rows: int, run: ScanRun, now: Any
) -> CheckResult:
    code, params = sentence_stored(found.error or "")
    result = CheckResult(
        rule=rule, source_id=rule.source_id, run=run, at=now, rows=rows, evaluated=found.evaluated,
        failed=found.failed,
        passed=found.passed and not found.error, error=found.error or "", error_code=code, error_params=params,
        observed=found.observed,
        examples=_masked_examples(rule, table, found.examples),
    )  # fmt: skip
    score = result.as_checked().score
    result.score = None if score is None else score.quantize(_CENT)
    return result


def _masked_examples(rule: Rule, table: Table, examples: Sequence[Any]) -> list[Any]:
    """Failing values by the policy of the source; those of several columns are lists, one value a column."""
    columns = [link.column for link in rule.rule_columns.all()]
    policy = table.source.values_policy
    if len(columns) == 1:
        return mask_values(examples, columns[0].personal_kind, policy)
    return [
        [mask_values([value], column.personal_kind, policy)[0] for value, column in zip(row, columns, strict=False)]
        for row in examples
        if isinstance(row, list | tuple)
    ]


def _masked_keys(table: Table, keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
    if not keys:
        return []
    kinds = dict(table.columns.filter(name__in=table.primary_key).values_list("name", "personal_kind"))
    policy = table.source.values_policy
    return [
        [
            mask_values([value], kinds.get(name, ""), policy)[0]
            for value, name in zip(key, table.primary_key, strict=False)
        ]
        for key in keys
    ]


def _keep_score(table: Table, results: Sequence[CheckResult], run: ScanRun) -> None:
    total = scoring.score(result.as_checked() for result in results)
    TableScore.objects.filter(table=table, current=True).update(current=False)
    score = TableScore.objects.create(
        table=table, run=run, at=results[0].at, score=total.total, rules=total.rules, skipped=total.skipped,
        dimensions=[item.as_json() for item in total.dimensions],
    )  # fmt: skip
    table.score, table.scored_at = score.score, score.at
    table.save(update_fields=["score", "scored_at"])


def keep_source_score(*, run: ScanRun) -> None:
    """The source's score of today: the mean over its tables that have one. Nothing scored leaves no row."""
    current = TableScore.objects.filter(table__source_id=run.source_id, table__state="seen", current=True)
    summary = current.aggregate(mean=Avg("score"), tables=Count("id", filter=Q(score__isnull=False)))
    if summary["mean"] is None:
        return
    dimensions: dict[str, list[Decimal]] = {}
    rules = 0
    for table_score in current.only("dimensions", "rules"):
        rules += table_score.rules
        for item in table_score.dimensions:
            dimensions.setdefault(item["dimension"], []).append(Decimal(item["score"]))
    SourceScore.objects.update_or_create(
        source_id=run.source_id,
        day=timezone.localdate(),
        defaults={
            "score": summary["mean"].quantize(_CENT), "tables": summary["tables"], "rules": rules, "simulated": False,
            "dimensions": {name: str(scoring.mean(values)) for name, values in sorted(dimensions.items())},
        },
    )  # fmt: skip
