"""Shapes on the wire of families, joins, rulings, repeated collection and the map."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Agency
from assets.serializers import AgencyRef, ColumnReference, TableReference
from core.api import VisibleKey
from genes.models import Family, FamilyMember, Join, Repetition, Ruling
from genes.selectors.authority import weighed
from standards.models import DataElement
from standards.serializers import ElementReference


class NamedRuling(serializers.ModelSerializer[Ruling]):
    """A ruling in force, as other rows refer to it."""

    area = AgencyRef(source="agency", read_only=True)
    holder = AgencyRef(read_only=True)

    class Meta:
        model = Ruling
        fields = ("id", "area", "holder", "valid_from", "valid_until")
        read_only_fields = fields


class FamilySerializer(serializers.ModelSerializer[Family]):
    """Counts are of the columns that one may see; ``number`` 0 holds those that share values with none."""

    element = ElementReference(read_only=True)
    columns = serializers.IntegerField(read_only=True)
    agencies = serializers.IntegerField(read_only=True)
    conflicts = serializers.IntegerField(read_only=True)
    rulings = NamedRuling(source="element.in_force", many=True, read_only=True)

    class Meta:
        model = Family
        fields = ("id", "element", "number", "columns", "agencies", "conflicts", "rulings")
        read_only_fields = fields


class MemberSerializer(serializers.ModelSerializer[FamilyMember]):
    """One column of a family. ``differs``: {"format" | "length" | "code_set": [its own, the usual]}; ``share`` of its
    values lie in the column ``held_in``, the best one of the family that one may see."""

    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    agency = AgencyRef(source="column.source.agency", read_only=True)
    differs = serializers.JSONField(read_only=True)
    held_in = serializers.UUIDField(source="held_in.target_id", read_only=True, default=None)
    share = serializers.FloatField(source="held_in.share", read_only=True, default=None)

    class Meta:
        model = FamilyMember
        fields = ("column", "table", "agency", "differs", "held_in", "share")
        read_only_fields = fields


class JoinSerializer(serializers.ModelSerializer[Join]):
    """``share`` (0–1) of the distinct values of ``column`` lie in ``target``; null when only declared. ``score`` ranks."""

    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    target = ColumnReference(read_only=True)
    target_table = TableReference(source="target.table", read_only=True)
    score = serializers.FloatField(read_only=True)

    class Meta:
        model = Join
        fields = (
            "id", "column", "table", "target", "target_table", "declared", "share", "error", "key_share", "same_element",
            "alike", "same_type", "score", "found_at",
        )  # fmt: skip
        read_only_fields = fields


class CandidateSerializer(serializers.Serializer[Any]):
    """What speaks for one agency as the source of an element; figures null where nothing was measured, ``score`` 0–1."""

    agency_id = serializers.UUIDField()
    agency = serializers.CharField()
    lawful = serializers.CharField(help_text="The basis of the ruling that named it before, empty without one.")
    score = serializers.FloatField()
    columns = serializers.IntegerField()
    completeness = serializers.FloatField(allow_null=True)
    distinct = serializers.IntegerField(allow_null=True)
    coverage = serializers.FloatField(allow_null=True)
    newest = serializers.DateField(allow_null=True)
    freshness = serializers.FloatField(allow_null=True)
    in_degree = serializers.IntegerField()
    asked = serializers.FloatField()


class RulingSerializer(serializers.ModelSerializer[Ruling]):
    """``standing`` today: draft, review, upcoming, in_force, ended. ``repeated``: columns that collect again, of those one
    may see. ``candidates`` as they stood when it was proposed, of agencies that one may see."""

    element = ElementReference(read_only=True)
    area = AgencyRef(source="agency", read_only=True)
    holder = AgencyRef(read_only=True)
    standing = serializers.CharField(read_only=True)
    repeated = serializers.IntegerField(read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.name", read_only=True, default="")
    candidates = serializers.SerializerMethodField()

    class Meta:
        model = Ruling
        fields = (
            "id", "element", "area", "holder", "state", "standing", "basis", "valid_from", "valid_until", "repeated",
            "candidates", "proposed_by", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(CandidateSerializer(many=True))
    def get_candidates(self, ruling: Ruling) -> Any:
        return CandidateSerializer(weighed(ruling, self.context["request"].user), many=True).data


class RulingBody(serializers.Serializer[Any]):
    """A draft: who provides the element, on what basis, from which day to which (the last one included)."""

    holder = VisibleKey(queryset=Agency.objects.all())
    basis = serializers.CharField(max_length=2_000)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(required=False, allow_null=True)


class NewRulingBody(RulingBody):
    """A proposal for the area of ``area``, an agency and all below it."""

    element = VisibleKey(queryset=DataElement.objects.all())
    area = VisibleKey(source="agency", queryset=Agency.objects.all())


class RulingStepBody(serializers.Serializer[Any]):
    """``transition`` is one of ``open_to`` of the ruling's history."""

    transition = serializers.CharField(max_length=40)
    opinion = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class ElementQuery(serializers.Serializer[Any]):
    """The parameter that names an element."""

    element = VisibleKey(queryset=DataElement.objects.all())


class RepetitionSerializer(serializers.ModelSerializer[Repetition]):
    """``share`` (0–1) of the values of the column are held by the source department; null unmeasured."""

    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    agency = AgencyRef(source="column.source.agency", read_only=True)
    element = ElementReference(source="ruling.element", read_only=True)
    ruling = NamedRuling(read_only=True)

    class Meta:
        model = Repetition
        fields = ("id", "column", "table", "agency", "element", "ruling", "share", "found_at")
        read_only_fields = fields


class GeneNodeSerializer(serializers.Serializer[Any]):
    """One gene on the map; ``x`` and ``y`` null until it has a place; ``kept`` (0–1) of its values keep to the element."""

    id = serializers.UUIDField(source="pk")
    code = serializers.CharField()
    name = serializers.CharField()
    domain = serializers.CharField()
    columns = serializers.IntegerField()
    agencies = serializers.IntegerField()
    x = serializers.FloatField(allow_null=True)
    y = serializers.FloatField(allow_null=True)
    states = serializers.ListField(child=serializers.CharField())
    kept = serializers.FloatField(allow_null=True)


class GeneEdgeSerializer(serializers.Serializer[Any]):
    """Two genes; ``strength`` 0–1, ``weight`` counts tables or joins."""

    left = serializers.UUIDField()
    right = serializers.UUIDField()
    kind = serializers.CharField()
    weight = serializers.IntegerField()
    strength = serializers.FloatField()


class GeneMapSerializer(serializers.Serializer[Any]):
    nodes = GeneNodeSerializer(many=True)
    edges = GeneEdgeSerializer(many=True)
