"""Display goes up: a higher app adds a section to the page of a lower app's object, or a fact to each row of its list."""

from collections.abc import Callable, Mapping, Sequence
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


# Facts of rows -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowFact:
    """One more column of a list. ``values(rows, user)`` answers for all rows at once: value by primary key; rows without
    one show a dash. ``template`` draws one ``value`` of one ``row``; ``plain`` is the value as an export writes it."""

    key: str
    label: Text
    template: str
    values: Callable[[Sequence[Any], Any], Mapping[Any, Any]]
    order: int = 100
    number: bool = False
    plain: Callable[[Any], Any] = lambda value: value


_facts: dict[str, dict[str, RowFact]] = {}


def register_fact(model: str, fact: RowFact) -> None:
    """Add a fact to the lists of ``model`` ("app.Model"). Raises ValueError when its key is taken."""
    if _facts.setdefault(model, {}).setdefault(fact.key, fact) is not fact:
        raise ValueError(f"fact {fact.key!r} of {model} is registered twice")


def facts_of(model: str) -> list[RowFact]:
    return sorted(_facts.get(model, {}).values(), key=lambda fact: (fact.order, fact.key))


def read_facts(model: str, rows: Sequence[Any], user: Any) -> dict[Any, list[tuple[RowFact, Any]]]:
    """(fact, value) of each row by primary key, in order; None where a row has no value."""
    read = [(fact, fact.values(rows, user)) for fact in facts_of(model)]
    return {row.pk: [(fact, values.get(row.pk)) for fact, values in read] for row in rows}
