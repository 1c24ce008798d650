"""Shapes of genes on the wire."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from assets.serializers import ColumnReference, TableReference
from genes.models import Conformity, Deviation
from standards.serializers import CodeSetReference, ElementReference


class ConformitySerializer(serializers.ModelSerializer[Conformity]):
    """``share`` (0–1) of the values that keep to the element, null where there was none."""

    id = serializers.UUIDField(source="column_id", read_only=True)
    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    element = ElementReference(source="edition.element", read_only=True)
    edition = serializers.IntegerField(source="edition.number", read_only=True)
    share = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Conformity
        fields = ("id", "column", "table", "element", "edition", "aspect", "at", "checked", "failed", "ended", "share")
        read_only_fields = fields


class DeviationSerializer(serializers.ModelSerializer[Deviation]):
    """``examples`` are masked by the policy of the source; ``found`` says what is wrong with a declaration."""

    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    element = ElementReference(read_only=True)
    state = serializers.CharField(read_only=True)
    found = serializers.CharField(read_only=True)
    accepted_by = serializers.SerializerMethodField()

    class Meta:
        model = Deviation
        fields = (
            "id", "column", "table", "element", "aspect", "state", "found", "detail", "checked", "failed", "examples",
            "first_at", "last_at", "cleared_at", "accepted_by", "accepted_at", "accepted_until", "reason",
        )  # fmt: skip
        read_only_fields = fields

    def get_accepted_by(self, deviation: Deviation) -> str | None:
        return deviation.accepted_by.name if deviation.accepted_by else None


class AcceptBody(serializers.Serializer[Any]):
    """``until``: the last day on which the deviation is let stand."""

    reason = serializers.CharField(max_length=500)
    until = serializers.DateField()


class RateSerializer(serializers.Serializer[Any]):
    """落标率 of one agency, one system, or (key null) of all; shares 0–1, null where nothing was checked."""

    key = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    columns = serializers.IntegerField()
    kept = serializers.IntegerField()
    values = serializers.IntegerField()
    failed = serializers.IntegerField()
    unchecked = serializers.IntegerField()
    column_share = serializers.FloatField(allow_null=True)
    value_share = serializers.FloatField(allow_null=True)


class RatesSerializer(serializers.Serializer[Any]):
    overall = RateSerializer()
    agencies = RateSerializer(many=True)
    systems = RateSerializer(many=True)


class NewColumnBody(serializers.Serializer[Any]):
    """A column that is in no source yet. ``values`` are looked at and forgotten; up to a thousand."""

    name = serializers.CharField(max_length=200)
    comment = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)
    type = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    length = serializers.IntegerField(min_value=1, max_value=1 << 30, required=False, allow_null=True, default=None)
    table = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    table_comment = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)
    siblings = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=2_000, required=False, default=list
    )
    values = serializers.ListField(
        child=serializers.CharField(max_length=500, allow_blank=True), max_length=1_000, required=False, default=list
    )

    def validate_name(self, name: str) -> str:
        if not name.isprintable():
            raise serializers.ValidationError(_("名称含有不可见字符。"))
        return name


class EvidenceSerializer(serializers.Serializer[Any]):
    """``kind``: table, comment, name, type or values; ``figure`` 0–1 (of values their share); ``weight`` in log-odds."""

    kind = serializers.CharField()
    figure = serializers.FloatField()
    text = serializers.CharField()
    weight = serializers.FloatField()


class SuggestedSerializer(serializers.Serializer[Any]):
    element = ElementReference()
    notation = serializers.CharField(source="element.current.notation")
    code_set = CodeSetReference(source="element.current.code_set", allow_null=True)
    level = serializers.CharField(source="element.current.level")
    confidence = serializers.FloatField()
    evidence = EvidenceSerializer(many=True)


class SuggestionSerializer(serializers.Serializer[Any]):
    """``zone``: auto (may be taken unseen), suggested (a person decides) or none (no element fits); ``best`` null: none does."""

    zone = serializers.CharField()
    best = ElementReference(source="best.element", allow_null=True, default=None)
    none = serializers.FloatField()
    candidates = SuggestedSerializer(many=True)
