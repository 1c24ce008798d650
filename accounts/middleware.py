"""Session limits for signed-in people.

To wire into settings.py (owner: platform):

    MIDDLEWARE: "accounts.middleware.SessionLimits" right after django.contrib.messages.middleware.MessageMiddleware
    LOGIN_URL = "accounts:sign_in"        LOGIN_REDIRECT_URL = "/"
    SESSION_ENGINE = "django.contrib.sessions.backends.db"   (no cache: a killed session must be dead everywhere)
    SESSION_COOKIE_AGE = 12 * 3600        SESSION_COOKIE_HTTPONLY, SESSION_COOKIE_SAMESITE = "Lax", SECURE in production
    SECURITY_PROFILE = "dengbao3" | "asvs"
    TRUSTED_PROXIES = 0                   number of reverse proxies whose X-Forwarded-For is believed
    PASSWORD_HASHERS: Argon2PasswordHasher first
    DATA_UPLOAD_MAX_MEMORY_SIZE           also the body limit of the API (413 above it)
    from datagene.rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  (plain data, safe to import in settings)
    CACHES["default"]: Redis; the API's rate limit counts there and lets pass when it is gone

Identity never comes from a header: there is no RemoteUserMiddleware, and none may be added.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import passwords, services
from core.problems import problem_response

# Pages that stay open to somebody who has to change the password first.
OPEN_VIEWS = {"accounts:password_change", "accounts:sign_out", "accounts:set_preferences", "accounts:sign_in"}


def client_address(request: HttpRequest) -> str | None:
    """The caller's address: the peer, or behind `TRUSTED_PROXIES` proxies what the outermost of them saw."""
    trusted = getattr(settings, "TRUSTED_PROXIES", 0)
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if trusted and len(forwarded) >= trusted:
        address = forwarded[-trusted]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


class SessionLimits:
    """Idle 30 minutes, 12 hours in all, ended when its row is gone; then, a password that is due is changed first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            live = services.touch_session(person=request.user, session_key=request.session.session_key)
            if live is None:
                logout(request)
                if not request.path.startswith("/api/"):
                    messages.info(request, _("登录已过期，请重新登录。"))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not request.user.is_authenticated or not passwords.must_change(request.user):
            return None
        match = request.resolver_match
        if match is None or match.view_name in OPEN_VIEWS:
            return None
        if request.path.startswith("/api/"):
            return problem_response(request, 403, "password_due", _("请先在网页上修改密码。"))
        return redirect("accounts:password_change")
