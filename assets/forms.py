"""Forms of the asset register. They check shape; what is allowed is decided, and said, by the services."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms import AgencyChoice
from accounts.models import Person
from assets.choices import PersonalKind, ValuesPolicy
from assets.models import InformationSystem, Table
from assets.selectors.register import systems_visible_to
from assets.services.systems import SYSTEM_FIELDS
from scanner.connectors.base import Parameter

PARAMETER, SECRET = "parameter_", "secret_"


class SystemForm(forms.ModelForm):
    """Everything that the census form asks about a system; ``agency`` only when it is new."""

    class Meta:
        model = InformationSystem
        fields = SYSTEM_FIELDS
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "online_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    agency = AgencyChoice(label=_("所属机构"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            agency = self.fields.pop("agency")
            agency.offer(user, "asset.edit")  # type: ignore[attr-defined]
            self.fields = {"agency": agency, **self.fields}
        else:
            del self.fields["agency"]

    def _post_clean(self) -> None:
        """The service checks the row; a half-changed instance must not reach the page."""

    @property
    def given(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SYSTEM_FIELDS if name in self.cleaned_data}


class TableForm(forms.Form):
    title = forms.CharField(label=_("中文名称"), max_length=200, required=False)
    description = forms.CharField(label=_("说明"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    owner = forms.ModelChoiceField(
        label=_("负责人"), queryset=Person.objects.none(), required=False, empty_label=_("未指定")
    )

    def __init__(self, *args: Any, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Person.objects.filter(agency=table.source.agency, is_active=True)
        self.fields["owner"].queryset = people.order_by("sort_key")  # type: ignore[attr-defined]


class ColumnForm(forms.Form):
    title = forms.CharField(label=_("中文名称"), max_length=200, required=False)
    description = forms.CharField(label=_("说明"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    personal_kind = forms.ChoiceField(
        label=_("个人信息类别"), required=False, choices=[("", _("不是个人信息")), *PersonalKind.choices],
        help_text=_("属于个人信息的字段，取值脱敏后展示。"),
    )  # fmt: skip


class NetworkForm(forms.Form):
    agency = AgencyChoice(label=_("机构"), help_text=_("下级机构的数据源同样适用。"))
    network = forms.CharField(label=_("网段"), max_length=100, help_text=_("如 10.20.0.0/16，或单个地址。"))
    reason = forms.CharField(label=_("事由"), max_length=200)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].offer(user, "policy.manage")  # type: ignore[attr-defined]


class SourceForm(forms.Form):
    """Identity and policy of a source; the connection's own fields come from the typed parameters of its kind."""

    agency = AgencyChoice(label=_("所属机构"))
    name = forms.CharField(label=_("数据源名称"), max_length=200, help_text=_("如 人口库、市场主体登记库。"))
    system = forms.ModelChoiceField(
        label=_("信息系统"), queryset=InformationSystem.objects.none(), required=False, empty_label=_("不关联信息系统")
    )
    contact_name = forms.CharField(label=_("联系人"), max_length=64, required=False)
    contact_phone = forms.CharField(label=_("联系电话"), max_length=32, required=False)
    values_policy = forms.ChoiceField(
        label=_("取值展示策略"), choices=ValuesPolicy.choices, initial=ValuesPolicy.MASKED, widget=forms.RadioSelect
    )

    def __init__(
        self, *args: Any, user: Any, parameters: Sequence[Parameter] = (), has_secrets: bool = False,
        registered: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.parameters = parameters
        self.fields["system"].queryset = systems_visible_to(user).order_by("name")  # type: ignore[attr-defined]
        if registered:
            del self.fields["agency"]
        else:
            self.fields["agency"].offer(user, "source.manage")  # type: ignore[attr-defined]
        for parameter in parameters:
            prefix = SECRET if parameter.secret else PARAMETER
            self.fields[prefix + parameter.name] = _field(parameter, has_secrets)
        connection = [name for name in self.fields if name.startswith((PARAMETER, SECRET))]
        self.order_fields(["agency", "name", "system", *connection])  # who and where first, people and policy last

    @property
    def given(self) -> dict[str, Any]:
        names = ("agency", "name", "system", "contact_name", "contact_phone", "values_policy")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    @property
    def connection(self) -> dict[str, Any]:
        return {
            item.name: self.cleaned_data[PARAMETER + item.name]
            for item in self.parameters
            if not item.secret and self.cleaned_data.get(PARAMETER + item.name) not in (None, "")
        }

    @property
    def secrets(self) -> dict[str, str]:
        """Only what was typed: an empty field leaves the stored secret as it is."""
        pairs = ((item.name, self.cleaned_data.get(SECRET + item.name)) for item in self.parameters if item.secret)
        return {name: value for name, value in pairs if value}


def _field(parameter: Parameter, has_secrets: bool) -> forms.Field:
    common: dict[str, Any] = {
        "label": translate(parameter.label), "required": parameter.required, "initial": parameter.default,
        "help_text": translate(parameter.help) if parameter.help else "",
    }  # fmt: skip
    if parameter.secret:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
        common |= {"required": parameter.required and not has_secrets, "initial": None}
        common["help_text"] = _("已设置，留空则不修改。") if has_secrets else common["help_text"]
        return forms.CharField(strip=False, max_length=1000, widget=widget, **common)
    if parameter.type == "int":
        return forms.IntegerField(**common)
    if parameter.type == "bool":
        return forms.BooleanField(**{**common, "required": False})
    if parameter.choices:
        return forms.ChoiceField(choices=[(value, translate(label)) for value, label in parameter.choices], **common)
    return forms.CharField(max_length=1000, **common)


def initial_connection(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {PARAMETER + name: value for name, value in parameters.items()}


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or more uploaded files."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        single = super().clean
        return [single(item, initial) for item in data] if isinstance(data, list | tuple) else [single(data, initial)]


class UploadForm(SourceForm):
    files = FilesField(label=_("文件"), help_text=_("CSV、TSV（UTF-8 或 GB18030）、xlsx、Parquet，可多选。"))


class PlanForm(forms.Form):
    """When census and scan run by themselves; the usual times as a choice, any cron text behind 其他."""

    census_cron = forms.CharField(
        label=_("盘点计划"),
        max_length=100,
        required=False,
        help_text=_("cron 表达式，如 0 2 * * * 为每日 02:00；留空则不定时。"),
    )
    scan_cron = forms.CharField(
        label=_("扫描计划"), max_length=100, required=False, help_text=_("如 30 3 * * 6 为每周六 03:30；留空则不定时。")
    )
    push_only = forms.BooleanField(
        label=_("数据不出库"), required=False, help_text=_("只在来源数据库内汇总，不取出数据行。")
    )
    census_now = forms.BooleanField(label=_("保存后立即盘点"), required=False, initial=True)
