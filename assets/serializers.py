"""Shapes of the REST interface. Connection secrets are written and never read; values of profiles come masked."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Agency, Person
from accounts.permissions import can
from assets.choices import ChangeKind
from assets.messages import error_text
from assets.models import AllowedNetwork, CensusRun, Column, DataSource, InformationSystem, ScanRun, SchemaChange, Table
from assets.selectors.profiles import shown_profile
from assets.selectors.register import systems_visible_to
from assets.services.sources import SOURCE_FIELDS
from assets.services.systems import SYSTEM_FIELDS
from core.api import VisibleKey


class ColumnReference(serializers.ModelSerializer[Column]):
    class Meta:
        model = Column
        fields = ("id", "name", "display_name")
        read_only_fields = fields


class TableReference(serializers.ModelSerializer[Table]):
    class Meta:
        model = Table
        fields = ("id", "schema_name", "name", "display_name")
        read_only_fields = fields


class AgencyRef(serializers.ModelSerializer[Agency]):
    class Meta:
        model = Agency
        fields = ("id", "code", "name")
        read_only_fields = fields


class SourceRef(serializers.ModelSerializer[DataSource]):
    class Meta:
        model = DataSource
        fields = ("id", "name", "kind")
        read_only_fields = fields


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField(help_text="One sentence in the language asked for.")


def _error(code: str, params: dict[str, Any]) -> dict[str, str] | None:
    return {"code": code, "detail": error_text(code, params)} if code else None


class SystemSerializer(serializers.ModelSerializer[InformationSystem]):
    agency = AgencyRef(read_only=True)
    source_count = serializers.IntegerField(read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = InformationSystem
        fields = (
            "id", "agency", *SYSTEM_FIELDS, "source_count", "url",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class AgencyField(serializers.PrimaryKeyRelatedField[Agency]):
    """An agency where the person may do what the view is for; any other does not exist for them."""

    def __init__(self, verb: str, **options: Any) -> None:
        self.verb = verb
        super().__init__(queryset=Agency.objects.filter(is_active=True), **options)

    def to_internal_value(self, data: Any) -> Agency:
        agency = super().to_internal_value(data)
        if not can(self.context["request"].user, self.verb, agency):
            self.fail("does_not_exist", pk_value=data)
        return agency


class SystemWriteSerializer(serializers.ModelSerializer[InformationSystem]):
    agency = AgencyField("asset.edit")

    class Meta:
        model = InformationSystem
        fields = ("agency", *SYSTEM_FIELDS)
        validators: list[Any] = []  # the service checks the code; its message names the field

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None and "agency" in attrs:
            raise serializers.ValidationError({"agency": _("登记后不能更改所属机构。")})
        return attrs


class SourceSerializer(serializers.ModelSerializer[DataSource]):
    agency = AgencyRef(read_only=True)
    has_secrets = serializers.BooleanField(source="keeps_secrets", read_only=True)
    brake_held = serializers.BooleanField(read_only=True, help_text="A mass disappearance waits for a person.")
    error = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = DataSource
        fields = (
            "id", "agency", "system", "name", "description", "kind", "parameters", "has_secrets", "contact_name",
            "contact_phone", "values_policy", "push_only", "census_cron", "scan_cron", "state", "error", "can_write",
            "superuser", "server_version", "latency_ms", "last_test_at", "last_census_at", "last_scan_at",
            "table_count", "column_count", "unreadable_count", "row_total", "byte_total", "brake_held", "url",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, source: DataSource) -> Any:
        return _error(source.error_code, source.error_params)


@extend_schema_field(OpenApiTypes.UUID)
class SystemField(serializers.PrimaryKeyRelatedField[InformationSystem]):
    """An information system the person may see."""

    def get_queryset(self) -> Any:
        return systems_visible_to(self.context["request"].user)


class SourceWriteSerializer(serializers.ModelSerializer[DataSource]):
    """``parameters`` and ``secrets`` are those of the kind: GET /api/v1/source-kinds/ lists them."""

    agency = AgencyField("source.manage")
    system = SystemField(required=False, allow_null=True)
    parameters = serializers.DictField(child=serializers.JSONField(allow_null=True))
    secrets = serializers.DictField(
        child=serializers.CharField(trim_whitespace=False, max_length=4096), write_only=True, required=False
    )
    password = serializers.CharField(
        write_only=True, required=False, trim_whitespace=False, max_length=4096,
        help_text='Short for secrets: {"password": …}.',
    )  # fmt: skip

    class Meta:
        model = DataSource
        fields = ("agency", "kind", "parameters", "secrets", "password", *SOURCE_FIELDS)
        validators: list[Any] = []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            for name in ("agency", "kind"):
                if name in attrs:
                    raise serializers.ValidationError({name: _("登记后不能更改。")})
        password = attrs.pop("password", None)
        if password:
            attrs["secrets"] = {**attrs.get("secrets", {}), "password": password}
        return attrs


class NetworkSerializer(serializers.ModelSerializer[AllowedNetwork]):
    agency = AgencyRef(read_only=True)

    class Meta:
        model = AllowedNetwork
        fields = ("id", "agency", "network", "reason", "created_at")
        read_only_fields = fields


class NetworkWriteSerializer(serializers.ModelSerializer[AllowedNetwork]):
    agency = AgencyField("policy.manage")
    network = serializers.CharField(max_length=100)

    class Meta:
        model = AllowedNetwork
        fields = ("agency", "network", "reason")
        validators: list[Any] = []


class UploadSerializer(serializers.Serializer[Any]):
    """A multipart form: the files, and the fields of a source that it has."""

    agency = AgencyField("source.manage")
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    system = SystemField(required=False, allow_null=True)
    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), allow_empty=False)


class ParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    type = serializers.CharField()
    required = serializers.BooleanField()
    default = serializers.JSONField(allow_null=True)
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    help = serializers.CharField()
    secret = serializers.BooleanField()


class SourceKindSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    label = serializers.CharField()
    parameters = ParameterSerializer(many=True)


class TableSerializer(serializers.ModelSerializer[Table]):
    source = SourceRef(read_only=True)
    agency = AgencyRef(source="source.agency", read_only=True)
    schema = serializers.CharField(source="schema_name", read_only=True)
    display_name = serializers.CharField(read_only=True)
    owner = serializers.SerializerMethodField()
    rows = serializers.IntegerField(read_only=True, allow_null=True)
    rows_method = serializers.CharField(read_only=True, help_text="exact or estimate")
    error = serializers.SerializerMethodField(help_text="Why the table cannot be read.")
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Table
        fields = (
            "id", "source", "agency", "schema", "name", "display_name", "kind", "comment", "title", "description",
            "owner", "rows", "rows_method", "row_estimate", "row_count", "bytes", "column_count", "personal_count",
            "state", "error", "state_at", "first_seen_at", "last_seen_at", "profiled_at", "score", "scored_at", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, table: Table) -> Any:
        return _error(table.state_code, table.state_params)

    def get_owner(self, table: Table) -> str | None:
        return table.owner.name if table.owner else None


class TableDetailSerializer(TableSerializer):
    class Meta(TableSerializer.Meta):
        fields = (*TableSerializer.Meta.fields, "primary_key", "foreign_keys", "indexes")
        read_only_fields = fields


class TableWriteSerializer(serializers.ModelSerializer[Table]):
    owner = VisibleKey(queryset=Person.objects.filter(is_active=True), required=False, allow_null=True)

    class Meta:
        model = Table
        fields = ("title", "description", "owner")


class ProfileSerializer(serializers.Serializer[Any]):
    """Measures of a column; values (min, max, mean, quantiles, top, histogram) as the source's policy allows."""

    at = serializers.DateTimeField()
    rows = serializers.IntegerField()
    nulls = serializers.IntegerField()
    blanks = serializers.IntegerField()
    distinct = serializers.IntegerField()
    unique = serializers.IntegerField(help_text="Distinct values that occur once.")
    exact = serializers.BooleanField()
    null_share = serializers.FloatField(allow_null=True)
    distinct_share = serializers.FloatField(allow_null=True)
    min = serializers.JSONField(allow_null=True)
    max = serializers.JSONField(allow_null=True)
    mean = serializers.JSONField(allow_null=True)
    quantiles = serializers.JSONField(allow_null=True)
    length = serializers.JSONField(allow_null=True)
    top = serializers.JSONField()
    patterns = serializers.JSONField()
    identifiers = serializers.JSONField()
    detected = serializers.JSONField(allow_null=True)
    histogram = serializers.JSONField(allow_null=True)
    masked = serializers.CharField(help_text="Kind of personal information, empty for none.")
    policy = serializers.CharField()


class ColumnSerializer(serializers.ModelSerializer[Column]):
    source = SourceRef(read_only=True)
    table_name = serializers.CharField(source="table.label", read_only=True)
    display_name = serializers.CharField(read_only=True)
    error = serializers.SerializerMethodField()
    profile = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Column
        fields = (
            "id", "source", "table", "table_name", "name", "display_name", "position", "type", "value_class",
            "nullable", "default", "comment", "primary_key", "title", "description", "personal_kind", "state", "error",
            "first_seen_at", "state_at", "profile", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, column: Column) -> Any:
        return _error(column.state_code, column.state_params)

    @extend_schema_field(ProfileSerializer(allow_null=True))
    def get_profile(self, column: Column) -> Any:
        shown = shown_profile(column)
        return ProfileSerializer(shown).data if shown else None


class ColumnWriteSerializer(serializers.ModelSerializer[Column]):
    class Meta:
        model = Column
        fields = ("title", "description", "personal_kind")


class ColumnHistorySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    rows = serializers.IntegerField()
    nulls = serializers.IntegerField()
    blanks = serializers.IntegerField()
    distinct = serializers.IntegerField()
    null_share = serializers.FloatField(allow_null=True)
    distinct_share = serializers.FloatField(allow_null=True)


class _RunSerializer(serializers.ModelSerializer[Any]):
    source = SourceRef(read_only=True)
    job = serializers.UUIDField(source="job_id", read_only=True)
    state = serializers.CharField(source="shown_state", read_only=True)
    error = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, run: Any) -> Any:
        return _error(run.error_code, run.error_params)


RUN_FIELDS = ("id", "source", "job", "state", "error", "actor_name", "statements", "started_at", "finished_at", "url")


class UnreadableSerializer(serializers.Serializer[Any]):
    object = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class CensusRunSerializer(_RunSerializer):
    unreadable = serializers.SerializerMethodField()
    held_tables = serializers.SerializerMethodField()

    class Meta:
        model = CensusRun
        fields = (
            *RUN_FIELDS, "tables_seen", "tables_created", "tables_changed", "tables_renamed", "tables_gone",
            "tables_returned", "tables_unreadable", "columns_seen", "unreadable", "brake", "held_tables",
            "decided_at", "decision_comment",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(UnreadableSerializer(many=True))
    def get_unreadable(self, run: CensusRun) -> Any:
        return [
            {"object": item["object"], "code": item["code"], "detail": error_text(item["code"], item["params"])}
            for item in run.unreadable
        ]

    def get_held_tables(self, run: CensusRun) -> list[str]:
        return list(run.held.get("tables", ()))


class DecisionSerializer(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=["confirm", "reject"])
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class ScanRunSerializer(_RunSerializer):
    class Meta:
        model = ScanRun
        fields = (*RUN_FIELDS, "tables_total", "tables_done", "tables_failed", "rows_read", "selected")
        read_only_fields = fields


class ScanRequestSerializer(serializers.Serializer[Any]):
    tables = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=10_000,
        help_text="Only these tables of the source; all when left out.",
    )  # fmt: skip


class ChangeSerializer(serializers.ModelSerializer[SchemaChange]):
    source = SourceRef(read_only=True)
    table_name = serializers.CharField(source="table.label", read_only=True)
    column_name = serializers.CharField(source="column.name", read_only=True, default=None, allow_null=True)
    census = serializers.UUIDField(source="run_id", read_only=True)
    kind = serializers.ChoiceField(choices=ChangeKind.choices, read_only=True)

    class Meta:
        model = SchemaChange
        fields = (
            "id", "source", "table", "table_name", "column", "column_name", "census", "kind", "before", "after", "at",
        )  # fmt: skip
        read_only_fields = fields


class JobRefSerializer(serializers.Serializer[Any]):
    """The job that an action started, or the open one that it found; its progress is under /api/v1/jobs/{id}/."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    label = serializers.CharField()
    state = serializers.CharField()
    target = serializers.CharField()
    target_label = serializers.CharField()
    created_at = serializers.DateTimeField()
