"""Forms of genes. They check shape; what is allowed is decided, and said, by the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from genes.choices import DesignKind, Product
from genes.engine.ddl import SIZE
from standards.forms import DATE, among
from standards.models import DataElement


class AcceptForm(forms.Form):
    """To let a deviation stand a while."""

    reason = forms.CharField(
        label=_("理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("如改造计划、依据的文件。"),
    )
    until = forms.DateField(
        label=_("批准至"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("三年之内；到期后重新列为未处理。"),
    )


class RulingForm(forms.Form):
    """What a ruling on an authoritative source says."""

    holder = forms.ModelChoiceField(
        label=_("数源部门"), queryset=Agency.objects.none(), help_text=_("负责采集并向其他机构提供这项数据的机构。")
    )
    basis = forms.CharField(
        label=_("依据"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("法律、法规或职责清单的名称与条款；裁定后各机构都能看到。"),
    )  # fmt: skip
    valid_from = forms.DateField(label=_("生效日期"), widget=DATE)
    valid_until = forms.DateField(
        label=_("终止日期"), widget=DATE, required=False, help_text=_("最后有效的一天；不填则一直有效。")
    )

    def __init__(self, *args: Any, holders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among(self.fields["holder"], holders)


class NewRulingForm(RulingForm):
    """A proposal: of which element, and for which area."""

    element = forms.ModelChoiceField(label=_("数据元"), queryset=DataElement.objects.none())
    agency = forms.ModelChoiceField(
        label=_("适用范围"), queryset=Agency.objects.none(), help_text=_("裁定约束这个机构及其下级。")
    )
    field_order = ("element", "agency", "holder")

    def __init__(self, *args: Any, elements: Any, areas: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among(self.fields["element"], elements)
        among(self.fields["agency"], areas)


class DesignForm(forms.Form):
    """What is to be held against the standard before it is built."""

    product = forms.ChoiceField(label=_("数据库产品"), choices=Product.choices, initial=Product.POSTGRESQL)
    kind = forms.ChoiceField(
        label=_("内容"), choices=DesignKind.choices, initial=DesignKind.DDL,
        help_text=_("字段清单可从电子表格粘贴，第一行是表头：字段名、类型、注释，多张表时加表名。"),
    )  # fmt: skip
    text = forms.CharField(
        label=_("建表语句或字段清单"),
        max_length=SIZE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "code", "spellcheck": "false", "wrap": "off"}),
        help_text=_("只读取，不执行，不保存。"),
    )
