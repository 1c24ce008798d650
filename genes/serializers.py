"""Shapes of genes on the wire."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Agency
from assets.models import Column
from assets.serializers import AgencyRef, ColumnReference, TableReference
from core.api import VisibleKey
from genes.advice import problem_in_words
from genes.choices import DesignKind, Product
from genes.engine.ddl import SIZE
from genes.models import Binding, Conformity, Deviation, Family, FamilyMember, Join, Match, Repetition, Ruling
from genes.reasons import evidence
from genes.selectors.authority import weighed
from genes.selectors.design import Check
from standards.models import DataElement
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


# Families, joins, rulings ----------------------------------------------------------------------------------------------


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


class DesignBody(serializers.Serializer[Any]):
    """``kind``: ddl (CREATE TABLE and COMMENT ON) or list (a table with a head, apart by tabs or commas)."""

    product = serializers.ChoiceField(choices=Product.choices)
    kind = serializers.ChoiceField(choices=DesignKind.choices, required=False, default=DesignKind.DDL)
    text = serializers.CharField(max_length=SIZE, trim_whitespace=False)


class LevelReasonSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    level = serializers.IntegerField()
    about = serializers.CharField()


class CheckedSerializer(serializers.Serializer[Any]):
    """``grave``: what must change before it is built; ``advice``: what had better; ``level`` 1–4, 0 where nothing speaks."""

    name = serializers.CharField(source="column.name")
    line = serializers.IntegerField(source="column.line")
    type = serializers.CharField(source="column.type")
    comment = serializers.CharField(source="column.comment")
    suggestion = SuggestionSerializer()
    grave = serializers.ListField(child=serializers.CharField())
    advice = serializers.ListField(child=serializers.CharField())
    level = serializers.IntegerField()
    level_reasons = LevelReasonSerializer(many=True)
    declaration = serializers.CharField(
        source="line", help_text="the column as the standard would declare it, or empty"
    )
    comment_statement = serializers.CharField(
        source="comment", help_text="COMMENT ON COLUMN, for products that say a comment apart from the column, or empty"
    )


class CheckedTableSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="table.name")
    line = serializers.IntegerField(source="table.line")
    comment = serializers.CharField(source="table.comment")
    level = serializers.IntegerField()
    columns = CheckedSerializer(many=True)
    json_schema = serializers.DictField()


class DesignCheckSerializer(serializers.Serializer[Any]):
    """``passed``: statements that say nothing of columns; ``problems``: what could not be read, with its line."""

    columns = serializers.IntegerField()
    standards = serializers.IntegerField()
    deviating = serializers.IntegerField()
    passed = serializers.IntegerField()
    problems = serializers.SerializerMethodField()
    tables = CheckedTableSerializer(many=True)

    def get_problems(self, found: Check) -> list[str]:
        return [problem_in_words(problem) for problem in found.problems]


# Matches and bindings --------------------------------------------------------------------------------------------------


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
