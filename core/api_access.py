"""Who may call the API and what is read from the wire: the classes that settings name as DRF's defaults.

DRF loads these while it is itself being imported, so this module imports nothing of it that has views in it.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from django_filters import BooleanFilter
from django_filters.rest_framework import DjangoFilterBackend
from redis.exceptions import RedisError
from rest_framework import authentication, exceptions, parsers, permissions, renderers
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core import visibility
from core.errors import BadParameter, TooLarge

MAX_DEPTH = 32  # of nested JSON
CALLS_PER_MINUTE = 600  # by person, or by address for the unknown; settings.API_CALLS_PER_MINUTE changes it


class Token(Protocol):
    """What this module needs to know of a token."""

    person: Any
    scopes: list[str]


_find_token: Callable[[str], Token | None] = lambda secret: None  # noqa: E731


def register_token_lookup(find: Callable[[str], Token | None]) -> None:
    """accounts answers here which usable token a secret belongs to, None for any other secret."""
    global _find_token
    _find_token = find


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer dg_…`. Any other use of that header is refused: it was meant as a credential."""

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _space, secret = header.partition(" ")
        token = _find_token(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise exceptions.AuthenticationFailed(_("令牌无效、已撤销或已过期。"))
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with the CSRF check on everything but reading. `X-…-User` headers mean nothing here."""


class Anyone(permissions.AllowAny):
    """For the few routes without sign-in."""


class MayCall(permissions.BasePermission):
    """Signed in, within the token's scopes, and holding the action's verb somewhere: all before the body is read."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated(_("请登录，或在 Authorization 头中给出令牌。"))
        action = getattr(view, "action", None)
        if request.auth is not None:
            reading = "read" if request.method in permissions.SAFE_METHODS else "write"
            needed = getattr(view, "token_scopes", {}).get(action, reading)
            if needed not in request.auth.scopes:
                detail = _("此令牌没有 %(scope)s 权限范围。") % {"scope": needed}
                raise exceptions.PermissionDenied(detail, code="insufficient_scope")
        verb = getattr(view, "verbs", {}).get(action)
        return verb is None or visibility.can(request.user, verb)


class RateLimit(BaseThrottle):
    """Fixed windows of a minute, counted atomically in the cache; without a cache calls pass (sign-in has its own limit)."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = getattr(settings, "API_CALLS_PER_MINUTE", CALLS_PER_MINUTE)
        who = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        key = f"api:{hashlib.sha256(str(who).encode()).hexdigest()[:32]}:{int(time.time() // 60)}"
        try:
            cache.add(key, 0, 120)
            return bool(cache.incr(key) <= limit)
        except (RedisError, OSError, ValueError):
            return True

    def wait(self) -> float:
        return 60 - time.time() % 60


class CompactJSONRenderer(renderers.JSONRenderer):
    """One spelling per representation, so that the ETag of an item is always the same bytes' hash."""

    def get_indent(self, accepted_media_type: str, renderer_context: Mapping[str, Any]) -> None:
        return None


class StrictJSONParser(parsers.BaseParser):
    """JSON that every store can hold: no NaN or infinity, no NUL or lone surrogate, no repeated key, bounded size and depth."""

    media_type = "application/json"
    renderer_class = CompactJSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2_621_440
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge()
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)
            _check(data)
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(_("JSON 有误：%(reason)s") % {"reason": str(error)[:200]}) from None
        return data


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _check(data: Any) -> None:
    """Raise ValueError for what JSON allows and a database does not. Walks without recursion."""
    waiting = [(data, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("number out of range")
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            raise ValueError("NUL or half a surrogate pair in text")
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]


class FilterBackend(DjangoFilterBackend):
    """django-filter, whose complaints become problems about parameters."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise BadParameter(**{name: list(errors) for name, errors in filterset.errors.items()})
        for name, one in filterset.filters.items():  # a form takes any other word for "no choice"
            if isinstance(one, BooleanFilter) and request.query_params.get(name, "true") not in ("true", "false"):
                raise BadParameter(**{name: _("取值为 true 或 false。")})
        return filterset.qs
