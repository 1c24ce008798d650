"""Shapes on the wire of recognisers and their trials."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assets.serializers import AgencyField, AgencyRef, ColumnReference, TableReference
from assets.templatetags.assets import IDENTIFIERS
from core.api import VisibleKey
from genes.models import Recogniser
from standards.models import CodeSet, DataElement
from standards.serializers import CodeSetReference, ElementReference


class TrialSerializer(serializers.Serializer[Any]):
    """The dry run on the columns that people decided: ``right`` and ``wrong`` of what it said, ``missed`` of what it should."""

    columns = serializers.IntegerField()
    right = serializers.IntegerField()
    wrong = serializers.IntegerField()
    missed = serializers.IntegerField()


class RecogniserSerializer(serializers.ModelSerializer[Recogniser]):
    """``precision`` and ``recall`` (0–1) of the last trial; null with ``trial`` until it was tried as it is now.
    ``may_be_enabled``: the trial was right often enough."""

    agency = AgencyRef(read_only=True)
    element = ElementReference(read_only=True)
    words = serializers.ListField(child=serializers.CharField(), read_only=True)
    code_set = CodeSetReference(read_only=True, allow_null=True)
    author = serializers.CharField(source="author.name", read_only=True, default="")
    trial = serializers.SerializerMethodField()
    may_be_enabled = serializers.BooleanField(read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Recogniser
        fields = (
            "id", "agency", "name", "element", "words", "pattern", "check_scheme", "code_set", "share", "enabled",
            "may_be_enabled", "tried_at", "precision", "recall", "trial", "author", "updated_at", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(TrialSerializer(allow_null=True))
    def get_trial(self, recogniser: Recogniser) -> Any:
        return TrialSerializer(recogniser.trial).data if recogniser.trial else None


class RecogniserBody(serializers.Serializer[Any]):
    """What all must hold of a column that carries the element; at least one of words, pattern, check_scheme, code_set.

    Another condition makes the recogniser untried and stops its proposing.
    """

    name = serializers.CharField(max_length=100)
    element = VisibleKey(queryset=DataElement.objects.filter(current__isnull=False))
    words = serializers.ListField(child=serializers.CharField(max_length=100), max_length=200, required=False)
    pattern = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="RE2, held against the values that profiles keep."
    )
    check_scheme = serializers.ChoiceField(choices=tuple(IDENTIFIERS), required=False, allow_blank=True)
    code_set = VisibleKey(queryset=CodeSet.objects.all(), required=False, allow_null=True)
    share = serializers.FloatField(
        min_value=0.01, max_value=1, required=False, help_text="Of the values, for pattern, check and code set."
    )


class NewRecogniserBody(RecogniserBody):
    """For the columns of an agency and of all below it."""

    agency = AgencyField("gene.decide")


class WrongRowSerializer(serializers.Serializer[Any]):
    """A column where the trial was wrong. ``said``: the recogniser took it; ``carries``: what people say it carries."""

    column = ColumnReference()
    table = TableReference(source="column.table")
    said = serializers.BooleanField()
    carries = ElementReference(allow_null=True)
