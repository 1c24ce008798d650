"""Bases of the REST interface; docs/api.md is its description for clients.

The convention for an app: a module `api.py` with viewsets built on the classes below and one function

    def register(router: ApiRouter) -> None:
        router.register("sources", SourceViewSet, basename="source")

which `datagene/api.py` calls. A list and an item need four declarations:

    class SourceViewSet(ReadViewSet):
        queryset = DataSource.objects.select_related("agency")     # `visible_to` is applied here; foreign rows are 404
        serializer_class = SourceSerializer
        filterset_class = SourceFilter                             # the page's own filter; unknown parameters are 400
        orderings = {"name": ("name",), "created": ("-created_at",)};  default_ordering = "name"
        verbs = {"create": "source.manage", "census": "census.run"}   # asked before the body is read, then per object
        token_scopes = {"census": "jobs"}                          # otherwise read for GET, write for the rest

Writing adds `Creates`, `Updates` (PATCH), `Deletes`: set `write_serializer_class` and define `create_object(data)`,
`update_object(obj, data)`, `delete_object(obj)`, each one call of a service. Changing and deleting need If-Match.
`self.permit(verb, obj)` asks for a right on one object. `accepted(self, job)` answers 202 with the job.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework import exceptions, mixins, routers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSetMixin

from core import visibility
from core.api_access import CompactJSONRenderer
from core.errors import BadParameter, PreconditionFailed, PreconditionRequired
from core.paging import PARAMETERS as PAGING_PARAMETERS

VARY = ("Accept", "Accept-Language", "Authorization", "Cookie")


class ApiView(ViewSetMixin):
    """Caching headers, ETags and the refusal of unknown parameters, for every view under /api/."""

    parameters: ClassVar[frozenset[str]] = frozenset()  # further query parameters that this view reads
    verbs: ClassVar[Mapping[str, str]] = {}
    token_scopes: ClassVar[Mapping[str, str]] = {}
    max_body: ClassVar[int] = 0  # bytes, for an action that takes more than the limit of all bodies
    request: Request

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        known = self.known_parameters()
        for name in request.query_params:
            if name not in known:
                raise BadParameter(
                    **{name: _("没有此参数。可用的参数：%(names)s。") % {"names": ", ".join(sorted(known)) or "—"}}
                )

    def known_parameters(self) -> frozenset[str]:
        if getattr(self, "action", None) != "list":
            return self.parameters
        filterset: Any = getattr(self, "filterset_class", None)
        filters = frozenset(filterset.base_filters) if filterset else frozenset()
        return (
            self.parameters | filters | (PAGING_PARAMETERS if getattr(self, "pagination_class", None) else frozenset())
        )

    def permit(self, verb: str, target: Any = None) -> None:
        """Raise PermissionDenied (403) unless the person may do `verb` to `target`."""
        if not visibility.can(self.request.user, verb, target):
            raise exceptions.PermissionDenied(_("没有执行此操作的权限，可向安全管理员申请。"))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        patch_vary_headers(response, VARY)
        tagged = response.status_code in (200, 201) and hasattr(response, "add_post_render_callback")
        response.headers.setdefault("Cache-Control", "private, no-cache" if tagged else "no-store")
        if tagged:
            response.add_post_render_callback(lambda rendered: _conditional(request, rendered))
        return response


def etag_of(request: Request, content: bytes) -> str:
    """Strong ETag of a representation; of this person, so that no two people share a cached body."""
    person = str(getattr(request.user, "pk", "")).encode()
    return f'"{hashlib.sha256(person + b"|" + content).hexdigest()[:32]}"'


def _conditional(request: Request, response: Any) -> Any:
    """Add the ETag to a rendered response; answer 304 to a reader who already has it."""
    response.headers["ETag"] = etag = etag_of(request, response.content)
    if request.method not in ("GET", "HEAD") or not _matches(etag, request.headers.get("If-None-Match", "")):
        return None
    unchanged = HttpResponseNotModified()
    for name in ("ETag", "Vary", "Cache-Control", "Link", "X-Total-Count"):
        if name in response.headers:
            unchanged.headers[name] = response.headers[name]
    return unchanged


def _matches(etag: str, header: str) -> bool:
    """Whether `header` lists the tag. `W/` is passed over: a compressing proxy adds it to the same content."""
    return any(known in ("*", etag) for known in (tag.removeprefix("W/") for tag in parse_etags(header)))


class ReadViewSet(ApiView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Any]):
    """`GET` of a list and of an item, of what the person may see."""

    orderings: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    default_ordering: ClassVar[str] = "id"
    http_method_names: ClassVar[list[str]] = ["get", "head", "options", "post", "patch", "delete"]
    write_serializer_class: ClassVar[type[serializers.BaseSerializer[Any]] | None] = None

    def get_queryset(self) -> "QuerySet[Any]":
        return visibility.visible_to(self.request.user, super().get_queryset())

    def read_serializer(self, obj: Any) -> serializers.BaseSerializer[Any]:
        serializer: serializers.BaseSerializer[Any] = self.serializer_class(obj, context=self.get_serializer_context())  # type: ignore[misc]
        return serializer

    def get_serializer_class(self) -> Any:
        """The body's shape for writing actions, the answer's shape otherwise. Answers always use `read_serializer`."""
        if self.write_serializer_class is not None and self.action in ("create", "partial_update"):
            return self.write_serializer_class
        return super().get_serializer_class()

    def fresh(self, pk: Any) -> Any:
        """The row again, with the annotations of the queryset."""
        return self.get_queryset().get(pk=pk)

    def item_for_change(self) -> Any:
        """The row of this address, locked, when If-Match names its present state.

        Raises PreconditionRequired (428) without the header and PreconditionFailed (412) when somebody was faster.
        """
        obj = self.get_object()
        if verb := self.verbs.get(self.action):
            self.permit(verb, obj)
        header = self.request.headers.get("If-Match", "")
        if not header:
            raise PreconditionRequired()
        type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
        present = CompactJSONRenderer().render(self.read_serializer(self.fresh(obj.pk)).data)
        if not _matches(etag_of(self.request, present), header):
            raise PreconditionFailed()
        return obj


class Creates(ReadViewSet):
    """`POST` to the list."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            obj = self.create_object(serializer.validated_data)
        location = self.reverse_action("detail", args=[obj.pk])
        return Response(self.read_serializer(self.fresh(obj.pk)).data, status=201, headers={"Location": location})

    def create_object(self, data: dict[str, Any]) -> Any:
        """Call the service; returns the new row."""
        raise NotImplementedError


class Updates(ReadViewSet):
    """`PATCH` of an item: the fields given change, the others stay."""

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            obj = self.item_for_change()
            serializer = self.get_serializer(obj, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            self.update_object(obj, serializer.validated_data)
        return Response(self.read_serializer(self.fresh(obj.pk)).data)

    def update_object(self, obj: Any, data: dict[str, Any]) -> None:
        """Call the service."""
        raise NotImplementedError


class Deletes(ReadViewSet):
    """`DELETE` of an item."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            self.delete_object(self.item_for_change())
        return Response(status=204)

    def delete_object(self, obj: Any) -> None:
        """Call the service."""
        raise NotImplementedError


class VisibleKey(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A reference in a body: only rows the person may see exist for it, so a foreign id is simply unknown."""

    def get_queryset(self) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset()
        request = self.context.get("request")
        return visibility.visible_to(request.user, rows) if request is not None else rows.none()


class ApiRouter(routers.DefaultRouter):
    """Collections under /api/v1/. An item's key is one path segment without dots, so a suffix never names a format."""

    include_format_suffixes = False
    root_view_name = "root"
