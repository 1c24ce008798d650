"""Shapes on the wire of drift alarms, levels and decisions."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from assets.serializers import AgencyRef, ColumnReference, TableReference
from genes.models import ColumnLevel, Decision, DriftAlarm, TableLevel
from genes.reasons import drift_in_words, level_in_words
from genes.services.deciding import BULK
from standards.serializers import ElementReference


class DriftReasonSerializer(serializers.Serializer[Any]):
    """In what the values moved away: ``text`` says it, ``before`` and ``after`` are its figures or words."""

    key = serializers.CharField()
    severity = serializers.FloatField()
    about = serializers.CharField(allow_blank=True)
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    text = serializers.SerializerMethodField()

    def get_text(self, reason: Mapping[str, Any]) -> str:
        return drift_in_words(reason)


class DriftSerializer(serializers.ModelSerializer[DriftAlarm]):
    """``distance`` 0 (as it was bound) to 1; ``outcome`` of a closed alarm: decided or returned."""

    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    agency = AgencyRef(source="column.source.agency", read_only=True)
    element = ElementReference(read_only=True)
    reasons = DriftReasonSerializer(many=True, read_only=True)

    class Meta:
        model = DriftAlarm
        fields = (
            "id", "column", "table", "agency", "element", "distance", "reasons", "opened_at", "last_at", "closed_at",
            "outcome",
        )  # fmt: skip
        read_only_fields = fields


class DriftsBody(serializers.Serializer[Any]):
    """Open alarms, at most a thousand; all are answered or none."""

    drifts = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=BULK)


class LevelReasonInWordsSerializer(serializers.Serializer[Any]):
    """``about``: the element, the identifier or what it stands beside; ``column`` of the reasons of a table."""

    key = serializers.CharField()
    level = serializers.IntegerField()
    about = serializers.CharField(allow_blank=True)
    share = serializers.FloatField(allow_null=True, default=None)
    column = serializers.CharField(default="")
    text = serializers.SerializerMethodField()

    def get_text(self, reason: Mapping[str, Any]) -> str:
        return level_in_words(reason)


_LEVEL = ("level", "proposed", "reasons", "proposed_at", "decided", "decided_by", "decided_at", "basis")


class ColumnLevelSerializer(serializers.ModelSerializer[ColumnLevel]):
    """``level`` is what a person ``decided``, else what is ``proposed`` (1 to 4; 0: nothing speaks for one)."""

    id = serializers.UUIDField(source="column_id", read_only=True)
    column = ColumnReference(read_only=True)
    table = TableReference(source="column.table", read_only=True)
    agency = AgencyRef(source="column.source.agency", read_only=True)
    level = serializers.IntegerField(read_only=True)
    reasons = LevelReasonInWordsSerializer(many=True, read_only=True)
    decided_by = serializers.CharField(source="decided_by.name", read_only=True, default="")

    class Meta:
        model = ColumnLevel
        fields = ("id", "column", "table", "agency", "kind", *_LEVEL)
        read_only_fields = fields


class TableLevelSerializer(serializers.ModelSerializer[TableLevel]):
    """``proposed`` is the level of the highest column (就高从严)."""

    id = serializers.UUIDField(source="table_id", read_only=True)
    table = TableReference(read_only=True)
    agency = AgencyRef(source="table.source.agency", read_only=True)
    level = serializers.IntegerField(read_only=True)
    reasons = LevelReasonInWordsSerializer(many=True, read_only=True)
    decided_by = serializers.CharField(source="decided_by.name", read_only=True, default="")

    class Meta:
        model = TableLevel
        fields = ("id", "table", "agency", *_LEVEL)
        read_only_fields = fields


class LevelBody(serializers.Serializer[Any]):
    """``level`` null takes the word of a person back. ``basis`` is needed below what is proposed, and from 5 on."""

    level = serializers.IntegerField(min_value=1, max_value=6, allow_null=True)
    basis = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class LevelsBody(serializers.Serializer[Any]):
    """Columns that have a proposed level, at most a thousand; all are decided or none."""

    columns = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=BULK)


class ConfirmedSerializer(serializers.Serializer[Any]):
    columns = serializers.IntegerField(help_text="How many were decided; those that a person had decided are left.")


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """``told``: the column as it was then, and what the machine said of it; ``element`` null: none fits."""

    column = ColumnReference(read_only=True, allow_null=True)
    element = ElementReference(read_only=True, allow_null=True)
    by = serializers.CharField(source="by.name", read_only=True, default="")
    told = serializers.DictField(read_only=True)

    class Meta:
        model = Decision
        fields = ("id", "column", "element", "verdict", "told", "batch", "by", "at")
        read_only_fields = fields
