"""Reads of data quality: rules, proposals, results, findings, scores."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    Avg,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils import timezone

from accounts.scope import visible_to
from assets.models import Column, DataSource, ScanRun, Table
from quality import scoring
from quality.choices import Dimension, FindingState, ProposalState
from quality.models import CheckResult, Finding, Rule, RuleColumn, RuleProposal, SourceScore, TableScore

_GONE = "gone"
_of_gone_column = Exists(Column.objects.filter(pk=OuterRef("column_id"), state=_GONE))  # few are; a join is for all


def rules_to_check(table: Table) -> list[Rule]:
    """Enabled rules of a table whose columns are all there, with their columns (two queries)."""
    rules = with_columns(Rule.objects.filter(table=table, enabled=True)).order_by("created_at", "id")
    return [rule for rule in rules if all(link.column.state != _GONE for link in rule.rule_columns.all())]


def with_columns(rules: QuerySet[Rule]) -> QuerySet[Rule]:
    links = RuleColumn.objects.select_related("column").order_by("position")
    return rules.prefetch_related(Prefetch("rule_columns", queryset=links))


def with_result(rules: QuerySet[Rule]) -> QuerySet[Rule]:
    """Rules with their newest result as ``current_results`` (a list of none or one)."""
    current = CheckResult.objects.filter(current=True)
    return rules.prefetch_related(Prefetch("results", queryset=current, to_attr="current_results"))


def rules_visible_to(user: Any) -> QuerySet[Rule]:
    """Rules with table, source and agency, their columns and newest result."""
    rules = visible_to(user, Rule.objects.select_related("table__source__agency", "created_by"))
    return with_result(with_columns(rules.defer("table__source__sealed_secrets")))


def rules_of_table(table: Table) -> QuerySet[Rule]:
    return with_result(with_columns(Rule.objects.filter(table=table)))


def rules_of_column(column: Column) -> QuerySet[Rule]:
    return with_result(with_columns(Rule.objects.filter(rule_columns__column=column)))


def failing_rules(user: Any) -> QuerySet[Rule]:
    """Enabled rules whose newest check failed or could not be run."""
    return rules_visible_to(user).filter(enabled=True, results__current=True, results__passed=False)


def proposals_visible_to(user: Any) -> QuerySet[RuleProposal]:
    """All proposals with column, table, source and agency."""
    proposals = RuleProposal.objects.select_related("column__table", "column__source__agency")
    return visible_to(user, proposals.defer("column__source__sealed_secrets"))


def open_proposals(user: Any) -> QuerySet[RuleProposal]:
    """Those that wait for a person who may decide on them."""
    proposals = RuleProposal.objects.select_related("column__table", "column__source__agency")
    waiting = proposals.filter(state=ProposalState.OPEN).exclude(_of_gone_column)
    return visible_to(user, waiting.defer("column__source__sealed_secrets"), "rule.edit")


def open_proposals_of_table(table: Table) -> QuerySet[RuleProposal]:
    waiting = RuleProposal.objects.filter(column__table=table, state=ProposalState.OPEN).exclude(column__state=_GONE)
    return waiting.select_related("column").order_by("column__position", "kind")


def findings_visible_to(user: Any) -> QuerySet[Finding]:
    findings = Finding.objects.select_related("rule__table__source__agency").defer(
        "rule__table__source__sealed_secrets"
    )
    links = RuleColumn.objects.select_related("column").order_by("position")
    return visible_to(user, findings).prefetch_related(Prefetch("rule__rule_columns", queryset=links))


def open_findings(user: Any) -> QuerySet[Finding]:
    return findings_visible_to(user).filter(state=FindingState.OPEN)


def open_finding_of(rule: Rule) -> Finding | None:
    return rule.findings.filter(state=FindingState.OPEN).first()


def tables_matching(tables: QuerySet[Table], text: str) -> QuerySet[Table]:
    """Those whose name, title or comment has ``text``."""
    named = Q(name__icontains=text) | Q(title__icontains=text) | Q(comment__icontains=text)
    return tables.filter(named).order_by("name", "id")


BOUND_AT_ONCE = 200  # columns that the bulk page offers


def columns_to_bind(user: Any, text: str) -> QuerySet[Column]:
    """Columns that the user may put rules on and whose name, title or comment has ``text``; none without text."""
    columns = Column.objects.filter(state="seen", table__state="seen").select_related("table__source", "source")
    named = Q(name__icontains=text) | Q(title__icontains=text) | Q(comment__icontains=text)
    found = visible_to(user, columns.defer("source__sealed_secrets", "table__source__sealed_secrets"), "rule.edit")
    chosen = (
        found.filter(named).order_by("name", "id").values("pk")[:BOUND_AT_ONCE] if text else found.none().values("pk")
    )
    return found.filter(pk__in=list(chosen.values_list("pk", flat=True))).order_by("name", "id")


def findings_of_table(table: Table) -> QuerySet[Finding]:
    return Finding.objects.filter(rule__table=table).select_related("rule__table__source")


def results_visible_to(user: Any) -> QuerySet[CheckResult]:
    results = CheckResult.objects.select_related("rule__table__source__agency", "run")
    return visible_to(user, results.defer("rule__table__source__sealed_secrets"))


def with_findings(results: QuerySet[CheckResult]) -> QuerySet[CheckResult]:
    """The same results with the columns of their rules, and the rules' findings as ``rule.newest_findings``."""
    links = RuleColumn.objects.select_related("column").order_by("position")
    findings = Finding.objects.only("id", "rule_id", "state", "opened_at", "closed_at").order_by("-opened_at", "-id")
    return results.prefetch_related(
        Prefetch("rule__rule_columns", queryset=links),
        Prefetch("rule__findings", queryset=findings, to_attr="newest_findings"),
    )


def results_of_run(run: ScanRun) -> QuerySet[CheckResult]:
    """What one scan found, what failed first."""
    results = run.check_results.select_related("rule__table__source").defer("rule__table__source__sealed_secrets")
    return results.order_by("passed", "-failed", "rule__name", "id")


def rule_history(rule: Rule, limit: int = 60) -> list[CheckResult]:
    """Results of a rule, oldest first."""
    return list(reversed(rule.results.order_by("-at", "-id")[:limit]))


def column_scores(columns: Sequence[Column], user: Any) -> dict[Any, Decimal]:
    """Score of each column that has one, by the arithmetic of tables over the newest results of its enabled rules."""
    wanted = {column.pk for column in columns}
    results = CheckResult.objects.filter(current=True, rule__enabled=True, rule__columns__in=wanted)
    links = RuleColumn.objects.filter(column__in=wanted)
    found = results.distinct().select_related("rule").prefetch_related(Prefetch("rule__rule_columns", queryset=links))
    checked: dict[Any, list[scoring.Checked]] = {}
    for result in found.only(*_SCORED):
        for link in result.rule.rule_columns.all():
            checked.setdefault(link.column_id, []).append(result.as_checked())
    scores = {pk: scoring.score(items).total for pk, items in checked.items()}
    return {pk: total for pk, total in scores.items() if total is not None}


_SCORED = ("evaluated", "failed", "error", "rule__kind", "rule__indicator", "rule__weight")


def score_of(table: Table) -> TableScore | None:
    """The newest score of a table with its arithmetic; None when no rule was ever checked."""
    return TableScore.objects.filter(table=table, current=True).first()


def score_history(table: Table, limit: int = 90) -> list[TableScore]:
    """Scores of a table, oldest first."""
    return list(reversed(TableScore.objects.filter(table=table).order_by("-at", "-id")[:limit]))


def scored_tables(user: Any) -> QuerySet[Table]:
    """Tables that have a score."""
    tables = Table.objects.filter(score__isnull=False, state="seen").select_related("source__agency")
    return visible_to(user, tables.defer("source__sealed_secrets"))


def worst_tables(user: Any) -> QuerySet[Table]:
    """Tables that have a score, the lowest first: told as the index over scores has it."""
    return scored_tables(user).order_by(F("score").asc(nulls_first=True), "id")


@dataclass(frozen=True, slots=True)
class DimensionFigure:
    """One of the six dimensions over many tables; ``score`` is None where no rule serves it."""

    dimension: str
    label: str
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class Overall:
    """The score of everything a user may see: the mean over its tables that have one."""

    score: Decimal | None
    tables: int
    dimensions: list[DimensionFigure]


def overall(user: Any, agencies: Sequence[Mapping[str, Any]]) -> Overall:
    """From the scores of the agencies and of the dimensions, by the number of tables of each."""
    latest = _last_scores(user, timezone.localdate())
    parts: dict[str, list[tuple[Decimal, int]]] = {}
    for row in latest:
        for name, value in row.dimensions.items():
            parts.setdefault(name, []).append((Decimal(value), row.tables))
    figures = [DimensionFigure(item.value, str(item.label), _weighted(parts.get(item.value, []))) for item in Dimension]
    tables = sum(row["tables"] for row in agencies)
    return Overall(_weighted([(row["score"], row["tables"]) for row in agencies]), tables, figures)


Trend = list[tuple[date, Decimal]]


def trend(user: Any, days: int = 84, step: int = 7) -> Trend:
    """The overall score on each ``step``-th day up to today, oldest first; days before the first score are left out."""
    return trends(user, days, step).get(None, [])


def trends(user: Any, days: int = 84, step: int = 7, agencies: Container[UUID] = ()) -> dict[UUID | None, Trend]:
    """The trend of all together (None), and of some agencies, by id: every source with its last score by then."""
    today = timezone.localdate()
    ends = [today - timedelta(days=back) for back in range(days, -1, -step)]
    within = visible_to(user, SourceScore.objects.filter(day__gt=ends[0], day__lte=today))
    starts = Value([day + timedelta(days=1) for day in ends])
    place = Func("day", starts, function="width_bucket", template="%(function)s(%(expressions)s::date[])")
    placed = within.annotate(place=ExpressionWrapper(place, IntegerField()))
    newest = placed.order_by("source_id", "place", "-day").distinct("source_id", "place")
    fields = ("source__agency_id", "source_id", "score", "tables")
    by_place: dict[int, list[Any]] = defaultdict(list)
    by_place[0] = list(_last_scores(user, ends[0]).values_list(*fields))
    for *row, number in newest.values_list(*fields, "place"):
        by_place[number].append(row)
    held: dict[UUID, Any] = {}
    found: dict[UUID | None, Trend] = defaultdict(list)
    for number, day in enumerate(ends):
        held.update({source: (agency, score, tables) for agency, source, score, tables in by_place[number]})
        parts: dict[UUID | None, list[tuple[Decimal, int]]] = defaultdict(list)
        for agency, score, tables in held.values():
            if agency in agencies:
                parts[agency].append((score, tables))
            parts[None].append((score, tables))
        for agency, values in parts.items():
            value = _weighted(values)
            if value is not None:
                found[agency].append((day, value))
    return found


def _last_scores(user: Any, day: date) -> QuerySet[SourceScore]:
    """The last score of each source by ``day``, looked up source by source: the record of years is not read."""
    own = SourceScore.objects.filter(source=OuterRef("pk"), day__lte=day).order_by("-day").values("pk")[:1]
    sources = visible_to(user, DataSource.objects.order_by(), "data.view")
    return visible_to(user, SourceScore.objects.filter(pk__in=sources.annotate(last=Subquery(own)).values("last")))


def _weighted(values: Sequence[tuple[Decimal, int]]) -> Decimal | None:
    weight = sum(count for _, count in values)
    return scoring.mean([sum((value * count for value, count in values), Decimal(0)) / weight]) if weight else None


def scores_by_agency(user: Any) -> list[dict[str, Any]]:
    """Each agency with scored tables: {"agency_id","name","score","tables","findings"}, best first."""
    rows = (
        scored_tables(user)
        .order_by()
        .values(agency=F("source__agency_id"), agency_name=F("source__agency__name"))
        .annotate(mean=Avg("score"), tables=Count("score"))
    )
    findings = dict(open_findings(user).order_by().values_list("source__agency_id").annotate(count=Count("id")))
    listed = [
        {
            "agency_id": row["agency"], "name": row["agency_name"], "score": row["mean"], "tables": row["tables"],
            "findings": findings.get(row["agency"], 0),
        }
        for row in rows
    ]  # fmt: skip
    return sorted(listed, key=lambda row: (-row["score"], row["name"]))
