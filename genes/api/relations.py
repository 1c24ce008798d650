"""REST of families, joins, rulings, repeated collection and the map."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import can
from core import workflow
from core.api import ApiView, Creates, Deletes, ReadViewSet, Updates
from core.errors import BadParameter
from genes.filters import FamilyFilter, JoinFilter, RepetitionFilter, RulingFilter
from genes.models import Family, Join, Repetition, Ruling
from genes.selectors import authority, relations
from genes.selectors import map as maps
from genes.serializers.relations import (
    CandidateSerializer,
    ElementQuery,
    FamilySerializer,
    GeneMapSerializer,
    JoinSerializer,
    MemberSerializer,
    NewRulingBody,
    RepetitionSerializer,
    RulingBody,
    RulingSerializer,
    RulingStepBody,
)
from genes.services.rulings import discard_ruling, edit_ruling, propose_ruling
from standards.serializers import HistorySerializer


class FamilyViewSet(ReadViewSet):
    """同源组: columns of one element that share values; `members` are those that one may see."""

    queryset = Family.objects.all()
    serializer_class = FamilySerializer
    filterset_class = FamilyFilter
    orderings = {"agencies": ("-agencies",), "columns": ("-columns",), "conflicts": ("-conflicts",)}
    default_ordering = "agencies"

    def get_queryset(self) -> QuerySet[Any]:
        return relations.families_visible_to(self.request.user)

    @extend_schema(responses={200: MemberSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def members(self, request: Request, pk: Any = None) -> Response:
        """The columns by agency, at most 500, in what they differ and where their values lie."""
        found = relations.members_of(self.get_object(), request.user)
        return Response(MemberSerializer(found, many=True).data)


class JoinViewSet(ReadViewSet):
    """关联: columns that lie in a key or are declared to, of which one may see both ends."""

    queryset = Join.objects.all()
    serializer_class = JoinSerializer
    filterset_class = JoinFilter
    orderings = {"score": ("-score",), "newest": ("-found_at",)}
    default_ordering = "score"

    def get_queryset(self) -> QuerySet[Any]:
        return relations.joins_visible_to(self.request.user)


class RulingViewSet(Creates, Updates, Deletes):
    """数源裁定: propose one, change or give up its draft; `transition` submits, returns, rules and ends."""

    queryset = Ruling.objects.all()
    serializer_class = RulingSerializer
    write_serializer_class = RulingBody
    filterset_class = RulingFilter
    orderings = {"newest": ("-created_at",), "from": ("-valid_from",), "repeated": ("-repeated",)}
    default_ordering = "newest"
    verbs = {
        "create": "gene.decide",
        "partial_update": "gene.decide",
        "destroy": "gene.decide",
        "candidates": "gene.decide",
    }

    def get_queryset(self) -> QuerySet[Any]:
        return authority.rulings_visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return NewRulingBody if self.action == "create" else super().get_serializer_class()

    def known_parameters(self) -> frozenset[str]:
        return super().known_parameters() | (frozenset({"element"}) if self.action == "candidates" else frozenset())

    def create_object(self, data: dict[str, Any]) -> Ruling:
        return propose_ruling(actor=self.request.user, **data)

    def update_object(self, obj: Ruling, data: dict[str, Any]) -> None:
        edit_ruling(actor=self.request.user, ruling=obj, **data)

    def delete_object(self, obj: Ruling) -> None:
        discard_ruling(actor=self.request.user, ruling=obj)

    @extend_schema(responses={200: HistorySerializer}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, pk: Any = None) -> Response:
        """Who did what to the ruling, and what the caller may do now."""
        ruling = self.get_object()
        steps = [step.name for step in authority.steps_open_to(ruling, request.user)]
        return Response(HistorySerializer({"steps": workflow.history(ruling), "open_to": steps}).data)

    @extend_schema(request=RulingStepBody, responses={200: RulingSerializer})
    @action(detail=True, methods=["post"])
    def transition(self, request: Request, pk: Any = None) -> Response:
        """One step: submit, return, rule or end; nobody rules on what they wrote."""
        ruling = self.get_object()
        steps = workflow.of(ruling).transitions
        if not any(can(request.user, step.verb, ruling) for step in steps):
            self.permit(steps[0].verb, ruling)
        body = RulingStepBody(data=request.data)
        body.is_valid(raise_exception=True)
        name, known = body.validated_data["transition"], [step.name for step in steps]
        if name not in known:
            raise exceptions.ValidationError({"transition": [_("取值为 %(values)s。") % {"values": ", ".join(known)}]})
        workflow.apply(ruling, name, actor=request.user, opinion=body.validated_data["opinion"])
        return Response(self.read_serializer(self.fresh(ruling.pk)).data)

    @extend_schema(
        responses={200: CandidateSerializer(many=True)}, filters=False,
        parameters=[OpenApiParameter("element", UUID, required=True, description="Of this element.")],
    )  # fmt: skip
    @action(detail=False, methods=["get"], pagination_class=None)
    def candidates(self, request: Request) -> Response:
        """Who might be named for an element, by the data of now: those with a known basis first, then by score."""
        element = ElementQuery(data=request.query_params, context=self.get_serializer_context())
        if not element.is_valid():
            raise BadParameter(**element.errors)
        found = authority.candidates(element.validated_data["element"], request.user)
        return Response(CandidateSerializer(authority.stored(found), many=True).data)


class RepetitionViewSet(ReadViewSet):
    """重复采集: columns that hold what a ruling in force today lets another agency provide."""

    queryset = Repetition.objects.all()
    serializer_class = RepetitionSerializer
    filterset_class = RepetitionFilter
    orderings = {"newest": ("-found_at",), "share": ("-share",)}
    default_ordering = "newest"

    def get_queryset(self) -> QuerySet[Any]:
        return authority.repetitions_visible_to(self.request.user)


class GeneMapViewSet(ApiView, GenericViewSet[Any]):
    """基因图谱: genes that one's columns carry, and how they belong together."""

    serializer_class = GeneMapSerializer
    pagination_class = None
    verbs = {"list": "data.view"}

    @extend_schema(responses={200: GeneMapSerializer}, filters=False)
    def list(self, request: Request) -> Response:
        """All genes, and of each kind the strongest relations of either end."""
        found = maps.gene_map(request.user)
        return Response(GeneMapSerializer({"nodes": found.nodes, "edges": found.edges}).data)
