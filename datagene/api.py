"""/api/: every app's `register(router)` under /api/v1/, the OpenAPI document, and problems for all the rest."""

import importlib
import importlib.util
from typing import Any

from django.apps import apps
from django.http import HttpResponse
from django.urls import Resolver404, URLPattern, URLResolver, include, path, re_path, resolve
from django.utils.translation import get_language
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import ApiRouter
from datagene import core_api

APPS = ("accounts", "assets", "standards", "genes", "quality", "quantity")


_documents: dict[tuple[str, str], bytes] = {}


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1, open to all because it tells nothing but the form: JSON, or YAML by Accept or `?format=yaml`.

    Made once a process and language: it costs half a second, and anybody may ask. For the same reason the base's
    `lang` and `version` are not read: each new word would stay in memory.
    """

    JSON = (OpenApiJsonRenderer2, OpenApiJsonRenderer)
    YAML = (OpenApiYamlRenderer2, OpenApiYamlRenderer)
    renderer_classes = [*JSON, *YAML]
    only = ""

    def get_renderers(self) -> list[Any]:
        chosen = self.only or self.request.GET.get("format", "")
        return [renderer() for renderer in {"json": self.JSON, "yaml": self.YAML}.get(chosen, self.renderer_classes)]

    def _document(self) -> Any:
        return self.generator_class().get_schema(public=True)  # type: ignore[no-untyped-call]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer  # type: ignore[attr-defined]
        wanted = (renderer.media_type, get_language() or "")
        if wanted not in _documents:
            _documents[wanted] = renderer.render(self._document(), None, {})
        return HttpResponse(_documents[wanted], content_type=f"{renderer.media_type}; charset=utf-8")


class UnknownPath(APIView):
    """Anything else under /api/: a problem, or the way to the same path with its closing slash."""

    schema = None
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.path.endswith("/") or _is_unknown(request.path + "/"):
            raise NotFound()

    def answer(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        query = request.META.get("QUERY_STRING", "")
        location = f"{request.path}/" + (f"?{query}" if query else "")
        return Response(status=308, headers={"Location": request.build_absolute_uri(location)})

    get = head = post = patch = put = delete = options = answer


def _is_unknown(address: str) -> bool:
    try:
        return getattr(resolve(address).func, "cls", None) is UnknownPath
    except Resolver404:
        return True


def _router() -> ApiRouter:
    router = ApiRouter()
    core_api.register(router)
    for app in APPS:
        if apps.is_installed(app) and importlib.util.find_spec(f"{app}.api") is not None:
            importlib.import_module(f"{app}.api").register(router)
    return router


router = _router()
urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(router.urls)),
    re_path(r"^schema/?$", SchemaView.as_view(), name="schema"),
    path("schema.json", SchemaView.as_view(only="json")),
    path("schema.yaml", SchemaView.as_view(only="yaml")),
    re_path(r"^.*$", UnknownPath.as_view()),
]
