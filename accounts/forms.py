"""Forms of accounts. They check shape; what is allowed is decided, and said, by the services."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import passwords, selectors
from accounts.choices import Language, Role, Theme, TokenScope
from accounts.models import Agency, Person
from accounts.services.tokens import MAX_DAYS


class AgencyChoice(forms.ModelChoiceField):
    """Agencies where the user holds a verb, in tree order and indented by their depth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Agency.objects.none(), **kwargs)

    def offer(self, user: Any, verb: str) -> None:
        self.queryset = selectors.agencies_visible_to(user, verb)
        ordered = selectors.in_tree_order(self.queryset)
        indented = [(agency.pk, "　" * agency.depth + agency.name) for agency in ordered]  # type: ignore[attr-defined]
        self.choices = [("", _("请选择")), *indented]


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("登录名"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class NewPasswordMixin(forms.Form):
    """A new password, typed twice. Paste is welcome and nothing is ever echoed."""

    new = forms.CharField(
        label=_("新密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("再次输入新密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = passwords.policy_text()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", _("两次输入的密码不一致。"))
        return data


class PasswordChangeForm(NewPasswordMixin):
    current = forms.CharField(
        label=_("当前密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ("current", "new", "again")


class PasswordResetForm(NewPasswordMixin):
    """The initial password that an administrator hands over; the person changes it at the next sign-in."""


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(label=_("语言"), choices=Language, required=False)
    theme = forms.ChoiceField(label=_("外观"), choices=Theme, required=False)


class AgencyForm(forms.Form):
    parent = AgencyChoice(label=_("上级机构"))
    name = forms.CharField(label=_("机构名称"), max_length=120)
    code = forms.CharField(
        label=_("机构编码"), max_length=64, help_text=_("统一社会信用代码或本地编码；字母、数字、点、横线和下划线。")
    )
    short_name = forms.CharField(label=_("简称"), max_length=40, required=False)
    name_en = forms.CharField(label=_("英文名称"), max_length=200, required=False)
    is_active = forms.BooleanField(
        label=_("在用"), required=False, initial=True, help_text=_("停用的机构保留历史数据。")
    )

    def __init__(self, *args: Any, user: Any, agency: Agency | None = None, **kwargs: Any) -> None:
        if agency is not None:
            kwargs.setdefault("initial", {name: getattr(agency, name) for name in self.base_fields if name != "parent"})
            kwargs["initial"]["parent"] = agency.parent_id
        super().__init__(*args, **kwargs)
        parent: Any = self.fields["parent"]
        parent.offer(user, "agency.manage")
        if agency is not None:
            parent.queryset = parent.queryset.exclude(path__startswith=agency.path)
            if agency.parent_id not in {pk for pk, _label in parent.choices}:
                del self.fields["parent"]  # a root, or the top of what this person manages: it stays where it is
            else:
                below = set(Agency.objects.filter(path__startswith=agency.path).values_list("pk", flat=True))
                parent.choices = [choice for choice in parent.choices if choice[0] not in below]


class PersonForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=60)
    username = forms.CharField(
        label=_("登录名"), max_length=64, help_text=_("2 至 64 个字母、数字或 . @ - _，不分大小写。")
    )
    agency = AgencyChoice(label=_("所属机构"))
    email = forms.EmailField(label=_("邮箱"), required=False)
    phone = forms.CharField(label=_("联系电话"), max_length=30, required=False)

    def __init__(self, *args: Any, user: Any, person: Person | None = None, **kwargs: Any) -> None:
        if person is not None:
            kwargs.setdefault("initial", {name: getattr(person, name) for name in self.base_fields})
        super().__init__(*args, **kwargs)
        agency: Any = self.fields["agency"]
        agency.offer(user, "person.manage")


class NewPersonForm(PersonForm):
    password = forms.CharField(
        label=_("初始密码"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = passwords.policy_text() + str(_("首次登录后须修改；留空则暂时不能登录。"))

    def clean_password(self) -> str | None:
        return self.cleaned_data["password"] or None


class GrantForm(forms.Form):
    role = forms.ChoiceField(label=_("角色"), choices=[("", _("请选择")), *Role.choices])
    agency = AgencyChoice(label=_("机构范围"), help_text=_("角色在该机构及其全部下级机构有效。"))
    valid_from = forms.DateField(
        label=_("生效日期"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label=_("截止日期"),
        required=False,
        help_text=_("含当日；留空为长期。"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agency: Any = self.fields["agency"]
        agency.offer(user, "grant.manage")


class TokenForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=80, help_text=_("写明使用令牌的程序，便于以后撤销。"))
    scopes = forms.MultipleChoiceField(
        label=_("权限范围"),
        choices=TokenScope,
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
        help_text=_("令牌的权限不超过本人当前的权限。"),
    )
    days = forms.IntegerField(label=_("有效期（天）"), min_value=1, max_value=MAX_DAYS, initial=90)
