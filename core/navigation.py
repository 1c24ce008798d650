"""The sidebar: four fixed groups, filled by the apps at start (UI.md §3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from core import indicators
from core.texts import Text

GROUPS: dict[str, Text] = {"inventory": _("盘点"), "norms": _("规范"), "operations": _("运营"), "management": _("管理")}


def everyone(user: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. ``work`` is the key of the indicator whose value, *my open work*, stands after the label.

    ``prefix`` is the path under which the entry counts as current; without it the entry's own URL.
    """

    label: Text
    icon: str
    url_name: str
    order: int = 100
    allowed: Callable[[Any], bool] = everyone
    work: str | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as one user sees it on one page."""

    label: Text
    icon: str
    url: str
    current: bool
    work: indicators.Reading | None = None


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    label: Text
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Foot:
    """The line at the foot of the sidebar: the health of the sources. ``tone``: good, caution or bad."""

    label: Text
    tone: str
    url: str


_items: dict[str, list[Item]] = {key: [] for key in GROUPS}
_foot: list[Callable[[Any], Foot | None]] = []


def register(group: str, item: Item) -> None:
    """Add an entry. Raises KeyError for a group that does not exist, ValueError for a second entry of the same page."""
    if any(known.url_name == item.url_name for items in _items.values() for known in items):
        raise ValueError(f"navigation entry {item.url_name!r} is registered twice")
    _items[group].append(item)


def register_foot(foot: Callable[[Any], Foot | None]) -> None:
    """Choose what the foot of the sidebar says to a user."""
    _foot[:] = [foot]


def foot(user: Any) -> Foot | None:
    return _foot[0](user) if _foot else None


def works() -> set[str]:
    """The keys of the numbers that stand in the menu."""
    return {item.work for items in _items.values() for item in items if item.work}


def menu(user: Any, path: str, work: Mapping[str, indicators.Reading] = MappingProxyType({})) -> list[Group]:
    """The groups and entries that this user may open, empty groups left out; with the numbers of ``work``."""
    allowed = {key: [item for item in items if item.allowed(user)] for key, items in _items.items()}
    groups = []
    for key, items in allowed.items():
        ordered = sorted(items, key=lambda item: (item.order, item.url_name))
        entries = [entry for item in ordered if (entry := _entry(item, path, work))]
        if entries:
            groups.append(Group(key, GROUPS[key], entries))
    return groups


def _entry(item: Item, path: str, work: Mapping[str, indicators.Reading]) -> Entry | None:
    try:
        url = reverse(item.url_name)
    except NoReverseMatch:  # the page belongs to a part that is not installed here
        return None
    return Entry(item.label, item.icon, url, path.startswith(item.prefix or url), work.get(item.work or ""))
