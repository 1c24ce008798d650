"""Who is hit if this changes or goes: each app says what of it leans on a lower app's object; read before retiring one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from core import visibility
from core.texts import Text

SHOWN = 5  # rows that are named


@dataclass(frozen=True, slots=True)
class Impact:
    """``rows(obj)`` is everything that leans on it, whoever asks; ``name(row)`` its name and page; ``url(obj)`` the whole list."""

    key: str
    label: Text
    rows: Callable[[Any], "QuerySet[Any]"]
    name: Callable[[Any], tuple[str, str]]
    url: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Hit:
    """``hidden`` of the ``count`` are not for the reader's eyes: they are hit all the same."""

    label: Text
    count: int
    hidden: int
    named: list[tuple[str, str]]
    url: str


_impacts: dict[str, dict[str, Impact]] = {}


def register(model: str, impact: Impact) -> None:
    """Say what leans on ``model`` ("app.Model"). Raises ValueError when its key is taken."""
    if _impacts.setdefault(model, {}).setdefault(impact.key, impact) is not impact:
        raise ValueError(f"impact {impact.key!r} of {model} is registered twice")


def of(obj: Model, user: Any) -> list[Hit]:
    """What would be hit, kind by kind; kinds with nothing are left out."""
    hits = []
    for impact in _impacts.get(obj._meta.label, {}).values():
        rows = impact.rows(obj)
        if count := rows.count():
            seen = visibility.visible_to(user, rows)
            named = [impact.name(row) for row in seen[:SHOWN]]
            hits.append(Hit(impact.label, count, count - seen.count(), named, impact.url(obj)))
    return hits
