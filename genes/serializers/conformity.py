"""Shapes on the wire of conformity and deviations."""

from typing import Any

from rest_framework import serializers

from assets.serializers import ColumnReference, TableReference
from genes.models import Conformity, Deviation
from standards.serializers import ElementReference


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
