"""REST of the volume statistics: samples, the present by agency, source or kind, and the trend."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from core.api import ApiRouter, ApiView, ReadViewSet
from core.errors import BadParameter
from quantity import filters, selectors, serializers
from quantity.choices import Grouping
from quantity.models import VolumeSample

MAX_DAYS = 3660


class SampleViewSet(ReadViewSet):
    """数量样本: one measurement of a source or a table, with method and time."""

    queryset = VolumeSample.objects.all()
    serializer_class = serializers.SampleSerializer
    filterset_class = filters.SampleFilter
    orderings = {"at": ("at",), "rows": ("rows",)}
    default_ordering = "-at"

    def get_queryset(self) -> QuerySet[VolumeSample]:
        return selectors.samples_visible_to(self.request.user)


class VolumeViewSet(ApiView, GenericViewSet[Any]):
    """数量: rows, tables, columns and bytes as of the newest samples."""

    queryset = VolumeSample.objects.none()
    serializer_class = serializers.SummarySerializer
    pagination_class = None
    filter_backends = []
    parameters = frozenset({"by"})

    @extend_schema(
        operation_id="volumes_retrieve",
        responses=serializers.SummarySerializer,
        parameters=[OpenApiParameter("by", str, enum=Grouping.values, default="agency")],
    )
    def list(self, request: Request) -> Response:
        by = request.query_params.get("by", Grouping.AGENCY.value)
        if by not in Grouping.values:
            raise BadParameter(by=_("取值为 %(values)s。") % {"values": ", ".join(Grouping.values)})
        shares = selectors.ranking(request.user, Grouping(by))
        summary = {"by": by, "total": selectors.total(request.user), "shares": shares}
        return Response(serializers.SummarySerializer(summary).data)


class TrendViewSet(ApiView, GenericViewSet[Any]):
    """数量趋势: the volume at the end of each day."""

    queryset = VolumeSample.objects.none()
    serializer_class = serializers.PointSerializer
    pagination_class = None
    filter_backends = []
    parameters = frozenset({"days", "source", "agency"})

    @extend_schema(
        operation_id="volume_trend_list",
        responses=serializers.PointSerializer(many=True),
        parameters=[
            OpenApiParameter("days", {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": 90}),
            OpenApiParameter("source", UUID),
            OpenApiParameter("agency", UUID),
        ],
    )
    def list(self, request: Request) -> Response:
        points = selectors.trend(
            request.user, _days(request), source=_uuid(request, "source"), agency=_uuid(request, "agency")
        )
        return Response(serializers.PointSerializer(points, many=True).data)


def _days(request: Request) -> int:
    text = request.query_params.get("days", "90")
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_DAYS):
        raise BadParameter(days=_("取值为 1 至 %(max)d 的整数。") % {"max": MAX_DAYS})
    return int(text)


def _uuid(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadParameter(**{name: _("应为编号。")}) from None


def register(router: ApiRouter) -> None:
    router.register("volume-samples", SampleViewSet, basename="volumesample")
    router.register("volumes", VolumeViewSet, basename="volume")
    router.register("volume-trend", TrendViewSet, basename="volumetrend")
