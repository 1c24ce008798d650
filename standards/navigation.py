"""Standards' entry in the sidebar."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.navigation import Item, register


def _may_see(user: Any) -> bool:
    return can(user, "data.view")


def register_all() -> None:
    item = Item(_("标准"), "ruler", "standards:overview", 10, _may_see, work="standards.reviews", prefix="/standards/")
    register("norms", item)
