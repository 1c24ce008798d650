"""The numbers of the volume statistics: sums over the newest sample of each source."""

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from core.indicators import Indicator, register
from quantity import selectors


def page_url() -> str:
    """The page of the volume statistics; empty while the platform runs without pages."""
    try:
        return reverse("quantity:overview")
    except NoReverseMatch:
        return ""


INDICATORS = (
    Indicator(
        "quantity.rows", _("数据总量"), selectors.latest_samples, page_url, unit=_("行"), method="estimate",
        total="rows", group="quantity", order=10, history=selectors.rows_by_day,
    ),
    Indicator(
        "quantity.bytes", _("占用容量"), selectors.latest_samples, page_url, unit=_("字节"), method="estimate",
        total="bytes", group="quantity", order=20,
    ),
    Indicator(
        "quantity.uncounted", _("行数未知的表"), selectors.latest_samples, page_url, unit=_("张"),
        total="uncounted", group="quantity", order=30, good="down",
    ),
)  # fmt: skip


def register_indicators() -> None:
    for indicator in INDICATORS:
        register(indicator)
