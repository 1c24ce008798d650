"""Quality's entry in the sidebar."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.navigation import Item, register


def _may_see(user: Any) -> bool:
    return can(user, "data.view")


def register_all() -> None:
    item = Item(
        _("质量"), "shield-check", "quality:overview", 30, _may_see, work="quality.proposals", prefix="/quality/"
    )
    register("norms", item)
