"""REST of standards: elements, code sets, their editions under review, standard texts, and what follows from a notation."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from core import impacts, workflow
from core.api import ApiRouter, ApiView, Creates, Deletes, Updates
from core.errors import BadParameter
from standards import comparing, notation, selectors, serializers
from standards.code_rules import CodeRow
from standards.code_tables import MappingRow
from standards.element_tables import Row, digest, lines_of
from standards.filters import CodeEditionFilter, CodeSetFilter, EditionFilter, ElementFilter, TextFilter
from standards.models import Citation, CodeSet, CodeSetEdition, Comment, DataElement, Edition, ElementName, StandardText
from standards.services import code_sets, review, texts
from standards.services.element_import import import_elements, planned
from standards.services.elements import add_names, create_element, draft_edition, edit_draft, remove_name
from standards.tables import MAX_BYTES, TableError, read_grids

DATE = OpenApiParameter("valid_on", date, description="Codes that held on this day; today without it.")
DIALECT = OpenApiParameter("dialect", str, enum=notation.DIALECTS, default="postgresql")


class ElementViewSet(Creates):
    """数据元: create one with its first draft, draft the next edition, keep its names; changing happens on the edition."""

    queryset = DataElement.objects.all()
    serializer_class = serializers.ElementSerializer
    write_serializer_class = serializers.ElementBody
    filterset_class = ElementFilter
    orderings = {"code": ("code",), "name": ("sort_key",), "updated": ("-updated_at",)}
    default_ordering = "code"
    verbs = dict.fromkeys(("create", "draft", "add_names", "import_table"), "standard.edit")

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.elements_visible_to(self.request.user)

    def known_parameters(self) -> frozenset[str]:
        return super().known_parameters() | (frozenset({"dialect", "column"}) if self.action == "ddl" else frozenset())

    def create_object(self, data: dict[str, Any]) -> DataElement:
        return create_element(actor=self.request.user, **data)

    @extend_schema(request=None, responses={200: serializers.EditionSerializer})
    @action(detail=True, methods=["post"])
    def draft(self, request: Request, pk: Any = None) -> Response:
        """The edition in work; without one it is begun from the edition in force."""
        edition = draft_edition(actor=request.user, element=self.get_object())
        shown = selectors.editions_visible_to(request.user).get(pk=edition.pk)
        return Response(serializers.EditionSerializer(shown, context=self.get_serializer_context()).data)

    @extend_schema(request=serializers.ElementFileBody, responses={200: serializers.ImportSerializer})
    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        parser_classes=[MultiPartParser],
        max_body=MAX_BYTES + (1 << 20),
    )
    def import_table(self, request: Request) -> Response:
        """A printed table of elements: what each row would become (``dry_run``), or drafts of what is taken, all or nothing."""
        body = serializers.ElementFileBody(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        data = body.validated_data
        self.permit("standard.edit", data["agency"].pk)
        try:
            lines, over = lines_of(read_grids(data["file"].name, data["file"].read()))
        except TableError as error:
            raise exceptions.ValidationError({"file": [str(error)]}) from error
        if data["dry_run"]:
            rows = planned(request.user, lines, data["domain"])
        else:
            rows = import_elements(
                actor=request.user, agency=data["agency"], domain=data["domain"], lines=lines, take=data["take"], seen=data["seen"]
            )  # fmt: skip
        return Response(serializers.ImportSerializer(_told(rows, data["take"], over, data["dry_run"])).data)

    @extend_schema(responses={200: serializers.NameSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def names(self, request: Request, pk: Any = None) -> Response:
        """Further names, as columns and people write the element."""
        return Response(serializers.NameSerializer(self.get_object().names.all(), many=True).data)

    @extend_schema(request=serializers.NamesBody, responses={201: serializers.NameSerializer(many=True)})
    @names.mapping.post
    def add_names(self, request: Request, pk: Any = None) -> Response:
        """Add names; answers all of them."""
        element, body = self.get_object(), serializers.NamesBody(data=request.data)
        body.is_valid(raise_exception=True)
        add_names(actor=request.user, element=element, **body.validated_data)
        return Response(serializers.NameSerializer(element.names.all(), many=True).data, status=201)

    @extend_schema(responses={200: {"type": "object"}}, filters=False)
    @action(detail=True, methods=["get"], url_path="json-schema", pagination_class=None)
    def json_schema(self, request: Request, pk: Any = None) -> Response:
        """JSON Schema (2020-12) of a value of the element in force, generated from its notation and code set."""
        edition = self._in_force()
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **selectors.json_schema_of(edition)}
        return Response(schema)

    @extend_schema(
        responses={200: serializers.DdlSerializer},
        filters=False,
        parameters=[
            DIALECT,
            OpenApiParameter("column", str, description="The column's name; the English name without it."),
        ],
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def ddl(self, request: Request, pk: Any = None) -> Response:
        """The line of a CREATE TABLE for a column that carries the element in force."""
        edition, dialect = self._in_force(), request.query_params.get("dialect", "postgresql")
        if dialect not in notation.DIALECTS:
            raise BadParameter(dialect=_("取值为 %(values)s。") % {"values": ", ".join(notation.DIALECTS)})
        column = request.query_params.get("column", edition.english_name or edition.element.code)[:128]
        return Response(serializers.DdlSerializer(selectors.ddl_of(edition, column, dialect)).data)

    def _in_force(self) -> Edition:
        edition: Edition | None = self.get_object().current
        if edition is None or not edition.notation:
            raise Http404
        return edition


def _told(rows: Sequence[Row], take: Collection[str], over: list[str], dry_run: bool) -> dict[str, Any]:
    told = [
        {
            "sheet": row.line.sheet, "line": row.line.line, "code": row.code, "name": row.line.values.get("name", ""),
            "outcome": row.outcome, "kinds": row.kinds, "taken": row.taken(take),
            "reasons": [{"kind": kind, "text": text} for kind, text in row.reasons],
        }
        for row in rows
    ]  # fmt: skip
    taken = sum(row.taken(take) for row in rows)
    return {"dry_run": dry_run, "seen": digest(rows), "taken": taken, "rows": told, "over": over}


class NameViewSet(Deletes):
    """同义名称: one name of an element; names are added on the element."""

    queryset = ElementName.objects.all()
    serializer_class = serializers.NameSerializer
    filterset_class = None
    orderings = {"text": ("text",)}
    default_ordering = "text"
    verbs = {"destroy": "standard.edit"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.names_visible_to(self.request.user)

    def delete_object(self, obj: ElementName) -> None:
        remove_name(actor=self.request.user, name=obj)


class Reviewed(Updates, Deletes):
    """What editions of elements and code sets have in common: the way through review. DELETE gives a draft up."""

    orderings = {"number": ("-number",), "id": ("id",)}
    default_ordering = "id"
    verbs = {
        "partial_update": "standard.edit", "destroy": "standard.edit", "say": "standard.comment", "answer": "standard.edit",
        "cite": "standard.edit", "codes": "standard.edit", "transition": "standard.review",
        "impact": "standard.review",
    }  # fmt: skip

    def delete_object(self, obj: Any) -> None:
        review.discard_draft(actor=self.request.user, edition=obj)

    @extend_schema(responses={200: serializers.HistorySerializer}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, pk: Any = None) -> Response:
        """Who did what to the edition, and what the caller may do now."""
        edition = self.get_object()
        steps = [step.name for step in workflow.open_to(edition, request.user)]
        return Response(serializers.HistorySerializer({"steps": workflow.history(edition), "open_to": steps}).data)

    @extend_schema(request=serializers.TransitionBody)
    @action(detail=True, methods=["post"])
    def transition(self, request: Request, pk: Any = None) -> Response:
        """One step of the review; nobody reviews what they wrote."""
        edition, body = self.get_object(), serializers.TransitionBody(data=request.data)
        body.is_valid(raise_exception=True)
        name = body.validated_data["transition"]
        known = [step.name for step in workflow.of(edition).transitions]
        if name not in known:
            raise exceptions.ValidationError({"transition": [_("取值为 %(values)s。") % {"values": ", ".join(known)}]})
        data = body.validated_data
        review.move(actor=request.user, edition=edition, step=name, opinion=data["opinion"], uses=data["confirm"])
        return Response(self.read_serializer(self.fresh(edition.pk)).data)

    @extend_schema(responses={200: serializers.ImpactSerializer}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def impact(self, request: Request, pk: Any = None) -> Response:
        """What leans on the element or code set, as the page shows it before publishing and retiring."""
        edition = self.get_object()
        self.permit("standard.review", edition)
        hits = impacts.of(edition.element if isinstance(edition, Edition) else edition.code_set, request.user)
        return Response(serializers.ImpactSerializer({"uses": sum(hit.count for hit in hits), "hits": hits}).data)

    @extend_schema(responses={200: serializers.DifferenceSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def changes(self, request: Request, pk: Any = None) -> Response:
        """What differs from the edition in force."""
        rows = self.differences(self.get_object())
        return Response(serializers.DifferenceSerializer(rows, many=True).data)

    def differences(self, edition: Any) -> list[comparing.Difference]:
        raise NotImplementedError

    @extend_schema(responses={200: serializers.CommentSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def comments(self, request: Request, pk: Any = None) -> Response:
        """What agencies said, and the answers."""
        return self._said(self.get_object())

    @extend_schema(request=serializers.CommentBody, responses={201: serializers.CommentSerializer(many=True)})
    @comments.mapping.post
    def say(self, request: Request, pk: Any = None) -> Response:
        """Say something about an edition that is open to comments."""
        edition, body = self.get_object(), serializers.CommentBody(data=request.data)
        body.is_valid(raise_exception=True)
        review.comment(actor=request.user, edition=edition, text=body.validated_data["text"])
        return self._said(edition, 201)

    @extend_schema(request=serializers.AnswerBody, responses={200: serializers.CommentSerializer(many=True)})
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: Any = None) -> Response:
        """Take a comment over, or say why not."""
        edition, body = self.get_object(), serializers.AnswerBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        said = selectors.comments_on(edition).filter(pk=data["comment"]).first()
        if said is None:
            raise exceptions.ValidationError({"comment": [_("没有这条意见。")]})
        review.answer_comment(
            actor=request.user, edition=edition, said=said, accepted=data["accepted"], text=data["answer"]
        )
        return self._said(edition)

    def _said(self, edition: Any, status: int = 200) -> Response:
        said: QuerySet[Comment] = selectors.comments_on(edition)
        return Response(serializers.CommentSerializer(said, many=True).data, status=status)

    @extend_schema(responses={200: serializers.CitationSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def citations(self, request: Request, pk: Any = None) -> Response:
        """The clauses of standard texts that the edition rests on, and when each was checked against the text."""
        return self._cited(self.get_object())

    @extend_schema(request=serializers.CitationBody, responses={201: serializers.CitationSerializer(many=True)})
    @citations.mapping.post
    def cite(self, request: Request, pk: Any = None) -> Response:
        """Cite a clause; a clause that is cited already gets the new day."""
        edition = self.get_object()
        body = serializers.CitationBody(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        review.cite(actor=request.user, edition=edition, **body.validated_data)
        return self._cited(edition, 201)

    def _cited(self, edition: Any, status: int = 200) -> Response:
        cited: QuerySet[Citation] = edition.citations.select_related("text")
        return Response(serializers.CitationSerializer(cited, many=True).data, status=status)


class EditionViewSet(Reviewed):
    """数据元版本: what a draft says, its comments and its review; published, it is never edited again."""

    queryset = Edition.objects.all()
    serializer_class = serializers.EditionSerializer
    write_serializer_class = serializers.EditionBody
    filterset_class = EditionFilter
    orderings = {"number": ("-number",), "updated": ("-updated_at",)}
    default_ordering = "updated"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.editions_visible_to(self.request.user)

    def update_object(self, obj: Edition, data: dict[str, Any]) -> None:
        edit_draft(actor=self.request.user, edition=obj, **data)

    def differences(self, edition: Edition) -> list[comparing.Difference]:
        current = edition.element.current
        return comparing.compare_editions(current if current != edition else None, edition)


class CodeEditionViewSet(Reviewed):
    """代码集版本: codes of a draft are replaced as a whole; published, they never change again."""

    queryset = CodeSetEdition.objects.all()
    serializer_class = serializers.CodeEditionSerializer
    write_serializer_class = serializers.CodeEditionBody
    filterset_class = CodeEditionFilter
    orderings = {"label": ("label",)}
    default_ordering = "label"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.code_editions_visible_to(self.request.user)

    def update_object(self, obj: CodeSetEdition, data: dict[str, Any]) -> None:
        code_sets.edit_code_edition(actor=self.request.user, edition=obj, **data)

    def differences(self, edition: CodeSetEdition) -> list[comparing.Difference]:
        current = edition.code_set.current
        return comparing.compare_codes(current if current != edition else None, edition)

    @extend_schema(request=serializers.CodesBody, responses={200: serializers.CodeEditionSerializer})
    @action(detail=True, methods=["post"])
    def codes(self, request: Request, pk: Any = None) -> Response:
        """These are the codes of the draft; errors name the line, counted from 1."""
        edition, body = self.get_object(), serializers.CodesBody(data=request.data)
        body.is_valid(raise_exception=True)
        rows = [CodeRow(line, **row) for line, row in enumerate(body.validated_data["codes"], 1)]
        code_sets.replace_codes(actor=request.user, edition=edition, rows=rows)
        return Response(self.read_serializer(self.fresh(edition.pk)).data)


class CodeSetViewSet(Creates):
    """代码集: its codes as of a day, and what old codes became."""

    queryset = CodeSet.objects.all()
    serializer_class = serializers.CodeSetSerializer
    write_serializer_class = serializers.CodeSetBody
    filterset_class = CodeSetFilter
    orderings = {"reference": ("reference",), "name": ("sort_key",), "updated": ("-updated_at",)}
    default_ordering = "reference"
    verbs = {"create": "standard.edit", "draft": "standard.edit", "map": "standard.edit"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.code_sets_visible_to(self.request.user)

    def known_parameters(self) -> frozenset[str]:
        return super().known_parameters() | (
            frozenset({"valid_on", "contains", "after"}) if self.action == "codes" else frozenset()
        )

    def create_object(self, data: dict[str, Any]) -> CodeSet:
        return code_sets.create_code_set(actor=self.request.user, **data)

    @extend_schema(request=None, responses={200: serializers.CodeEditionSerializer})
    @action(detail=True, methods=["post"])
    def draft(self, request: Request, pk: Any = None) -> Response:
        """The edition in work; without one it is begun with the codes of the edition in force."""
        edition = code_sets.draft_code_edition(actor=request.user, code_set=self.get_object())
        shown = selectors.code_editions_visible_to(request.user).get(pk=edition.pk)
        return Response(serializers.CodeEditionSerializer(shown, context=self.get_serializer_context()).data)

    @extend_schema(
        responses={200: serializers.CodeSerializer(many=True)},
        filters=False,
        parameters=[
            DATE,
            OpenApiParameter("contains", str, description="Part of a code or a name."),
            OpenApiParameter("after", str, description="Codes behind this one; 5,000 come at a time."),
        ],
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def codes(self, request: Request, pk: Any = None) -> Response:
        """Codes of the edition in force that held on a day, by code: an old row is judged by the list of its time."""
        code_set = self.get_object()
        given = request.query_params.get("valid_on", "")
        day = selectors.day_of(given) if given else timezone.localdate()
        if day is None:
            raise BadParameter(valid_on=_("日期写成 2003-01-31。"))
        found = selectors.codes_as_of(
            code_set, day, request.query_params.get("contains", ""), request.query_params.get("after", "")
        )
        return Response(serializers.CodeSerializer(found, many=True).data)

    @extend_schema(responses={200: serializers.MappingSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def mappings(self, request: Request, pk: Any = None) -> Response:
        """What old codes became."""
        return Response(serializers.MappingSerializer(self.get_object().mappings.all(), many=True).data)

    @extend_schema(request=serializers.MappingsBody, responses={200: serializers.MappingSerializer(many=True)})
    @mappings.mapping.post
    def map(self, request: Request, pk: Any = None) -> Response:
        """These are the maps of the code set; errors name the line, counted from 1."""
        code_set, body = self.get_object(), serializers.MappingsBody(data=request.data)
        body.is_valid(raise_exception=True)
        rows = [MappingRow(line, **row) for line, row in enumerate(body.validated_data["mappings"], 1)]
        code_sets.replace_mappings(actor=request.user, code_set=code_set, rows=rows)
        return Response(serializers.MappingSerializer(code_set.mappings.all(), many=True).data)


class TextViewSet(Creates, Updates, Deletes):
    """标准文本: the library that editions cite; one that is cited stays."""

    queryset = StandardText.objects.all()
    serializer_class = serializers.TextSerializer
    write_serializer_class = serializers.TextBody
    filterset_class = TextFilter
    orderings = {"number": ("number",), "effective": ("-effective_on",)}
    default_ordering = "number"
    verbs = dict.fromkeys(("create", "partial_update", "destroy"), "standard.edit")

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.texts_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> StandardText:
        agency = data.pop("agency", None)
        if agency is None:
            raise exceptions.ValidationError({"agency": [_("该字段是必填项。")]})
        return texts.add_text(actor=self.request.user, agency=agency, **data)

    def update_object(self, obj: StandardText, data: dict[str, Any]) -> None:
        data.pop("agency", None)  # a text stays with the agency that keeps it
        texts.edit_text(actor=self.request.user, text=obj, **data)

    def delete_object(self, obj: StandardText) -> None:
        texts.remove_text(actor=self.request.user, text=obj)


class NotationViewSet(ApiView, GenericViewSet[Any]):
    """数据格式: what a notation says of values, and the schema, checks and column types that follow from it."""

    queryset = DataElement.objects.none()
    serializer_class = serializers.CheckSerializer
    pagination_class = None
    filter_backends = []
    verbs = {"check": "data.view"}
    token_scopes = {"check": "read"}

    @extend_schema(request=serializers.NotationBody, responses={200: serializers.CheckSerializer})
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        """Hold values against a notation. Nothing is stored."""
        body = serializers.NotationBody(data=request.data)
        body.is_valid(raise_exception=True)
        text, language = body.validated_data["notation"], (get_language() or "zh")[:2]
        verdicts = [(value, notation.check(text, value)) for value in body.validated_data["values"]]
        found = {
            "notation": text,
            "results": [
                {"value": value, "valid": verdict.valid, "reason": verdict.text(language)}
                for value, verdict in verdicts
            ],
            "json_schema": notation.json_schema(text),
            "checks": {name: notation.sql_check(text, "value", name) for name in ("postgresql", "mysql", "duckdb")},
            "types": {name: notation.ddl_type(text, name) for name in notation.DIALECTS},
        }
        return Response(serializers.CheckSerializer(found).data)


def register(router: ApiRouter) -> None:
    router.register("elements", ElementViewSet, basename="element")
    router.register("element-names", NameViewSet, basename="element-name")
    router.register("element-editions", EditionViewSet, basename="element-edition")
    router.register("code-sets", CodeSetViewSet, basename="code-set")
    router.register("code-set-editions", CodeEditionViewSet, basename="code-set-edition")
    router.register("standard-texts", TextViewSet, basename="standard-text")
    router.register("notation", NotationViewSet, basename="notation")
