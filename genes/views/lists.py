"""What the lists of genes share: the filters say the names of what their ids are of."""

from typing import Any

from django.utils.translation import gettext as translate

from accounts.models import Agency
from assets.models import Column as TableColumn
from assets.selectors.catalogue import columns_visible_to
from assets.views.common import NamedFilters
from genes.models import Family, Ruling
from genes.selectors import authority, relations
from standards.models import DataElement


class GeneLists(NamedFilters):
    """An id of nothing, or of what one may not see, stays what it is."""

    def filter_text(self, field: Any, value: Any) -> str:
        find = _NAMES.get(field.html_name)
        if find is None or field.errors:
            return super().filter_text(field, value)
        return find(value, self.request.user) or str(value)


def _element(pk: Any, _user: Any) -> str:
    return DataElement.objects.filter(pk=pk).values_list("name", flat=True).first() or ""


def _agency(pk: Any, _user: Any) -> str:
    return Agency.objects.filter(pk=pk).values_list("name", flat=True).first() or ""


def _column(pk: Any, user: Any) -> str:
    found: TableColumn | None = columns_visible_to(user).select_related("table").filter(pk=pk).first()
    return (
        translate("%(table)s 的 %(column)s") % {"table": found.table.display_name, "column": found.display_name}
        if found
        else ""
    )


def _family(pk: Any, user: Any) -> str:
    found: Family | None = relations.families_visible_to(user).filter(pk=pk).first()
    return str(found) if found else ""


def _ruling(pk: Any, user: Any) -> str:
    found: Ruling | None = authority.rulings_visible_to(user).filter(pk=pk).first()
    return str(found) if found else ""


_NAMES = {
    "element": _element, "holder": _agency, "area": _agency, "target": _column, "column": _column, "family": _family,
    "ruling": _ruling,
}  # fmt: skip
