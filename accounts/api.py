"""REST of accounts: agencies, people, grants, one's own tokens, oneself."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import selectors, services
from accounts.choices import ROLE_VERBS
from accounts.filters import AgencyApiFilter, GrantApiFilter, PersonFilter
from accounts.models import Agency, Grant, Person, Token
from accounts.serializers import (
    AgencyBody,
    AgencySerializer,
    GrantBody,
    GrantSerializer,
    MeSerializer,
    NewPersonBody,
    NewTokenSerializer,
    PersonBody,
    PersonSerializer,
    TokenBody,
    TokenSerializer,
)
from core.api import ApiRouter, ApiView, Creates, ReadViewSet, Updates


class AgencyViewSet(Creates, Updates):
    """机构: the tree of agencies, as far as one may see."""

    queryset = Agency.objects.all()
    serializer_class = AgencySerializer
    write_serializer_class = AgencyBody
    filterset_class = AgencyApiFilter
    orderings = {"name": ("sort_key",), "code": ("code",), "tree": ("path",), "updated": ("updated_at",)}
    default_ordering = "tree"
    verbs = {"create": "agency.manage", "partial_update": "agency.manage"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.agencies_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> Agency:
        return services.create_agency(actor=self.request.user, **data)

    def update_object(self, obj: Agency, data: dict[str, Any]) -> None:
        services.update_agency(actor=self.request.user, agency=obj, **data)


class PersonViewSet(Creates, Updates):
    """人员: the people of one's agencies."""

    queryset = Person.objects.all()
    serializer_class = PersonSerializer
    write_serializer_class = PersonBody
    filterset_class = PersonFilter
    orderings = {"name": ("sort_key",), "username": ("username",), "created": ("created_at",)}
    default_ordering = "name"
    verbs = dict.fromkeys(("create", "partial_update", "disable", "enable"), "person.manage")

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.people_visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return NewPersonBody if self.action == "create" else super().get_serializer_class()

    def create_object(self, data: dict[str, Any]) -> Person:
        return services.create_person(actor=self.request.user, **data)

    def update_object(self, obj: Person, data: dict[str, Any]) -> None:
        services.update_person(actor=self.request.user, person=obj, **data)

    @extend_schema(request=None, responses=PersonSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Shut the person out: sessions end, tokens are revoked."""
        person = services.disable_person(actor=request.user, person=self.get_object())
        return Response(PersonSerializer(self.fresh(person.pk)).data)

    @extend_schema(request=None, responses=PersonSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Let a disabled person sign in again."""
        person = services.enable_person(actor=request.user, person=self.get_object())
        return Response(PersonSerializer(self.fresh(person.pk)).data)


class GrantViewSet(Creates):
    """授权: who holds which role where, ended grants included. Everybody sees their own."""

    queryset = Grant.objects.all()
    serializer_class = GrantSerializer
    write_serializer_class = GrantBody
    filterset_class = GrantApiFilter
    orderings = {"granted": ("granted_at",), "person": ("person__sort_key",), "until": ("valid_until",)}
    default_ordering = "-granted"
    verbs = {"create": "grant.manage", "revoke": "grant.manage"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.grants_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> Grant:
        return services.grant_role(actor=self.request.user, **data)

    @extend_schema(request=None, responses=GrantSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End the grant now."""
        grant = services.revoke_grant(actor=request.user, grant=self.get_object())
        return Response(GrantSerializer(self.fresh(grant.pk)).data)


class TokenViewSet(ReadViewSet):
    """令牌: one's own. A token is made and revoked in a signed-in browser session, never by another token."""

    queryset = Token.objects.all()
    serializer_class = TokenSerializer
    orderings = {"created": ("created_at",), "expires": ("expires_at",), "name": ("name",)}
    default_ordering = "-created"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.tokens_of(self.request.user)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.auth is not None and self.action in ("create", "revoke"):
            raise exceptions.PermissionDenied(_("令牌不能管理令牌，请在网页登录后操作。"), code="insufficient_scope")

    @extend_schema(request=TokenBody, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token; `secret` is shown in this answer only."""
        body = TokenBody(data=request.data)
        body.is_valid(raise_exception=True)
        token, secret = services.create_token(actor=request.user, **body.validated_data)
        answer = NewTokenSerializer({**TokenSerializer(token).data, "is_usable": True, "secret": secret})
        headers = {"Location": self.reverse_action("detail", args=[token.pk]), "Cache-Control": "no-store"}
        return Response(answer.data, status=201, headers=headers)

    @extend_schema(request=None, responses=TokenSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """Make the token useless from now on."""
        token = self.get_object()
        services.revoke_token(actor=request.user, token=token)
        return Response(TokenSerializer(self.fresh(token.pk)).data)


class MeViewSet(ApiView, mixins.ListModelMixin, GenericViewSet[Any]):
    """The signed-in person with every role in force, where it holds and what it allows."""

    queryset = Person.objects.none()
    serializer_class = MeSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def list(self, request: Request) -> Response:
        person = Person.objects.select_related("agency").get(pk=request.user.pk)
        grants = person.grants.current().select_related("agency")
        person.rights = [  # type: ignore[attr-defined]
            {"role": grant.role, "agency": grant.agency, "verbs": sorted(ROLE_VERBS[grant.role])} for grant in grants
        ]
        return Response(MeSerializer(person).data)


def register(router: ApiRouter) -> None:
    router.register("agencies", AgencyViewSet, basename="agency")
    router.register("people", PersonViewSet, basename="person")
    router.register("grants", GrantViewSet, basename="grant")
    router.register("tokens", TokenViewSet, basename="token")
    router.register("me", MeViewSet, basename="me")
