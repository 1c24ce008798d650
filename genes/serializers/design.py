"""Shapes on the wire of what is in no source yet: suggestions and the design-time check."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from genes.advice import problem_in_words
from genes.choices import DesignKind, Product
from genes.engine.ddl import SIZE
from genes.selectors.design import Check
from standards.serializers import CodeSetReference, ElementReference


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
