"""One's own account: password, sessions, tokens, language and theme. Needs no grant, only being signed in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import passwords, selectors, services
from accounts.forms import PasswordChangeForm, PreferencesForm, TokenForm
from accounts.models import Person, SignedIn, Token
from accounts.views.sign_in import remember_language
from core.texts import Text
from core.views import ActionView, Crumb, EditPage, SignedInView, safe_next


class Account(SignedInView):
    def get(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        assert isinstance(person, Person)
        context = {
            "title": translate("我的账号"),
            "crumbs": [(_("我的账号"), "")],
            "person": person,
            "rights": person.grants.current().select_related("agency"),
            "sessions": selectors.sessions_of(person),
            "session_key": request.session.session_key,
            "tokens": selectors.tokens_of(person)[:50],
        }
        return render(request, "accounts/account.html", context)


class _AccountForm(EditPage):
    def crumbs(self) -> list[Crumb]:
        return [(_("我的账号"), reverse("accounts:account")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("accounts:account")


@method_decorator(sensitive_post_parameters(), name="dispatch")
class PasswordChange(_AccountForm):
    """Ends every other session of the person; this one goes on under a new key."""

    form_class = PasswordChangeForm
    title = _("修改密码")
    submit_label = _("修改密码")
    template_name = "accounts/password_change.html"

    def extra_context(self) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        return {"due": passwords.must_change(self.request.user)}

    def save(self, form: Any) -> tuple[str, Text]:
        request = self.request
        person = services.change_own_password(
            actor=request.user, current=form.cleaned_data["current"], new=form.cleaned_data["new"]
        )
        old_key = request.session.session_key or ""
        update_session_auth_hash(request, person)
        services.renew_session(person=person, old_key=old_key, new_key=request.session.session_key or "")
        services.end_other_sessions(actor=person, session_key=request.session.session_key or "")
        return safe_next(request, self.cancel_url()), _("密码已修改，其他设备上的登录已退出。")


class SetPreferences(SignedInView):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PreferencesForm(data=request.POST)
        response = HttpResponseRedirect(safe_next(request, reverse("accounts:account")))
        if form.is_valid():
            chosen = {name: value for name, value in form.cleaned_data.items() if value}
            services.set_preferences(actor=request.user, **chosen)
            if "language" in chosen:
                remember_language(response, chosen["language"])
        return response


class EndSession(ActionView):
    """Sign one of one's own browsers out."""

    target_url = reverse_lazy("accounts:account")  # type: ignore[assignment]

    def queryset(self) -> QuerySet[SignedIn]:
        return selectors.sessions_of(self.request.user)

    def act(self, obj: SignedIn) -> Text:
        services.end_session(actor=self.request.user, signed_in=obj)
        return _("该设备已退出登录。")


class EndOtherSessions(SignedInView):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        count = services.end_other_sessions(actor=request.user, session_key=request.session.session_key or "")
        messages.success(request, translate("已退出其他 %(count)d 个登录。") % {"count": count})
        return HttpResponseRedirect(reverse("accounts:account"))


class TokenCreate(_AccountForm):
    """The answer to the form is the only page that ever shows the secret; it is kept in no session and no cache."""

    form_class = TokenForm
    title = _("创建令牌")
    submit_label = _("创建令牌")
    created: tuple[Token, str] | None = None

    def save(self, form: Any) -> tuple[str, Text]:
        self.created = services.create_token(actor=self.request.user, **form.cleaned_data)
        return reverse("accounts:account"), ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        if self.created is None:
            return response
        token, secret = self.created
        list(messages.get_messages(request))  # the page itself says that it worked
        context = {"title": translate("令牌已创建"), "crumbs": self.crumbs(), "token": token, "secret": secret}
        response = render(request, "accounts/token_created.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response


class TokenRevoke(ActionView):
    target_url = reverse_lazy("accounts:account")  # type: ignore[assignment]

    def queryset(self) -> QuerySet[Token]:
        return selectors.tokens_of(self.request.user)

    def act(self, obj: Token) -> Text:
        services.revoke_token(actor=self.request.user, token=obj)
        return _("令牌已撤销。")
