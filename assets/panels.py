"""What assets adds to the page of an agency: its sources."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from assets.selectors.register import sources_visible_to
from core.panels import Panel, register
from core.visibility import can


def _of_agency(agency: Any, user: Any) -> Mapping[str, Any]:
    return {"sources": sources_visible_to(user).filter(agency=agency).order_by("name")}


def _count(agency: Any, user: Any) -> int:
    return sources_visible_to(user).filter(agency=agency).count()


def _allowed(agency: Any, user: Any) -> bool:
    return can(user, "source.view", agency)


def register_panels() -> None:
    panel = Panel(
        "sources", _("数据源"), "assets/_agency_sources.html", _of_agency, order=10, count=_count, allowed=_allowed
    )
    register("accounts.Agency", panel)
