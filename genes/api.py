"""REST of genes: matches, bindings, conformity, deviations, suggestions, the design-time check, families, joins, rulings, repeated collection, the map."""

from collections.abc import Sequence
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
from core.api import ApiRouter, ApiView, Creates, Deletes, ReadViewSet, Updates
from core.errors import BadParameter
from genes.advice import problem_in_words
from genes.engine.ddl import Refused
from genes.engine.evidence import Column
from genes.filters import (
    BindingFilter,
    ConformityFilter,
    DeviationFilter,
    FamilyFilter,
    JoinFilter,
    MatchFilter,
    RepetitionFilter,
    RulingFilter,
)
from genes.models import Binding, Conformity, Deviation, Family, Join, Match, Repetition, Ruling
from genes.selectors import authority, conformity, queue, relations
from genes.selectors import map as maps
from genes.selectors.design import check
from genes.selectors.suggestions import suggestion
from genes.serializers import (
    AcceptBody,
    BatchBody,
    BindingSerializer,
    CandidateSerializer,
    ChoiceBody,
    ConformitySerializer,
    DecidedSerializer,
    DesignBody,
    DesignCheckSerializer,
    DeviationSerializer,
    ElementQuery,
    FamilySerializer,
    GeneMapSerializer,
    JoinSerializer,
    MatchesBody,
    MatchSerializer,
    MemberSerializer,
    NewColumnBody,
    NewRulingBody,
    RatesSerializer,
    RepetitionSerializer,
    RulingBody,
    RulingSerializer,
    RulingStepBody,
    SuggestionSerializer,
)
from genes.services import decisions
from genes.services.conformity import accept_deviation, withdraw_acceptance
from genes.services.rulings import discard_ruling, edit_ruling, propose_ruling
from standards.serializers import HistorySerializer


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
        user = request.user
        found = {
            "overall": conformity.overall(user),
            "agencies": conformity.by_agency(user),
            "systems": conformity.by_system(user),
        }
        return Response(RatesSerializer(found).data)


class DeviationViewSet(ReadViewSet):
    """标准偏差: open until a re-scan passes; `accept` lets one stand until a day, `withdraw` takes that back."""

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


class SuggestionViewSet(ApiView, GenericViewSet[Any]):
    """数据元建议: which elements a column would carry that is in no source yet. Nothing is stored."""

    queryset = Conformity.objects.none()
    serializer_class = SuggestionSerializer
    pagination_class = None
    filter_backends = []
    verbs = {"create": "data.view"}
    token_scopes = {"create": "read"}

    @extend_schema(request=NewColumnBody, responses={200: SuggestionSerializer})
    def create(self, request: Request) -> Response:
        """The likeliest elements of one column, with reasons; an empty list is an answer too."""
        body = NewColumnBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        declared = given["type"]
        if given["length"] and declared and "(" not in declared:
            declared = f"{declared}({given['length']})"
        column = Column(given["name"], declared, given["comment"], given["table"], given["table_comment"])
        found = suggestion(column, given["siblings"], given["values"])
        return Response(SuggestionSerializer(found).data)


class MatchViewSet(ReadViewSet):
    """对标建议: the queue of the workbench, the best open proposal of each column; decided one by one or in bulk, and undone."""

    queryset = Match.objects.all()
    serializer_class = MatchSerializer
    filterset_class = MatchFilter
    orderings = {"confidence": ("-confidence",), "doubtful": ("confidence",), "newest": ("-proposed_at",)}
    default_ordering = "confidence"
    verbs = dict.fromkeys(("accept", "reject", "none", "choose", "undo"), "gene.decide")

    def get_queryset(self) -> QuerySet[Any]:
        return queue.queue_visible_to(self.request.user)

    def _chosen(self, request: Request) -> list[Match]:
        body = MatchesBody(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = set(body.validated_data["matches"])
        found = list(self.get_queryset().filter(pk__in=wanted))
        if missing := wanted - {match.pk for match in found}:
            told = _("%(n)s 条建议不存在或已处理，如 %(id)s。") % {"n": len(missing), "id": min(missing)}
            raise exceptions.ValidationError({"matches": [told]})
        return found

    @extend_schema(request=MatchesBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """The columns carry what is proposed first."""
        chosen, batch = self._chosen(request), decisions.new_batch()
        return _decided(decisions.accept_many(actor=request.user, matches=chosen, batch=batch), batch)

    @extend_schema(request=MatchesBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def reject(self, request: Request) -> Response:
        """Not these elements; the next proposal of each column comes to the front."""
        batch = decisions.new_batch()
        pairs = [(match.column, match.element) for match in self._chosen(request)]
        return _decided(decisions.reject_many(actor=request.user, pairs=pairs, batch=batch), batch)

    @extend_schema(request=MatchesBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def none(self, request: Request) -> Response:
        """No element of the catalogue fits the columns."""
        batch = decisions.new_batch()
        columns = [match.column for match in self._chosen(request)]
        return _decided(decisions.say_none_many(actor=request.user, columns=columns, batch=batch), batch)

    @extend_schema(request=ChoiceBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def choose(self, request: Request) -> Response:
        """A column carries this element, whatever was proposed."""
        body = ChoiceBody(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        batch = decisions.new_batch()
        binding = decisions.accept(actor=request.user, batch=batch, **body.validated_data)
        return _decided([binding.column], batch)

    @extend_schema(request=BatchBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def undo(self, request: Request) -> Response:
        """Take back what the caller decided in one go: what was decided before counts again."""
        body = BatchBody(data=request.data)
        body.is_valid(raise_exception=True)
        batch = body.validated_data["batch"]
        columns = queue.decided_in_batch(batch, request.user)
        count = decisions.undo(actor=request.user, columns=columns, batch=batch)
        return Response(DecidedSerializer({"batch": None, "columns": count}).data)


def _decided(columns: Sequence[Any], batch: UUID) -> Response:
    return Response(DecidedSerializer({"batch": batch, "columns": len(columns)}).data)


class BindingViewSet(ReadViewSet):
    """基因绑定: the element that each column carries, and who said so."""

    queryset = Binding.objects.all()
    serializer_class = BindingSerializer
    filterset_class = BindingFilter
    orderings = {"newest": ("-decided_at",), "confidence": ("-confidence",)}
    default_ordering = "newest"

    def get_queryset(self) -> QuerySet[Any]:
        return queue.bindings_visible_to(self.request.user)


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


class DesignViewSet(ApiView, GenericViewSet[Any]):
    """设计时核对: a DDL or a list of columns held against the standard. It is neither executed nor stored."""

    queryset = Conformity.objects.none()
    serializer_class = DesignCheckSerializer
    pagination_class = None
    filter_backends = []
    verbs = {"create": "data.view"}
    token_scopes = {"create": "read"}

    @extend_schema(request=DesignBody, responses={200: DesignCheckSerializer})
    def create(self, request: Request) -> Response:
        """Of each column the element that it would carry, what deviates, its level, and how it would be declared."""
        body = DesignBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        try:
            found = check(given["text"], kind=given["kind"], product=given["product"])
        except Refused as error:
            raise exceptions.ValidationError({"text": [problem_in_words(error.problem)]}) from None
        return Response(DesignCheckSerializer(found).data)


def register(router: ApiRouter) -> None:
    router.register("conformity", ConformityViewSet, basename="conformity")
    router.register("deviations", DeviationViewSet, basename="deviation")
    router.register("design-check", DesignViewSet, basename="design-check")
    router.register("gene-suggestions", SuggestionViewSet, basename="gene-suggestion")
    router.register("matches", MatchViewSet, basename="match")
    router.register("bindings", BindingViewSet, basename="binding")
    router.register("families", FamilyViewSet, basename="family")
    router.register("joins", JoinViewSet, basename="join")
    router.register("rulings", RulingViewSet, basename="ruling")
    router.register("repetitions", RepetitionViewSet, basename="repetition")
    router.register("gene-map", GeneMapViewSet, basename="gene_map")
