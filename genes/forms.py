"""Forms of genes. They check shape; what is allowed is decided, and said, by the services."""

from django import forms
from django.utils.translation import gettext_lazy as _


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
