"""Who may change the register."""

from typing import Any

from accounts import permissions
from accounts.models import Person


def require(actor: Person | None, verb: str, target: Any) -> None:
    """Raise PermissionDenied unless ``actor`` may; None is the platform itself (set-up, commands on the server)."""
    if actor is not None:
        permissions.require(actor, verb, target)
