"""REST of conformity and deviations."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import ReadViewSet
from genes.filters import ConformityFilter, DeviationFilter
from genes.models import Conformity, Deviation
from genes.selectors import conformity
from genes.serializers.conformity import AcceptBody, ConformitySerializer, DeviationSerializer, RatesSerializer
from genes.services.conformity import accept_deviation, withdraw_acceptance


class ConformityViewSet(ReadViewSet):
    """落标情况 of each bound column; `rates` are the shares per agency and system."""

    queryset = Conformity.objects.all()
    serializer_class = ConformitySerializer
    filterset_class = ConformityFilter
    orderings = {"share": ("kept_share",), "failed": ("-failed",), "newest": ("-at",)}
    default_ordering = "share"

    def get_queryset(self) -> QuerySet[Any]:
        return conformity.conformities_visible_to(self.request.user)

    @extend_schema(responses={200: RatesSerializer})
    @action(detail=False, methods=["get"])
    def rates(self, request: Request) -> Response:
        """落标率 over everything one may see, per agency and per information system."""
        rates = conformity.by_source(request.user)
        found = {
            "overall": conformity.added(rates),
            "agencies": conformity.by_agency(rates),
            "systems": conformity.by_system(rates),
        }
        return Response(RatesSerializer(found).data)


class DeviationViewSet(ReadViewSet):
    """标准偏离: open until a re-scan passes; `accept` lets one stand until a day, `withdraw` takes that back."""

    queryset = Deviation.objects.all()
    serializer_class = DeviationSerializer
    filterset_class = DeviationFilter
    orderings = {"newest": ("-first_at",), "failed": ("-failed",)}
    default_ordering = "newest"
    verbs = dict.fromkeys(("accept", "withdraw"), "standard.review")

    def get_queryset(self) -> QuerySet[Any]:
        return conformity.deviations_visible_to(self.request.user)

    @extend_schema(request=AcceptBody, responses={200: DeviationSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: Any = None) -> Response:
        """Let it stand until a day, for a reason."""
        deviation = self.get_object()
        self.permit("standard.review", deviation)
        body = AcceptBody(data=request.data)
        body.is_valid(raise_exception=True)
        accept_deviation(actor=request.user, deviation=deviation, **body.validated_data)
        return Response(self.read_serializer(self.fresh(deviation.pk)).data)

    @extend_schema(request=None, responses={200: DeviationSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: Any = None) -> Response:
        """It counts as open again."""
        deviation = self.get_object()
        self.permit("standard.review", deviation)
        withdraw_acceptance(actor=request.user, deviation=deviation)
        return Response(self.read_serializer(self.fresh(deviation.pk)).data)
