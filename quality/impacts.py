"""What of quality leans on a data element: the rules on columns that carry it."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.impacts import Impact, register
from quality.models import Rule
from quality.selectors import with_columns


def register_all() -> None:
    register("standards.DataElement", Impact(
        "quality.rules", _("字段上的质量规则"),
        lambda element: with_columns(Rule.objects.filter(rule_columns__column__binding__element=element).distinct().order_by("name", "pk")),
        lambda rule: (rule.label, rule.get_absolute_url()),
        lambda element: reverse("quality:rule_list"),
    ))  # fmt: skip
