"""Shapes on the wire of matches, bindings and decisions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assets.models import Column
from assets.serializers import AgencyRef, ColumnReference, TableReference
from core.api import VisibleKey
from genes.models import Binding, Match
from genes.reasons import evidence
from genes.serializers.design import EvidenceSerializer
from standards.models import DataElement
from standards.serializers import ElementReference


class OtherMatchSerializer(serializers.ModelSerializer[Match]):
    element = ElementReference(read_only=True)

    class Meta:
        model = Match
        fields = ("id", "element", "rank", "confidence")
        read_only_fields = fields


class MatchSerializer(serializers.ModelSerializer[Match]):
    """The best open proposal of a column; ``others`` are the next ones, ``evidence`` what speaks for and against it."""

    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    agency = AgencyRef(source="column.source.agency", read_only=True)
    element = ElementReference(read_only=True)
    zone = serializers.CharField(source="column.gene.zone", read_only=True, default="")
    evidence = serializers.SerializerMethodField()
    others = OtherMatchSerializer(source="column.others", many=True, read_only=True)

    class Meta:
        model = Match
        fields = (
            "id",
            "column",
            "table",
            "agency",
            "element",
            "confidence",
            "zone",
            "evidence",
            "others",
            "proposed_at",
        )
        read_only_fields = fields

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, match: Match) -> Any:
        return EvidenceSerializer(evidence(match), many=True).data


class BindingSerializer(serializers.ModelSerializer[Binding]):
    """The element that a column carries; ``origin`` machine or person."""

    id = serializers.UUIDField(source="column_id", read_only=True)
    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    agency = AgencyRef(source="column.source.agency", read_only=True)
    element = ElementReference(read_only=True)
    decided_by = serializers.CharField(source="decided_by.name", read_only=True, default="")

    class Meta:
        model = Binding
        fields = (
            "id", "column", "table", "agency", "element", "origin", "confidence", "decided_by", "decided_at", "batch"
        )  # fmt: skip
        read_only_fields = fields


class MatchesBody(serializers.Serializer[Any]):
    """Proposals of the queue, at most a thousand; all are decided or none."""

    matches = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=1_000)


class ChoiceBody(serializers.Serializer[Any]):
    """Another element than the one proposed first."""

    column = VisibleKey(queryset=Column.objects.all())
    element = VisibleKey(queryset=DataElement.objects.all())


class BatchBody(serializers.Serializer[Any]):
    """What was decided in one go."""

    batch = serializers.UUIDField()


class DecidedSerializer(serializers.Serializer[Any]):
    """``batch`` names the decision, to take it back; null of what takes back."""

    batch = serializers.UUIDField(allow_null=True)
    columns = serializers.IntegerField()
