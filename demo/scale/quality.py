"""Rules, what checking them found, proposals and scores of one source."""

from datetime import datetime, timedelta
from decimal import Decimal

from assets.choices import ObjectState
from assets.models import Column, Table
from core.search.documents import row_of
from demo.scale.rows import Batch
from quality import scoring
from quality.choices import KIND_INDICATORS, FindingState, ProposalState, RuleOrigin, Severity
from quality.documents import of_rule
from quality.models import CheckResult, Finding, Rule, RuleColumn, RuleProposal, SourceScore, TableScore

RULED = 0.6  # of the profiled tables
RULES = (1, 2, 3, 4, 5, 6)  # a table has
FAILING, RESOLVED, DISABLED = 0.12, 0.2, 0.03  # of the rules
PROPOSED = 0.08  # of the columns of profiled tables
EARLIER = 2  # results before the current one
_KINDS = {"not_null": ("非空", {}), "matches": ("格式", {"pattern": "^[0-9A-Z]+$"}), "unique": ("唯一", {}),
          "in_set": ("代码", {"values": ["1", "2", "9"]}), "length_between": ("长度", {"min": 1, "max": 18})}  # fmt: skip
_CENT = Decimal("0.01")


def check(batch: Batch) -> None:
    """Add rules to the profiled tables of the batch, with results, findings, scores; proposals to their columns."""
    for table in batch.tables:
        if table.pk not in batch.profiles:
            continue
        columns = [column for column in batch.columns[table.pk] if column.state == ObjectState.SEEN]
        if batch.random.random() < RULED:
            _rules(batch, table, columns)
        for column in columns:
            if batch.random.random() < PROPOSED:
                batch.add(_proposal(batch, column))


def _rules(batch: Batch, table: Table, columns: list[Column]) -> None:
    checked = []
    for _ in range(min(batch.random.choice(RULES), len(columns))):
        rule, column = _rule(batch, table, batch.random.choice(columns))
        batch.add(rule, row_of(of_rule(rule), batch.day), RuleColumn(
            rule=rule, column=column, position=1,
        ))  # fmt: skip
        if rule.enabled:
            checked.append(_results(batch, table, rule))
    score = scoring.score(checked)
    if score.total is None:
        return
    table.score, table.scored_at = score.total, table.profiled_at
    for back in range(EARLIER, -1, -1):
        batch.add(TableScore(
            table=table, run=batch.scans[back], current=back == 0, score=score.total,
            at=_when(batch, table, back), rules=score.rules,
            skipped=score.skipped, dimensions=[item.as_json() for item in score.dimensions],
        ))  # fmt: skip


def _when(batch: Batch, table: Table, back: int) -> datetime:
    """When the table was checked for the last time, or ``back`` scans before."""
    return table.profiled_at if not back and table.profiled_at else batch.scans[back].started_at


def _rule(batch: Batch, table: Table, column: Column) -> tuple[Rule, Column]:
    random = batch.random
    kind = random.choices(list(_KINDS), (4, 3, 2, 2, 1))[0]
    label, parameters = _KINDS[kind]
    made = batch.before(random.uniform(31, 300))
    return Rule(
        id=batch.id(), table=table, source=batch.source, name=f"{column.display_name}{label}", kind=kind, parameters=parameters,
        indicator=KIND_INDICATORS[kind], severity=random.choices(Severity.values, (1, 6, 3))[0],
        enabled=random.random() >= DISABLED, origin=random.choice(RuleOrigin.values), created_at=made, updated_at=made,
    ), column  # fmt: skip


def _results(batch: Batch, table: Table, rule: Rule) -> scoring.Checked:
    """The current result and those before it; the finding that they opened."""
    random, rows = batch.random, table.row_count or 0
    failed = max(1, int(rows * random.random() ** 6)) if rows and random.random() < FAILING else 0
    examples = [f"错误值{number}" for number in range(min(failed, 5))]
    checked = scoring.Checked(rule.kind, rule.dimension, rule.weight, rows, failed)
    for back in range(EARLIER, -1, -1):
        batch.add(CheckResult(
            rule=rule, source=batch.source, run=batch.scans[back], current=back == 0, rows=rows,
            at=_when(batch, table, back), evaluated=rows, failed=failed,
            passed=not failed, score=None if checked.score is None else checked.score.quantize(_CENT), examples=examples,
        ))  # fmt: skip
    if failed or random.random() < RESOLVED:
        batch.add(_finding(batch, table, rule, failed, examples))
    return checked


def _finding(batch: Batch, table: Table, rule: Rule, failed: int, examples: list[str]) -> Finding:
    assert table.profiled_at is not None
    opened = table.profiled_at - timedelta(days=batch.random.uniform(1, 200))
    is_open = failed > 0
    return Finding(
        id=batch.id(), rule=rule, source=batch.source, state=FindingState.OPEN if is_open else FindingState.CLOSED, opened_at=opened,
        last_failed_at=table.profiled_at if is_open else opened, closed_at=None if is_open else table.profiled_at,
        opened_run=batch.scans[-1], checks=3, evaluated=table.row_count or 0, failed=failed or 7,
        failed_at_first=failed or 7, examples=examples, key_columns=["id"], keys=[[1], [2], [3]] if is_open else [],
        keys_expire_at=batch.before(-20) if is_open else None,
    )  # fmt: skip


def _proposal(batch: Batch, column: Column) -> RuleProposal:
    random = batch.random
    state = random.choices(ProposalState.values, (60, 20, 15, 5))[0]
    decided = state in (ProposalState.ACCEPTED, ProposalState.REJECTED)
    return RuleProposal(
        id=batch.id(), column=column, source=batch.source, kind=random.choice(("not_null", "matches", "in_set")), evidence="few_nulls",
        facts={"rows": 1000, "nulls": 2}, state=state, proposed_at=batch.before(random.uniform(0, 90)),
        decided_at=batch.before(0) if decided else None,
    )  # fmt: skip


def scores(batch: Batch, tables: int, mean: float) -> None:
    """One score of the source a day for twelve weeks."""
    for back in range(84, -1, -1):
        value = Decimal(str(round(min(100.0, max(0.0, mean - back * 0.05 + batch.random.uniform(-0.4, 0.4))), 2)))
        dimensions = {code: str(value) for code in ("01", "02", "03")}
        batch.add(SourceScore(
            source=batch.source, day=batch.before(back).date(), score=value, tables=tables,
            dimensions=dimensions, rules=tables * 3, simulated=True,
        ))  # fmt: skip
