"""人员 and their 授权."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from accounts import selectors, services
from accounts.filters import GrantFilter, PersonFilter
from accounts.forms import GrantForm, NewPersonForm, PasswordResetForm, PersonForm
from accounts.models import Grant, Person
from accounts.permissions import can, require
from accounts.scope import visible_to
from core.panels import Panel
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, EditPage, ListPage, Tab


class PersonList(ListPage):
    verb = "person.view"
    title = pgettext_lazy("list", "人员")
    noun = npgettext_lazy("count", "人", "人", "total")
    columns = (
        Column("name", _("姓名"), "sort_key"),
        Column("agency", _("所属机构"), "agency__sort_key"),
        Column("roles", _("角色")),
        Column("state", _("状态"), "is_active"),
        Column("last_login", _("上次登录"), "last_login"),
    )
    row_template = "accounts/_person_row.html"
    template_name = "accounts/person_list.html"
    filterset_class = PersonFilter
    default_sort = "name"
    two_line = True
    empty_title = _("还没有可查看的人员。")

    def queryset(self) -> QuerySet[Person]:
        grants = visible_to(self.request.user, Grant.objects.current().select_related("agency"))
        people = selectors.people_visible_to(self.request.user)
        return people.prefetch_related(Prefetch("grants", grants, to_attr="shown_grants"))

    def extra_context(self) -> dict[str, Any]:
        return {"may_add": can(self.request.user, "person.manage")}


def _grants(person: Person, user: Any) -> Mapping[str, Any]:
    grants = selectors.grants_visible_to(user).filter(person=person)
    return {"grants": grants, "may_grant": can(user, "grant.manage", person) and person.pk != user.pk}


class PersonDetail(DetailPage):
    """Facts, and the grants for those who may see them. One's own page shows one's own grants."""

    verb = "person.view"
    template_name = "accounts/person_detail.html"
    url_name = "accounts:person_detail"
    tabs = (Tab("grants", _("授权"), "accounts/_person_grants.html", _grants),)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if (
            request.user.is_authenticated
            and kwargs.get("pk") == request.user.pk
            and not can(request.user, "person.view")
        ):
            return HttpResponseRedirect(reverse("accounts:account"))
        return super().dispatch(request, *args, **kwargs)

    def queryset(self) -> QuerySet[Person]:
        return selectors.people_visible_to(self.request.user)

    def sections(self) -> list[Tab | Panel]:
        """Who sees no grants is not told that there are none."""
        shown = self.object.pk == self.request.user.pk or can(self.request.user, "grant.view", self.object)
        return [section for section in super().sections() if shown or section.key != "grants"]

    def crumbs(self) -> list[Crumb]:
        return [(_("人员"), reverse("accounts:person_list")), (self.object.name, "")]

    def extra_context(self) -> dict[str, Any]:
        user = self.request.user
        return {
            "oneself": self.object.pk == user.pk,
            "may_manage": can(user, "person.manage", self.object),
            "may_unlock": can(user, "lockout.manage", self.object),
        }


class PersonAdd(EditPage):
    verb = "person.manage"
    form_class = NewPersonForm
    title = _("新增人员")
    submit_label = _("新增人员")

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user, "initial": {"agency": self.request.GET.get("agency", "")}}

    def crumbs(self) -> list[Crumb]:
        return [(_("人员"), reverse("accounts:person_list")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("accounts:person_list")

    def save(self, form: Any) -> tuple[str, Text]:
        person = services.create_person(actor=self.request.user, **form.cleaned_data)
        return person.get_absolute_url(), _("人员已新增，角色由安全管理员授予。")


class _PersonForm(EditPage):
    """A form about one person of the URL, whom the user must hold `verb` over."""

    person: Person

    def prepare(self, **kwargs: Any) -> None:
        self.person = get_object_or_404(selectors.people_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, self.verb, self.person)

    def crumbs(self) -> list[Crumb]:
        above = [(_("人员"), reverse("accounts:person_list")), (self.person.name, self.person.get_absolute_url())]
        return [*above, (self.title, "")]

    def cancel_url(self) -> str:
        return self.person.get_absolute_url()


class PersonEdit(_PersonForm):
    verb = "person.manage"
    form_class = PersonForm
    title = _("修改人员")
    submit_label = _("保存人员")

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user, "person": self.person}

    def save(self, form: Any) -> tuple[str, Text]:
        services.update_person(actor=self.request.user, person=self.person, **form.cleaned_data)
        return self.person.get_absolute_url(), _("人员已保存。")


@method_decorator(sensitive_post_parameters(), name="dispatch")
class PasswordReset(_PersonForm):
    verb = "person.manage"
    form_class = PasswordResetForm
    title = _("重置密码")
    submit_label = _("重置密码")

    def save(self, form: Any) -> tuple[str, Text]:
        try:
            services.reset_password(actor=self.request.user, person=self.person, password=form.cleaned_data["new"])
        except ValidationError as error:
            raise ValidationError({"new": error.messages}) from None
        return self.person.get_absolute_url(), _("密码已重置，下次登录时须修改；现有登录和令牌已失效。")


class GrantAdd(_PersonForm):
    verb = "grant.manage"
    form_class = GrantForm
    title = _("授予角色")
    submit_label = _("授予角色")

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user}

    def save(self, form: Any) -> tuple[str, Text]:
        services.grant_role(actor=self.request.user, person=self.person, **form.cleaned_data)
        return self.person.get_absolute_url(), _("角色已授予，即时生效。")


class GrantRevoke(ActionView):
    verb = "grant.manage"

    def queryset(self) -> QuerySet[Grant]:
        return selectors.grants_visible_to(self.request.user)

    def act(self, obj: Grant) -> Text:
        services.revoke_grant(actor=self.request.user, grant=obj)
        self.target_url = obj.person.get_absolute_url()
        return _("授权已撤销，即时生效。")


class GrantList(ListPage):
    verb = "grant.view"
    title = _("授权")
    noun = npgettext_lazy("count", "条授权", "条授权", "total")
    columns = (
        Column("person", _("人员"), "person__sort_key"),
        Column("role", _("角色"), "role"),
        Column("agency", _("机构范围"), "agency__sort_key"),
        Column("from", _("生效日期"), "valid_from"),
        Column("until", _("截止日期"), "valid_until"),
        Column("state", _("状态")),
        Column("by", _("授权人"), "granted_by__sort_key"),
    )
    row_template = "accounts/_grant_row.html"
    filterset_class = GrantFilter
    default_sort = "-from"
    empty_title = _("还没有授权。在人员页面授予角色后在这里列出。")

    def queryset(self) -> QuerySet[Grant]:
        return selectors.grants_visible_to(self.request.user)


class _PersonAction(ActionView):
    def queryset(self) -> QuerySet[Person]:
        return selectors.people_visible_to(self.request.user)


class PersonDisable(_PersonAction):
    required_verb = "person.manage"

    def act(self, obj: Person) -> Text:
        services.disable_person(actor=self.request.user, person=obj)
        return _("已停用，此人的登录和令牌即时失效。")


class PersonEnable(_PersonAction):
    required_verb = "person.manage"

    def act(self, obj: Person) -> Text:
        services.enable_person(actor=self.request.user, person=obj)
        return _("已启用。")


class ClearLockout(_PersonAction):
    required_verb = "lockout.manage"

    def act(self, obj: Person) -> Text:
        services.clear_lockout(actor=self.request.user, person=obj)
        return _("登录锁定已解除。")
