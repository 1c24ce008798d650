"""Shapes of the volume statistics."""

from typing import Any

from rest_framework import serializers

from quantity.models import VolumeSample


class SampleSerializer(serializers.ModelSerializer[VolumeSample]):
    source_name = serializers.CharField(source="source.name", read_only=True)
    agency_name = serializers.CharField(source="agency.name", read_only=True)
    table_name = serializers.CharField(source="table.label", read_only=True, default=None, allow_null=True)

    class Meta:
        model = VolumeSample
        fields = (
            "id", "at", "origin", "method", "agency", "agency_name", "source", "source_name", "table", "table_name",
            "tables", "columns", "rows", "bytes", "uncounted", "run_id",
        )  # fmt: skip
        read_only_fields = fields


class VolumeSerializer(serializers.Serializer[Any]):
    tables = serializers.IntegerField()
    columns = serializers.IntegerField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    uncounted = serializers.IntegerField(help_text="Tables whose rows are not known and not in rows.")
    method = serializers.CharField(help_text="exact when every part is, else estimate.")
    at = serializers.DateTimeField(allow_null=True, help_text="The oldest of the samples it is made of.")


class ShareSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()
    volume = VolumeSerializer()


class PointSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    volume = VolumeSerializer()


class SummarySerializer(serializers.Serializer[Any]):
    by = serializers.CharField()
    total = VolumeSerializer()
    shares = ShareSerializer(many=True)
