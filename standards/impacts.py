"""What of standards leans on a code set."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.impacts import Impact, register
from standards.models import DataElement


def register_all() -> None:
    register("standards.CodeSet", Impact(
        "standards.elements", _("使用此代码集的数据元"),
        lambda code_set: DataElement.objects.filter(current__code_set=code_set).order_by("code"),
        lambda element: (str(element), element.get_absolute_url()),
        lambda code_set: f"{reverse('standards:element_list')}?code_set={code_set.pk}",
    ))  # fmt: skip
