"""What of genes leans on a data element: the columns that carry it."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.impacts import Impact, register
from genes.models import Binding


def register_all() -> None:
    register("standards.DataElement", Impact(
        "genes.bindings", _("绑定的字段"),
        lambda element: Binding.objects.filter(element=element).select_related("column__table").order_by("column_id"),
        lambda row: (f"{row.column.table.label}.{row.column.name}", row.column.get_absolute_url()),
        lambda element: f"{reverse('genes:binding_list')}?element={element.pk}",
    ))  # fmt: skip
