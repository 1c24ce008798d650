"""Forms of genes. They check shape; what is allowed is decided, and said, by the services."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Agency
from accounts.scope import visible_to
from assets.templatetags.assets import IDENTIFIERS
from genes.choices import DesignKind, Product
from genes.engine.ddl import SIZE
from genes.models import Recogniser
from standards.forms import DATE, among
from standards.models import CodeSet, DataElement


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
        label=pgettext_lazy("ruling", "依据"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 4}),
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


class RecogniserForm(forms.Form):
    """What all must hold of a column that carries an element."""

    name = forms.CharField(label=_("名称"), max_length=100)
    agency = forms.ModelChoiceField(
        label=_("机构"), queryset=Agency.objects.none(), help_text=_("只识别该机构及其下级机构的字段。")
    )
    element = forms.CharField(label=_("数据元"), max_length=40, help_text=_("数据元的内部标识符，如 P007。"))
    words = forms.CharField(
        label=_("名称词"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一个；字段名、中文名称或注释含其中之一即可。"),
    )  # fmt: skip
    check_scheme = forms.ChoiceField(label=_("校验规则"), required=False)
    code_set = forms.CharField(
        label=_("代码集"), required=False, max_length=60, help_text=_("代码集标识，如 GB/T 2261.1。")
    )
    pattern = forms.CharField(
        label=_("取值正则"), required=False, max_length=300,
        help_text=_("RE2 语法，检查剖析保留的高频值；个人信息字段的取值已脱敏，不参与。"),
    )  # fmt: skip
    share = forms.DecimalField(
        label=_("取值达标比例（%）"), min_value=1, max_value=100, decimal_places=1, initial=90,
        help_text=_("满足校验、代码集或正则的值至少占这个比例。"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, recogniser: Recogniser | None = None, **kwargs: Any) -> None:
        if recogniser is not None:
            kwargs.setdefault("initial", _initial(recogniser))
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agency"]
        field.queryset = visible_to(user, Agency.objects.order_by("path"), "gene.decide")
        checks: Any = self.fields["check_scheme"]
        checks.choices = [("", "—"), *IDENTIFIERS.items()]
        if recogniser is not None:
            del self.fields["agency"]  # whose it is does not change

    def clean_element(self) -> DataElement:
        element = DataElement.objects.filter(code=self.cleaned_data["element"].strip(), current__isnull=False).first()
        if element is None:
            raise ValidationError(_("没有这个标识符的现行数据元。"))
        return element

    def clean_code_set(self) -> CodeSet | None:
        reference = self.cleaned_data["code_set"].strip()
        code_set = CodeSet.objects.filter(reference=reference).first()
        if reference and code_set is None:
            raise ValidationError(_("没有这个标识的代码集。"))
        return code_set

    def clean_words(self) -> list[str]:
        return str(self.cleaned_data["words"]).splitlines()

    def clean_share(self) -> float:
        return float(self.cleaned_data["share"]) / 100


def _initial(recogniser: Recogniser) -> dict[str, Any]:
    return {
        "name": recogniser.name, "element": recogniser.element.code, "words": "\n".join(recogniser.words),
        "check_scheme": recogniser.check_scheme, "pattern": recogniser.pattern, "share": round(100 * recogniser.share, 1),
        "code_set": recogniser.code_set.reference if recogniser.code_set else "",
    }  # fmt: skip
