"""Who does something, seen from below: core knows an id and a name, not the person model."""

from typing import Any, Protocol
from uuid import UUID

from core.texts import clean


class Actor(Protocol):
    """A signed-in person. ``name`` is kept as a snapshot beside the id."""

    @property
    def pk(self) -> Any: ...

    @property
    def name(self) -> str: ...


def actor_fields(actor: Actor | None) -> dict[str, UUID | str | None]:
    """``{"actor_id", "actor_name"}`` of an actor; None is the platform itself (a schedule, a command)."""
    if actor is None:
        return {"actor_id": None, "actor_name": ""}
    return {"actor_id": actor.pk, "actor_name": clean(actor.name, 100)}
