"""Filters of the pages of core."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import job_kinds
from core.choices import OPEN_STATES, JobState
from core.models import AuditEntry, Job


def _kinds() -> list[tuple[str, str]]:
    return [(kind.kind, str(kind.label)) for kind in job_kinds.all_kinds()]


class JobFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="target_label", lookup_expr="icontains", label=_("搜索对象"))
    kind = django_filters.ChoiceFilter(choices=_kinds, label=_("种类"), empty_label=_("全部"))
    state = django_filters.ChoiceFilter(
        choices=[("open", _("进行中和排队")), *JobState.choices],
        method="by_state",
        label=_("状态"),
        empty_label=_("全部"),
    )

    class Meta:
        model = Job
        fields: list[str] = []

    def by_state(self, rows: QuerySet[Job], name: str, value: str) -> QuerySet[Job]:
        return rows.filter(state__in=OPEN_STATES) if value == "open" else rows.filter(state=value)


class AuditFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="target_label", lookup_expr="icontains", label=_("搜索对象"))
    actor = django_filters.CharFilter(field_name="actor_name", lookup_expr="icontains", label=_("操作人"))
    verb = django_filters.CharFilter(field_name="verb", lookup_expr="startswith", label=_("操作代码"))
    since = django_filters.DateFilter(
        field_name="at", lookup_expr="date__gte", label=_("自"), widget=forms.DateInput({"type": "date"})
    )
    until = django_filters.DateFilter(
        field_name="at", lookup_expr="date__lte", label=_("至"), widget=forms.DateInput({"type": "date"})
    )

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.form.fields.values():
            field.widget.attrs.setdefault("class", "input")
