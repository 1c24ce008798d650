"""The numbers of standards, each defined once."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.indicators import Indicator, register
from standards import selectors


def register_all() -> None:
    register(Indicator(
        "standards.elements", _("数据元"), lambda user: selectors.elements_visible_to(user).order_by(),
        lambda: reverse("standards:element_list"), _("个"), group="standards", order=10,
    ))  # fmt: skip
    register(Indicator(
        "standards.code_sets", _("代码集"), lambda user: selectors.code_sets_visible_to(user).order_by(),
        lambda: reverse("standards:code_set_list"), _("个"), group="standards", order=20,
    ))  # fmt: skip
    register(Indicator(
        "standards.texts", _("标准文本"), lambda user: selectors.texts_visible_to(user),
        lambda: reverse("standards:text_list"), _("份"), group="standards", order=30,
    ))  # fmt: skip
    register(Indicator(
        "standards.reviews", _("标准待审"), lambda user: selectors.elements_for_review(user),
        lambda: reverse("standards:element_list") + "?review=yes", _("个"), group="standards", order=40, personal=True,
    ))  # fmt: skip
    register(Indicator(
        "standards.code_reviews", _("代码集待审"), lambda user: selectors.code_sets_for_review(user).order_by(),
        lambda: reverse("standards:code_set_list") + "?review=yes", _("个"), group="standards", order=50, personal=True,
    ))  # fmt: skip
