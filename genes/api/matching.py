"""REST of matches, bindings and decisions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import ReadViewSet
from genes.filters import BindingFilter, MatchFilter
from genes.models import Binding, Match
from genes.selectors import queue
from genes.serializers.matching import (
    BatchBody,
    BindingSerializer,
    ChoiceBody,
    DecidedSerializer,
    MatchesBody,
    MatchSerializer,
)
from genes.services import decisions


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
        return decided(decisions.accept_many(actor=request.user, matches=chosen, batch=batch), batch)

    @extend_schema(request=MatchesBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def reject(self, request: Request) -> Response:
        """Not these elements; the next proposal of each column comes to the front."""
        batch = decisions.new_batch()
        pairs = [(match.column, match.element) for match in self._chosen(request)]
        return decided(decisions.reject_many(actor=request.user, pairs=pairs, batch=batch), batch)

    @extend_schema(request=MatchesBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def none(self, request: Request) -> Response:
        """No element of the catalogue fits the columns."""
        batch = decisions.new_batch()
        columns = [match.column for match in self._chosen(request)]
        return decided(decisions.say_none_many(actor=request.user, columns=columns, batch=batch), batch)

    @extend_schema(request=ChoiceBody, responses={200: DecidedSerializer})
    @action(detail=False, methods=["post"])
    def choose(self, request: Request) -> Response:
        """A column carries this element, whatever was proposed."""
        body = ChoiceBody(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        batch = decisions.new_batch()
        binding = decisions.accept(actor=request.user, batch=batch, **body.validated_data)
        return decided([binding.column], batch)

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


def decided(columns: Sequence[Any], batch: UUID) -> Response:
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
