"""The entry of the sidebar."""

from django.utils.translation import gettext_lazy as _

from core import navigation, visibility


def _may_see_data(user: object) -> bool:
    return visibility.can(user, "data.view")


def register() -> None:
    navigation.register(
        "inventory", navigation.Item(_("数量"), "sigma", "quantity:overview", order=20, allowed=_may_see_data)
    )
