"""REST of what the machine watches and proposes over decided columns: drift alarms and levels, and of the decisions themselves."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from assets.selectors.catalogue import columns_visible_to, tables_visible_to
from core.api import ReadViewSet
from genes.api.matching import decided
from genes.filters import ColumnLevelFilter, DecisionFilter, DriftFilter, TableLevelFilter
from genes.models import ColumnLevel, Decision, DriftAlarm, TableLevel
from genes.selectors import levels, queue
from genes.serializers.matching import DecidedSerializer
from genes.serializers.watching import (
    ColumnLevelSerializer,
    ConfirmedSerializer,
    DecisionSerializer,
    DriftsBody,
    DriftSerializer,
    LevelBody,
    LevelsBody,
    TableLevelSerializer,
)
from genes.services.decisions import accept_pairs, new_batch
from genes.services.levels import confirm_levels, decide_column_level, decide_table_level

NOTHING_SPEAKS = OpenApiResponse(description="The word was taken back, and nothing speaks for a level.")


class DriftViewSet(ReadViewSet):
    """漂移告警: bound columns whose values moved away; closed by a decision, or by values that have come back."""

    queryset = DriftAlarm.objects.all()
    serializer_class = DriftSerializer
    filterset_class = DriftFilter
    orderings = {"newest": ("-last_at",), "distance": ("-distance",)}
    default_ordering = "newest"
    verbs = {"keep": "gene.decide"}

    def get_queryset(self) -> QuerySet[Any]:
        return queue.drifts_visible_to(self.request.user)

    @extend_schema(request=DriftsBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def keep(self, request: Request) -> Response:
        """The columns still carry their elements: their present fingerprints are the new baselines. Another element is
        given with `matches/choose/`, which closes the alarm too; `matches/undo/` takes the batch back."""
        body = DriftsBody(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = set(body.validated_data["drifts"])
        found = list(queue.open_drifts(request.user).filter(pk__in=wanted).order_by("pk"))
        if missing := wanted - {alarm.pk for alarm in found}:
            told = _("%(n)s 条告警不存在或已解除，如 %(id)s。") % {"n": len(missing), "id": min(missing)}
            raise exceptions.ValidationError({"drifts": [told]})
        batch = new_batch()
        pairs = [(alarm.column, alarm.element) for alarm in found]
        return decided(accept_pairs(actor=request.user, pairs=pairs, batch=batch), batch)


class ColumnLevelViewSet(ReadViewSet):
    """字段级别 (GB/T 43697), of the columns for which anything speaks; `decide` sets one, `confirm` many as proposed."""

    queryset = ColumnLevel.objects.all()
    serializer_class = ColumnLevelSerializer
    filterset_class = ColumnLevelFilter
    orderings = {"level": ("-level",), "proposed": ("-proposed_at",)}
    default_ordering = "level"
    verbs = dict.fromkeys(("decide", "confirm"), "gene.decide")

    def get_queryset(self) -> QuerySet[Any]:
        return levels.columns_visible_to(self.request.user)

    @extend_schema(request=LevelBody, responses={200: ColumnLevelSerializer, 204: NOTHING_SPEAKS})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: Any = None) -> Response:
        """A person's word on the column of this id, which need not have a level yet."""
        column = get_object_or_404(columns_visible_to(request.user), pk=pk)
        body = _level(self, request, column)
        decide_column_level(actor=request.user, column=column, **body)
        return _answer(self, column.pk)

    @extend_schema(request=LevelsBody, responses={200: ConfirmedSerializer})
    @action(detail=False, methods=["post"])
    def confirm(self, request: Request) -> Response:
        """Decide what is proposed."""
        body = LevelsBody(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = set(body.validated_data["columns"])
        rows = list(self.get_queryset().filter(pk__in=wanted))
        if missing := wanted - {row.pk for row in rows}:
            told = _("%(n)s 个字段不存在或没有建议级别，如 %(id)s。") % {"n": len(missing), "id": min(missing)}
            raise exceptions.ValidationError({"columns": [told]})
        return Response(ConfirmedSerializer({"columns": confirm_levels(actor=request.user, rows=rows)}).data)


class TableLevelViewSet(ReadViewSet):
    """表级别: that of the highest column, or what a person decided."""

    queryset = TableLevel.objects.all()
    serializer_class = TableLevelSerializer
    filterset_class = TableLevelFilter
    orderings = {"level": ("-level",), "proposed": ("-proposed_at",)}
    default_ordering = "level"
    verbs = {"decide": "gene.decide"}

    def get_queryset(self) -> QuerySet[Any]:
        return levels.tables_visible_to(self.request.user)

    @extend_schema(request=LevelBody, responses={200: TableLevelSerializer, 204: NOTHING_SPEAKS})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: Any = None) -> Response:
        """A person's word on the table of this id, which need not have a level yet."""
        table = get_object_or_404(tables_visible_to(request.user), pk=pk)
        decide_table_level(actor=request.user, table=table, **_level(self, request, table))
        return _answer(self, table.pk)


def _level(view: ReadViewSet, request: Request, target: Any) -> dict[str, Any]:
    """Level and basis, of one who may decide on the target."""
    view.permit("gene.decide", target)
    body = LevelBody(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _answer(view: ReadViewSet, pk: Any) -> Response:
    row = view.get_queryset().filter(pk=pk).first()
    return Response(view.read_serializer(row).data) if row is not None else Response(status=204)


class DecisionViewSet(ReadViewSet):
    """对标决定: every decision with the column as it was then, the training rows of the matcher."""

    queryset = Decision.objects.all()
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    orderings = {"newest": ("-at",), "oldest": ("at",)}
    default_ordering = "newest"

    def get_queryset(self) -> QuerySet[Any]:
        return queue.decisions_visible_to(self.request.user)
