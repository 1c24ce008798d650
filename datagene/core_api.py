"""REST of what core keeps for all apps: jobs, search, indicators, activity."""

from typing import Any
from uuid import UUID

import django_filters as filters
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.selectors import activity_visible_to
from assets.choices import Method
from core import indicators, jobs
from core.api import ApiRouter, ApiView, ReadViewSet
from core.choices import ItemState
from core.errors import BadParameter
from core.models import AuditEntry, Job, JobItem
from core.search.query import Hit, search
from core.selectors import jobs_visible_to
from datagene.activity import label_of
from datagene.filters import JobFilter as PageJobFilter

MAX_HITS = 50  # per kind
FAILED_SHOWN = 100  # failed items in a job's own answer; all of them are under items/


class ProgressSerializer(serializers.Serializer[Job]):
    done = serializers.IntegerField(source="progress_done")
    total = serializers.IntegerField(source="progress_total", help_text="0 while unknown.")
    percent = serializers.IntegerField(allow_null=True)
    phase = serializers.CharField()
    phase_text = serializers.CharField()


class JobErrorSerializer(serializers.Serializer[Job]):
    code = serializers.CharField(source="error_code")
    detail = serializers.CharField(source="error_text")


class JobSerializer(serializers.ModelSerializer[Job]):
    label = serializers.CharField(read_only=True)
    agency = serializers.UUIDField(source="scope_id", read_only=True, allow_null=True)
    progress = ProgressSerializer(source="*", read_only=True)
    error = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "label",
            "target",
            "target_label",
            "agency",
            "actor_name",
            "state",
            "attempt",
            "progress",
            "partial",
            "result",
            "error",
            "url",
            "cancel_requested_at",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field(JobErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> Any:
        return JobErrorSerializer(job).data if job.error_code else None


class JobItemSerializer(serializers.ModelSerializer[JobItem]):
    error_text = serializers.CharField(read_only=True)

    class Meta:
        model = JobItem
        fields = ("key", "label", "state", "error_text", "at")
        read_only_fields = fields


class JobDetailSerializer(JobSerializer):
    items_done = serializers.SerializerMethodField()
    items_failed = serializers.SerializerMethodField()
    failed_items = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields = (*JobSerializer.Meta.fields, "items_done", "items_failed", "failed_items")
        read_only_fields = fields

    def get_items_done(self, job: Job) -> int:
        return job.items.filter(state=ItemState.DONE).count()

    def get_items_failed(self, job: Job) -> int:
        return job.items.filter(state=ItemState.FAILED).count()

    @extend_schema_field(JobItemSerializer(many=True))
    def get_failed_items(self, job: Job) -> Any:
        return JobItemSerializer(job.items.filter(state=ItemState.FAILED)[:FAILED_SHOWN], many=True).data


class JobFilter(PageJobFilter):
    target = filters.CharFilter()
    agency = filters.UUIDFilter(field_name="scope_id")
    partial = filters.BooleanFilter()


class JobViewSet(ReadViewSet):
    """任务: background work, its progress and its end. Poll an item with If-None-Match every two seconds."""

    queryset = Job.objects.all()
    serializer_class = JobDetailSerializer
    filterset_class = JobFilter
    orderings = {"created": ("created_at",), "finished": ("finished_at",)}
    default_ordering = "-created"
    token_scopes = {"cancel": "jobs"}

    def get_queryset(self) -> QuerySet[Any]:
        return jobs_visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return JobSerializer if self.action == "list" else JobDetailSerializer

    @extend_schema(request=None, responses={202: JobDetailSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask the job to stop; it does so at the next safe point. One's own jobs, or with `job.cancel` there."""
        job = self.get_object()
        if job.actor_id != request.user.pk:
            self.permit("job.cancel", job)
        jobs.request_cancel(actor=request.user, job=job)
        return Response(JobDetailSerializer(self.fresh(job.pk)).data, status=202)


class JobItemFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=ItemState.choices)

    class Meta:
        model = JobItem
        fields: list[str] = []


class JobItemViewSet(ApiView, mixins.ListModelMixin, GenericViewSet[Any]):
    """The steps of a job (the tables of a census), done and failed."""

    queryset = JobItem.objects.all()
    serializer_class = JobItemSerializer
    filterset_class = JobItemFilter
    orderings = {"at": ("at",)}
    default_ordering = "-at"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return JobItem.objects.none()
        job = jobs_visible_to(self.request.user).filter(pk=_uuid(self.kwargs["job_pk"])).first()
        if job is None:
            raise Http404
        return JobItem.objects.filter(job=job)


class HitSerializer(serializers.Serializer[Hit]):
    key = serializers.CharField(help_text="app.Model:id")
    kind = serializers.CharField()
    title = serializers.SerializerMethodField()
    subtitle = serializers.SerializerMethodField()
    url = serializers.CharField(help_text="The page of the thing found.")

    def get_title(self, hit: Hit) -> str:
        return "".join(segment.text for segment in hit.title)

    def get_subtitle(self, hit: Hit) -> str:
        return "".join(segment.text for segment in hit.subtitle)


class HitGroupSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(source="kind.kind")
    label = serializers.CharField(source="kind.label")
    total = serializers.IntegerField()
    hits = HitSerializer(many=True)


class SearchSerializer(serializers.Serializer[Any]):
    query = serializers.CharField()
    total = serializers.IntegerField()
    groups = HitGroupSerializer(many=True)


class SearchViewSet(ApiView, mixins.ListModelMixin, GenericViewSet[Any]):
    """检索: everything nameable by its Chinese, its physical name, its pinyin or initials, or its code."""

    queryset = Job.objects.none()
    serializer_class = SearchSerializer
    pagination_class = None
    filter_backends = []
    parameters = frozenset({"q", "kind", "limit", "page"})

    @extend_schema(
        operation_id="search_retrieve",
        responses=SearchSerializer,
        parameters=[
            OpenApiParameter("q", str, required=True),
            OpenApiParameter("kind", str, many=True, description="Only these kinds."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_HITS, "default": 10}),
            OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1}),
        ],
    )
    def list(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        if not text or "\x00" in text:
            raise BadParameter(q=_("请输入检索词。"))
        found = search(
            request.user,
            text,
            kinds=request.query_params.getlist("kind") or None,
            limit=_number(request, "limit", 10, MAX_HITS),
            page=_number(request, "page", 1, 1000),
        )
        return Response(SearchSerializer(found).data)


class IndicatorSerializer(serializers.Serializer[indicators.Reading]):
    key = serializers.CharField(source="indicator.key")
    label = serializers.CharField(source="indicator.label")
    unit = serializers.CharField(source="indicator.unit")
    group = serializers.CharField(source="indicator.group")
    method = serializers.ChoiceField(choices=Method.choices, source="indicator.method")
    value = serializers.DecimalField(max_digits=None, decimal_places=None, coerce_to_string=False)
    overdue = serializers.IntegerField()
    url = serializers.SerializerMethodField(help_text="The page that lists what is counted.")

    def get_url(self, reading: indicators.Reading) -> str:
        return reading.indicator.url()


class IndicatorDetailSerializer(IndicatorSerializer):
    history = serializers.SerializerMethodField(help_text="[day, value] pairs, oldest first.")

    @extend_schema_field({"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {}}})
    def get_history(self, reading: indicators.Reading) -> Any:
        history = reading.indicator.history
        return [[day, value] for day, value in history(self.context["request"].user)] if history else []


class IndicatorViewSet(ApiView, GenericViewSet[Any]):
    """指标: the numbers of the dashboard, each over what one may see."""

    queryset = Job.objects.none()
    serializer_class = IndicatorSerializer
    pagination_class = None
    filter_backends = []
    lookup_field = "key"
    lookup_value_regex = "[a-z0-9_.]+"
    parameters = frozenset({"group"})

    @extend_schema(
        operation_id="indicators_list",
        responses=IndicatorSerializer(many=True),
        parameters=[OpenApiParameter("group", str)],
    )
    def list(self, request: Request) -> Response:
        wanted = indicators.all_indicators(request.query_params.get("group"))
        readings = indicators.read([item.key for item in wanted], request.user)
        return Response(IndicatorSerializer(list(readings.values()), many=True).data)

    @extend_schema(
        operation_id="indicators_retrieve",
        responses=IndicatorDetailSerializer,
        parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH)],
    )
    def retrieve(self, request: Request, key: str) -> Response:
        try:
            reading = indicators.read([key], request.user)[key]
        except KeyError:
            raise Http404 from None
        return Response(IndicatorDetailSerializer(reading, context={"request": request}).data)


class ActivitySerializer(serializers.ModelSerializer[AuditEntry]):
    agency = serializers.UUIDField(source="scope_id", read_only=True, allow_null=True)
    target_label = serializers.SerializerMethodField()

    class Meta:
        model = AuditEntry
        fields = ("id", "at", "actor_name", "verb", "target", "target_label", "agency")
        read_only_fields = fields

    def get_target_label(self, entry: AuditEntry) -> str:
        return label_of(entry)


class ActivityFilter(filters.FilterSet):
    verb = filters.CharFilter()
    target = filters.CharFilter()
    agency = filters.UUIDFilter(field_name="scope_id")
    after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields: list[str] = []


class ActivityViewSet(ReadViewSet):
    """动态: who did what, newest first. Entries about people and sign-in are for those who read the audit."""

    queryset = AuditEntry.objects.all()
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    orderings = {"id": ("id",)}
    default_ordering = "-id"

    def get_queryset(self) -> QuerySet[Any]:
        return activity_visible_to(self.request.user)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise BadParameter(**{name: _("取值为 1 至 %(max)d 的整数。") % {"max": most}})
    return int(text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def register(router: ApiRouter) -> None:
    router.register("jobs", JobViewSet, basename="job")
    router.register(r"jobs/(?P<job_pk>[0-9a-fA-F-]{32,36})/items", JobItemViewSet, basename="jobitem")
    router.register("search", SearchViewSet, basename="search")
    router.register("indicators", IndicatorViewSet, basename="indicator")
    router.register("activity", ActivityViewSet, basename="activity")
