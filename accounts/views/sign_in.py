"""Signing in and out."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from accounts import services
from accounts.forms import SignInForm
from accounts.middleware import client_address
from accounts.models import Person
from core.views import safe_next


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SignIn(View):
    """The session key rotates at sign-in (Django's `login`); `next` leads only to a path of this host."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return HttpResponseRedirect(self.target(request))
        return self.page(request, SignInForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(data=request.POST)
        if not form.is_valid():
            return self.page(request, form, 422)
        try:
            person = services.check_sign_in(request=request, address=client_address(request), **form.cleaned_data)
        except services.SignInRefused as refused:
            form.add_error(None, refused.message)
            return self.page(request, form, 429 if refused.locked else 422)
        login(request, person)
        response = HttpResponseRedirect(self.target(request))
        remember_language(response, person.language)
        return response

    def target(self, request: HttpRequest) -> str:
        return safe_next(request, resolve_url(settings.LOGIN_REDIRECT_URL))

    def page(self, request: HttpRequest, form: SignInForm, status: int) -> HttpResponse:
        context: dict[str, Any] = {"title": _("登录"), "form": form, "next": safe_next(request, "")}
        return render(request, "accounts/sign_in.html", context, status=status)


class SignOut(View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, Person):
            services.sign_out(actor=request.user, session_key=request.session.session_key or "")
        logout(request)
        messages.success(request, _("已退出登录。"))
        return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))


def remember_language(response: HttpResponse, language: str) -> None:
    """Keep the language in the cookie that LocaleMiddleware reads, also for the sign-in page of this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        path=settings.LANGUAGE_COOKIE_PATH,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
