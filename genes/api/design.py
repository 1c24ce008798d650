"""REST of what is in no source yet: suggestions and the design-time check."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from core.api import ApiView
from genes.advice import problem_in_words
from genes.engine.ddl import Refused
from genes.engine.evidence import Column
from genes.models import Conformity
from genes.selectors.design import check
from genes.selectors.suggestions import suggestion
from genes.serializers.design import DesignBody, DesignCheckSerializer, NewColumnBody, SuggestionSerializer


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
