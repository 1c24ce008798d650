"""The numbers of standards, each defined once."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.indicators import Indicator, register
from standards import selectors
from standards.choices import RegistrationStatus

# Registered and in use: neither in preparation nor given up.
PUBLISHED = [
    RegistrationStatus.RECORDED.value, RegistrationStatus.QUALIFIED.value, RegistrationStatus.STANDARD.value,
    RegistrationStatus.PREFERRED.value,
]  # fmt: skip


def register_all() -> None:
    register(Indicator(
        "standards.elements", _("数据元"), lambda user: selectors.elements_visible_to(user).order_by(),
        lambda: reverse("standards:element_list"), pgettext_lazy("elements", "个"), group="standards", order=10,
    ))  # fmt: skip
    register(Indicator(
        "standards.elements_published", _("已发布的数据元"),
        lambda user: selectors.elements_visible_to(user).filter(registration_status__in=PUBLISHED).order_by(),
        lambda: reverse("standards:element_list") + "?" + urlencode({"status": PUBLISHED}, doseq=True),
        pgettext_lazy("elements", "个"), group="standards", order=15, good="up",
    ))  # fmt: skip
    register(Indicator(
        "standards.code_sets", _("代码集"), lambda user: selectors.code_sets_visible_to(user).order_by(),
        lambda: reverse("standards:code_set_list"), pgettext_lazy("code sets", "个"), group="standards", order=20,
    ))  # fmt: skip
    register(Indicator(
        "standards.texts", _("标准文本"), lambda user: selectors.texts_visible_to(user),
        lambda: reverse("standards:text_list"), pgettext_lazy("texts", "份"), group="standards", order=30,
    ))  # fmt: skip
    register(Indicator(
        "standards.reviews", _("标准待审"), lambda user: selectors.elements_for_review(user),
        lambda: reverse("standards:element_list") + "?review=yes", pgettext_lazy("elements", "个"), group="standards", order=40, personal=True,
    ))  # fmt: skip
    register(Indicator(
        "standards.code_reviews", _("代码集待审"), lambda user: selectors.code_sets_for_review(user).order_by(),
        lambda: reverse("standards:code_set_list") + "?review=yes", pgettext_lazy("code sets", "个"), group="standards", order=50, personal=True,
    ))  # fmt: skip
