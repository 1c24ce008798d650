"""REST of recognisers: define one, try it on what people decided, let it propose when it was right often enough."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import Creates, Deletes, Updates
from genes.filters import RecogniserFilter
from genes.models import Recogniser
from genes.selectors.recognisers import recognisers_visible_to, wrong_rows
from genes.serializers.recognisers import (
    NewRecogniserBody,
    RecogniserBody,
    RecogniserSerializer,
    WrongRowSerializer,
)
from genes.services import recognisers


class RecogniserViewSet(Creates, Updates, Deletes):
    """识别器: create, change, delete; `try` is a dry run, after which alone `enable` may let it propose."""

    queryset = Recogniser.objects.all()
    serializer_class = RecogniserSerializer
    write_serializer_class = RecogniserBody
    filterset_class = RecogniserFilter
    orderings = {"name": ("name",), "updated": ("-updated_at",)}
    default_ordering = "name"
    verbs = dict.fromkeys(("create", "partial_update", "destroy", "try_out", "enable", "disable"), "gene.decide")

    def get_queryset(self) -> QuerySet[Any]:
        return recognisers_visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return NewRecogniserBody if self.action == "create" else super().get_serializer_class()

    def create_object(self, data: dict[str, Any]) -> Recogniser:
        return recognisers.define_recogniser(actor=self.request.user, **data)

    def update_object(self, obj: Recogniser, data: dict[str, Any]) -> None:
        recognisers.change_recogniser(actor=self.request.user, recogniser=obj, **data)

    def delete_object(self, obj: Recogniser) -> None:
        recognisers.delete_recogniser(actor=self.request.user, recogniser=obj)

    @extend_schema(request=None, responses={200: RecogniserSerializer})
    @action(detail=True, methods=["post"], url_path="try")
    def try_out(self, request: Request, pk: Any = None) -> Response:
        """Precision and recall on the columns that people decided and the caller may see; no column is changed."""
        return self._done(recognisers.try_recogniser(actor=request.user, recogniser=self.get_object()))

    @extend_schema(request=None, responses={200: RecogniserSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: Any = None) -> Response:
        """From the next matching on it proposes. Refused until a trial was right often enough."""
        return self._done(recognisers.enable_recogniser(actor=request.user, recogniser=self.get_object(), enabled=True))

    @extend_schema(request=None, responses={200: RecogniserSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: Any = None) -> Response:
        """It proposes no more; what people decided on its proposals stays."""
        return self._done(
            recognisers.enable_recogniser(actor=request.user, recogniser=self.get_object(), enabled=False)
        )

    def _done(self, recogniser: Recogniser) -> Response:
        return Response(self.read_serializer(self.fresh(recogniser.pk)).data)

    @extend_schema(responses={200: WrongRowSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def wrong(self, request: Request, pk: Any = None) -> Response:
        """Where the last trial was wrong, of the columns that one may see: at most 100 of either kind."""
        found = wrong_rows(self.get_object(), request.user)
        return Response(WrongRowSerializer(found, many=True).data)
