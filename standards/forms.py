"""Forms of standards: the boundary where people write elements, names, opinions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from standards.choices import Domain, NameKind
from standards.models import Edition
from standards.services.elements import EDITION_FIELDS

_LONG = forms.Textarea(attrs={"rows": 2})


class EditionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The attributes of one edition (GB/T 19488.1)."""

    class Meta:
        model = Edition
        fields = EDITION_FIELDS
        widgets = dict.fromkeys(("definition", "note", "change_note"), _LONG)
        help_texts = {
            "notation": _("如 an18、c..200、n..17,2、n8 YYYYMMDD；多种写法之间用 / 分开。"),
            "code_set": _("可枚举的值域必须选择代码集。"),
            "check_scheme": _("有校验码时填写：citizen_id、uscc、org_code、luhn。"),
            "reference": _("制定依据的标准号；与原文核对后请在引用中登记条款。"),
        }


class ElementForm(EditionForm):
    """A new element with its first draft."""

    code = forms.CharField(label=_("内部标识符"), max_length=40)
    domain = forms.ChoiceField(label=_("主题域"), choices=Domain.choices)
    agency = forms.ModelChoiceField(label=_("管理机构"), queryset=Agency.objects.none())
    field_order = ("code", "domain", "agency")

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agency"]
        field.queryset = agencies
        if agencies.count() == 1:
            field.initial = agencies.first()


class NameForm(forms.Form):
    """Further names, one a line."""

    kind = forms.ChoiceField(label=_("类型"), choices=NameKind.choices)
    texts = forms.CharField(
        label=_("名称"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4_000, help_text=_("每行一个。")
    )
    context = forms.CharField(label=_("语境"), max_length=100, required=False, help_text=_("哪个机构或系统这样称呼。"))


class TransitionForm(forms.Form):
    """The opinion of a step of review."""

    opinion = forms.CharField(
        label=_("意见"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000, required=False
    )


class CommentForm(forms.Form):
    text = forms.CharField(label=_("意见"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)
