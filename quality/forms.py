"""Forms of data quality. Which fields a rule has follows from its kind (``scanner.rules.RULE_KINDS``)."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assets.models import Column, Table
from quality.choices import KIND_INDICATORS, IndicatorCode, Severity
from scanner.rules import RULE_KINDS, ParameterSpec, RuleKind

_PREFIX = "parameter_"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class ColumnLabels(forms.ModelChoiceField):
    def label_from_instance(self, column: Any) -> str:
        return column_label(column)


class ColumnsLabels(forms.ModelMultipleChoiceField):
    def label_from_instance(self, column: Any) -> str:
        return column_label(column)


def column_label(column: Column) -> str:
    return (
        column.name if column.display_name == column.name else f"{column.display_name}{_('（')}{column.name}{_('）')}"
    )


class RuleForm(forms.Form):
    """A rule of one kind on one table; ``rule_fields`` are the keywords of the services."""

    name = forms.CharField(
        label=_("规则名称"), max_length=200, required=False, help_text=_("留空则按字段和规则类型命名。")
    )
    where = forms.CharField(
        label=_("适用条件"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("只检查满足条件的行，如 状态 = '1' AND 金额 > 0。可用比较、IN、BETWEEN、IS NULL、LIKE、AND、OR、NOT。"),
    )  # fmt: skip
    mostly = forms.DecimalField(
        label=_("合格比例（%）"), min_value=0, max_value=100, decimal_places=4, initial=100,
        help_text=_("合格行占检查行的比例达到此值即为通过。"),
    )  # fmt: skip
    indicator = forms.ChoiceField(
        label=_("质量指标"), choices=IndicatorCode.choices, help_text=_("按 GB/T 36344，得分归入所属维度。")
    )
    severity = forms.ChoiceField(label=_("严重程度"), choices=Severity.choices, initial=Severity.MAJOR)
    weight = forms.IntegerField(
        label=_("权重"), min_value=1, max_value=100, initial=1, help_text=_("同一维度内加权平均。")
    )
    description = forms.CharField(
        label=_("说明"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, kind: RuleKind, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.table = kind, table
        front = {**self._column_field(), **{_PREFIX + spec.name: field_for(spec) for spec in kind.parameters}}
        self.fields = {**front, **self.fields}
        self.fields["indicator"].initial = KIND_INDICATORS[kind.name]
        if kind.judges_table:
            del self.fields["mostly"]

    def _column_field(self) -> dict[str, forms.Field]:
        columns = self.table.columns.exclude(state="gone").order_by("position")
        if self.kind.most == 0:
            return {}
        if self.kind.most == 1:
            return {"columns": ColumnLabels(label=_("字段"), queryset=columns)}
        widget = forms.CheckboxSelectMultiple
        return {"columns": ColumnsLabels(label=_("字段"), queryset=columns, widget=widget)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.kind.one_of and not self.errors and not any(self._given(data, name) for name in self.kind.one_of):
            self.add_error(_PREFIX + self.kind.one_of[0], _("上限和下限至少填一个。"))
        return data

    @staticmethod
    def _given(data: dict[str, Any], name: str) -> bool:
        return data.get(_PREFIX + name) not in (None, "")

    @property
    def chosen_columns(self) -> list[Column]:
        chosen = self.cleaned_data.get("columns", [])
        return [chosen] if isinstance(chosen, Column) else list(chosen)

    @property
    def rule_fields(self) -> dict[str, Any]:
        data = self.cleaned_data
        parameters = {
            spec.name: data[_PREFIX + spec.name] for spec in self.kind.parameters if self._given(data, spec.name)
        }
        plain = {name: data[name] for name in ("name", "where", "indicator", "severity", "weight", "description")}
        mostly = data.get("mostly", Decimal(100)) / 100
        return {"kind": self.kind.name, "parameters": parameters, "mostly": mostly, **plain}

    def refuse(self, error: ValidationError) -> ValidationError:
        """A service's refusal under the names that the fields have here."""
        if not hasattr(error, "error_dict"):
            return error
        renamed = {name.replace("parameters.", _PREFIX): texts for name, texts in error.message_dict.items()}
        return ValidationError(renamed)


class PlacedColumns(forms.ModelMultipleChoiceField):
    def label_from_instance(self, column: Any) -> str:
        return _("，").join((column_label(column), column.table.display_name, column.table.label, column.source.name))


class BulkRuleForm(RuleForm):
    """The same single-column rule on many columns, which may lie in several tables: ``columns`` are those offered."""

    def __init__(self, *args: Any, kind: RuleKind, columns: QuerySet[Column], **kwargs: Any) -> None:
        self.offered = columns
        super().__init__(*args, kind=kind, table=Table(), **kwargs)

    def _column_field(self) -> dict[str, forms.Field]:
        field = PlacedColumns(label=_("字段"), queryset=self.offered, widget=forms.CheckboxSelectMultiple)
        return {"columns": field}


def initial_of(rule: Any) -> dict[str, Any]:
    """What the form shows of a stored rule."""
    columns = [link.column for link in rule.rule_columns.all()]
    kind = RULE_KINDS[rule.kind]
    shown = {_PREFIX + spec.name: shown_parameter(rule.parameters.get(spec.name)) for spec in kind.parameters}
    plain = {name: getattr(rule, name) for name in ("where", "indicator", "severity", "weight", "description")}
    chosen = columns[0] if kind.most == 1 and columns else columns
    given = rule.name if rule.named else ""
    return {
        "name": given,
        **plain,
        **shown,
        "columns": chosen,
        "mostly": (rule.mostly * 100).normalize().__format__("f"),
    }


def shown_parameter(value: Any) -> Any:
    return "\n".join(map(str, value)) if isinstance(value, list) else value


class LinesField(forms.CharField):
    """One value a line, blank lines left out; numbers stay text, which the scanner compares by value."""

    widget = forms.Textarea

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in (super().clean(value) or "").splitlines()]
        kept = list(dict.fromkeys(line for line in lines if line))
        if self.required and not kept:
            raise ValidationError(self.error_messages["required"], code="required")
        return kept


class BoundField(forms.CharField):
    """A number or an ISO date; a number that a double cannot carry stays text."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text or not _NUMBER.fullmatch(text):
            return text
        if "." not in text:
            return int(text)
        return float(text) if Decimal(repr(float(text))) == Decimal(text) else text


def field_for(spec: ParameterSpec) -> forms.Field:
    """The form field of one parameter."""
    help_text = _(spec.help) if spec.help else ""  # the translation of "" is the header of the catalogue
    common: dict[str, Any] = {"label": _(spec.label), "required": spec.required, "help_text": help_text}
    if spec.choices:
        return forms.ChoiceField(choices=[(value, _(label)) for value, label in spec.choices], **common)
    if spec.type == "count":
        return forms.IntegerField(min_value=0, **common)
    if spec.type == "bound":
        return BoundField(max_length=200, **common)
    if spec.type in ("values", "names"):
        return LinesField(max_length=200_000, **common)
    return forms.CharField(max_length=2_000, **common)
