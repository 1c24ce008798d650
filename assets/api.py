"""REST of the asset register: systems, sources, tables, columns, census and scan runs, changes (docs/api.md)."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from assets import filters, serializers
from assets.models import AllowedNetwork, CensusRun, Column, DataSource, InformationSystem, ScanRun, SchemaChange, Table
from assets.selectors import catalogue, runs
from assets.selectors import register as registry
from assets.selectors.networks import networks_visible_to
from assets.services import annotations, brake, networks, requests, sources, systems, uploads
from core.api import ApiRouter, ApiView, Creates, Deletes, ReadViewSet, Updates
from core.models import Job


def accepted(job: Job) -> Response:
    """202 with the job; 200 would say that the work is done."""
    location = f"/api/v1/jobs/{job.pk}/"
    return Response(serializers.JobRefSerializer(job).data, status=202, headers={"Location": location})


class SystemViewSet(Creates, Updates, Deletes):
    """信息系统: what agencies run."""

    queryset = InformationSystem.objects.all()
    serializer_class = serializers.SystemSerializer
    write_serializer_class = serializers.SystemWriteSerializer
    filterset_class = filters.SystemFilter
    orderings = {"name": ("name",), "code": ("code",), "created": ("created_at",)}
    default_ordering = "name"
    verbs = {"create": "asset.edit", "partial_update": "asset.edit", "destroy": "asset.edit"}

    def get_queryset(self) -> QuerySet[InformationSystem]:
        return registry.systems_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> InformationSystem:
        return systems.create_system(actor=self.request.user, **data)

    def update_object(self, obj: InformationSystem, data: dict[str, Any]) -> None:
        systems.update_system(actor=self.request.user, system=obj, **data)

    def delete_object(self, obj: InformationSystem) -> None:
        systems.delete_system(actor=self.request.user, system=obj)


class SourceViewSet(Creates, Updates, Deletes):
    """数据源: databases and folders. Testing, census and scan are jobs: they answer 202 with the job."""

    queryset = DataSource.objects.all()
    serializer_class = serializers.SourceSerializer
    write_serializer_class = serializers.SourceWriteSerializer
    filterset_class = filters.SourceFilter
    orderings = {
        "name": ("name",), "created": ("created_at",), "tables": ("table_count",), "rows": ("row_total",),
        "census": ("last_census_at",), "scan": ("last_scan_at",),
    }  # fmt: skip
    default_ordering = "name"
    verbs = {
        "create": "source.manage", "upload": "source.manage", "partial_update": "source.manage", "destroy": "source.manage",
        "test": "source.manage", "disable": "source.manage", "enable": "source.manage",
        "census": "census.run", "scan": "scan.run",
    }  # fmt: skip
    token_scopes = {"test": "jobs", "census": "jobs", "scan": "jobs"}

    def get_queryset(self) -> QuerySet[DataSource]:
        return registry.sources_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> DataSource:
        return sources.register_source(actor=self.request.user, **data)

    def update_object(self, obj: DataSource, data: dict[str, Any]) -> None:
        sources.update_source(actor=self.request.user, source=obj, **data)

    def delete_object(self, obj: DataSource) -> None:
        sources.remove_source(actor=self.request.user, source=obj)

    @extend_schema(request=None, responses={202: serializers.JobRefSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Connect in a worker and report what the account may do."""
        return accepted(requests.test_source(actor=request.user, source=self.get_object()))

    @extend_schema(request=None, responses={202: serializers.JobRefSerializer})
    @action(detail=True, methods=["post"])
    def census(self, request: Request, pk: str) -> Response:
        """Take a census: what is there, what changed, what could not be read."""
        return accepted(requests.request_census(actor=request.user, source=self.get_object()))

    @extend_schema(request=serializers.ScanRequestSerializer, responses={202: serializers.JobRefSerializer})
    @action(detail=True, methods=["post"])
    def scan(self, request: Request, pk: str) -> Response:
        """Read the tables once: profile and rules."""
        source = self.get_object()
        body = serializers.ScanRequestSerializer(data=request.data or {})
        body.is_valid(raise_exception=True)
        chosen = catalogue.chosen_tables(request.user, source, body.validated_data["tables"])
        return accepted(requests.request_scan(actor=request.user, source=source, tables=chosen))

    @extend_schema(request=serializers.UploadSerializer, responses={201: serializers.SourceSerializer})
    @action(detail=False, methods=["post"], parser_classes=[MultiPartParser], max_body=uploads.MAX_BODY)
    def upload(self, request: Request) -> Response:
        """Register uploaded files (CSV, TSV, xlsx, Parquet) as a source; a census then says what is in them."""
        body = serializers.UploadSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        source = uploads.register_upload(actor=request.user, **body.validated_data)
        location = self.reverse_action("detail", args=[source.pk])
        answer = self.read_serializer(self.fresh(source.pk)).data
        return Response(answer, status=201, headers={"Location": location})

    @extend_schema(request=None, responses=serializers.SourceSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Stop contacting the source; its schedules rest."""
        source = sources.disable_source(actor=request.user, source=self.get_object())
        return Response(self.read_serializer(self.fresh(source.pk)).data)

    @extend_schema(request=None, responses=serializers.SourceSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Contact the source again."""
        source = sources.enable_source(actor=request.user, source=self.get_object())
        return Response(self.read_serializer(self.fresh(source.pk)).data)


class NetworkViewSet(Creates, Deletes):
    """允许网段: the ranges in which sources of an agency, and of those below it, may stand."""

    queryset = AllowedNetwork.objects.all()
    serializer_class = serializers.NetworkSerializer
    write_serializer_class = serializers.NetworkWriteSerializer
    filterset_class = filters.NetworkFilter
    orderings = {"network": ("network",), "created": ("created_at",)}
    default_ordering = "network"
    verbs = {
        "list": "policy.manage",
        "retrieve": "policy.manage",
        "create": "policy.manage",
        "destroy": "policy.manage",
    }

    def get_queryset(self) -> QuerySet[AllowedNetwork]:
        return networks_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> AllowedNetwork:
        return networks.allow_network(actor=self.request.user, **data)

    def delete_object(self, obj: AllowedNetwork) -> None:
        networks.revoke_network(actor=self.request.user, network=obj)


class SourceKindViewSet(ApiView, GenericViewSet[Any]):
    """The kinds of source and their connection parameters."""

    queryset = DataSource.objects.none()
    serializer_class = serializers.SourceKindSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(operation_id="source_kinds_list", responses=serializers.SourceKindSerializer(many=True))
    def list(self, request: Request) -> Response:
        return Response(serializers.SourceKindSerializer(registry.source_kinds(), many=True).data)


class TableViewSet(Updates):
    """表: tables, views and files, gone ones only by `state=gone`."""

    queryset = Table.objects.all()
    serializer_class = serializers.TableSerializer
    write_serializer_class = serializers.TableWriteSerializer
    filterset_class = filters.TableFilter
    orderings = {
        "name": ("name",), "rows": ("rows",), "bytes": ("bytes",), "columns": ("column_count",), "score": ("score",),
        "profiled": ("profiled_at",), "first_seen": ("first_seen_at",), "last_seen": ("last_seen_at",),
    }  # fmt: skip
    default_ordering = "name"
    verbs = {"partial_update": "asset.edit"}

    def get_queryset(self) -> QuerySet[Table]:
        gone = self.action != "list" or "gone" in self.request.query_params.getlist("state")
        return catalogue.tables_visible_to(self.request.user, gone=gone)

    def get_serializer_class(self) -> Any:
        return super().get_serializer_class() if self.action != "retrieve" else serializers.TableDetailSerializer

    def read_serializer(self, obj: Table) -> serializers.TableSerializer:
        return serializers.TableDetailSerializer(obj, context=self.get_serializer_context())

    def update_object(self, obj: Table, data: dict[str, Any]) -> None:
        annotations.annotate_table(actor=self.request.user, table=obj, **data)


class ColumnViewSet(Updates):
    """字段: columns, each with its current profile."""

    queryset = Column.objects.all()
    serializer_class = serializers.ColumnSerializer
    write_serializer_class = serializers.ColumnWriteSerializer
    filterset_class = filters.ColumnFilter
    orderings = {"name": ("name",), "position": ("table", "position"), "first_seen": ("first_seen_at",)}
    default_ordering = "name"
    verbs = {"partial_update": "asset.edit"}

    def get_queryset(self) -> QuerySet[Column]:
        gone = self.action != "list" or "gone" in self.request.query_params.getlist("state")
        return catalogue.columns_visible_to(self.request.user, gone=gone)

    def update_object(self, obj: Column, data: dict[str, Any]) -> None:
        annotations.annotate_column(actor=self.request.user, column=obj, **data)

    @extend_schema(responses=serializers.ColumnHistorySerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """Counts of the column's profiles, oldest first."""
        found = catalogue.column_history(self.get_object())
        return Response(serializers.ColumnHistorySerializer(found, many=True).data)


class CensusRunViewSet(ReadViewSet):
    """盘点记录: what each census found."""

    queryset = CensusRun.objects.all()
    serializer_class = serializers.CensusRunSerializer
    filterset_class = filters.CensusRunFilter
    orderings = {"started": ("started_at",)}
    default_ordering = "-started"
    verbs = {"decide": "census.run"}

    def get_queryset(self) -> QuerySet[CensusRun]:
        return runs.census_runs_visible_to(self.request.user)

    @extend_schema(request=serializers.DecisionSerializer, responses=serializers.CensusRunSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Confirm or reject a mass disappearance that the brake holds."""
        run = self.get_object()
        body = serializers.DecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decide = brake.DECISIONS[body.validated_data["decision"]]
        decide(actor=request.user, run=run, comment=body.validated_data["comment"])
        return Response(self.read_serializer(self.fresh(run.pk)).data)


class ScanRunViewSet(ReadViewSet):
    """扫描记录: what each scan read."""

    queryset = ScanRun.objects.all()
    serializer_class = serializers.ScanRunSerializer
    filterset_class = filters.ScanRunFilter
    orderings = {"started": ("started_at",)}
    default_ordering = "-started"

    def get_queryset(self) -> QuerySet[ScanRun]:
        return runs.scan_runs_visible_to(self.request.user)


@extend_schema(parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH)])
class ChangeViewSet(ReadViewSet):
    """变更记录: what each census found different."""

    queryset = SchemaChange.objects.all()
    serializer_class = serializers.ChangeSerializer
    filterset_class = filters.ChangeFilter
    orderings = {"at": ("at",)}
    default_ordering = "-at"

    def get_queryset(self) -> QuerySet[SchemaChange]:
        return runs.changes_visible_to(self.request.user)


def register(router: ApiRouter) -> None:
    router.register("systems", SystemViewSet, basename="system")
    router.register("sources", SourceViewSet, basename="source")
    router.register("networks", NetworkViewSet, basename="network")
    router.register("source-kinds", SourceKindViewSet, basename="sourcekind")
    router.register("tables", TableViewSet, basename="table")
    router.register("columns", ColumnViewSet, basename="column")
    router.register("census-runs", CensusRunViewSet, basename="censusrun")
    router.register("scan-runs", ScanRunViewSet, basename="scanrun")
    router.register("changes", ChangeViewSet, basename="change")
