"""Display goes up by panel: a higher app adds a section to the page of a lower app's object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from core.texts import Text


def _everyone(obj: Any, user: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Panel:
    """One section (tab) of a detail page.

    ``context(obj, user)`` gives the template its variables, only when the tab is open; ``count(obj, user)`` the number
    on the tab; ``allowed(obj, user)`` hides the tab from those it is not for.
    """

    key: str
    label: Text
    template: str
    context: Callable[[Any, Any], Mapping[str, Any]]
    order: int = 100
    count: Callable[[Any, Any], int | None] | None = None
    allowed: Callable[[Any, Any], bool] = _everyone


_panels: dict[str, dict[str, Panel]] = {}


def register(model: str, panel: Panel) -> None:
    """Add a panel to the page of ``model`` ("app.Model"). Raises ValueError when its key is taken."""
    if _panels.setdefault(model, {}).setdefault(panel.key, panel) is not panel:
        raise ValueError(f"panel {panel.key!r} of {model} is registered twice")


def panels_for(obj: Model, user: Any) -> list[Panel]:
    """The panels of this object that the user may open, in order."""
    found = _panels.get(obj._meta.label, {}).values()
    return sorted((panel for panel in found if panel.allowed(obj, user)), key=lambda panel: (panel.order, panel.key))


def get(obj: Model, key: str, user: Any) -> Panel | None:
    """The panel with this key, if the user may open it."""
    return next((panel for panel in panels_for(obj, user) if panel.key == key), None)
