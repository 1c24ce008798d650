"""Shapes of data quality on the wire. A body says what may be set; everything else in it is ignored."""

from typing import Any

from rest_framework import serializers

from assets.models import Column, Table
from assets.serializers import ColumnReference, TableReference
from core.api import VisibleKey
from quality.evidence import sentence
from quality.models import CheckResult, Finding, Rule, RuleProposal


class ResultSerializer(serializers.ModelSerializer[CheckResult]):
    """``examples`` are masked by the policy of the source."""

    pass_share = serializers.FloatField(read_only=True, allow_null=True)
    error = serializers.CharField(source="error_text", read_only=True)

    class Meta:
        model = CheckResult
        fields = (
            "id", "rule", "run", "at", "current", "rows", "evaluated", "failed", "passed", "pass_share", "score",
            "observed", "error", "examples",
        )  # fmt: skip
        read_only_fields = fields


class RuleSerializer(serializers.ModelSerializer[Rule]):
    """``name`` is made in the reader's language unless a person gave one (``named``)."""

    name = serializers.CharField(source="label", read_only=True)
    table = TableReference(read_only=True)
    columns = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()
    dimension = serializers.CharField(read_only=True)

    class Meta:
        model = Rule
        fields = (
            "id", "name", "named", "kind", "table", "columns", "parameters", "where", "mostly", "dimension", "indicator",
            "severity", "weight", "description", "enabled", "origin", "created_at", "updated_at", "result",
        )  # fmt: skip
        read_only_fields = fields

    def get_columns(self, rule: Rule) -> list[dict[str, Any]]:
        return [dict(ColumnReference(link.column).data) for link in rule.rule_columns.all()]

    def get_result(self, rule: Rule) -> dict[str, Any] | None:
        current = getattr(rule, "current_results", [])
        return dict(ResultSerializer(current[0]).data) if current else None


class RuleBody(serializers.Serializer[Rule]):
    """``table`` and ``columns`` by id; ``parameters`` as docs/rules.md says for the kind."""

    table = VisibleKey(queryset=Table.objects.all(), required=False)
    columns = VisibleKey(queryset=Column.objects.all(), many=True, required=False)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kind = serializers.CharField(max_length=32)
    parameters = serializers.DictField(required=False)
    where = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    mostly = serializers.DecimalField(max_digits=7, decimal_places=6, min_value=0, max_value=1, required=False)
    indicator = serializers.CharField(max_length=4, required=False)
    severity = serializers.CharField(max_length=16, required=False)
    weight = serializers.IntegerField(min_value=1, max_value=100, required=False)
    description = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    enabled = serializers.BooleanField(required=False)


class BulkRuleBody(RuleBody):
    """The same single-column rule on each of ``columns``, which may lie in several tables."""

    columns = VisibleKey(queryset=Column.objects.select_related("table__source"), many=True, allow_empty=False)


class SelectionBody(serializers.Serializer[Any]):
    """``ids`` of rows to act on; a foreign id is as unknown as a wrong one."""

    ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=1_000)


class ProposalSerializer(serializers.ModelSerializer[RuleProposal]):
    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    reason = serializers.SerializerMethodField()

    class Meta:
        model = RuleProposal
        fields = (
            "id",
            "table",
            "column",
            "kind",
            "parameters",
            "reason",
            "facts",
            "state",
            "rule",
            "proposed_at",
            "decided_at",
        )
        read_only_fields = fields

    def get_reason(self, proposal: RuleProposal) -> str:
        return sentence(proposal.evidence, proposal.facts)


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """``examples`` and ``keys`` (of failing rows, kept 30 days) are masked by the policy of the source."""

    table = TableReference(source="rule.table", read_only=True)
    rule_name = serializers.CharField(source="rule.label", read_only=True)
    kind = serializers.CharField(source="rule.kind", read_only=True)
    severity = serializers.CharField(source="rule.severity", read_only=True)

    class Meta:
        model = Finding
        fields = (
            "id", "rule", "rule_name", "kind", "severity", "table", "state", "opened_at", "last_failed_at", "closed_at",
            "opened_run", "closed_run", "checks", "evaluated", "failed", "failed_at_first", "examples", "key_columns",
            "keys", "keys_expire_at",
        )  # fmt: skip
        read_only_fields = fields
