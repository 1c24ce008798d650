"""What a person may do: `can(user, verb, target)` over the matrix `accounts.choices.ROLE_VERBS`."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.choices import VERBS
from accounts.scope import agency_ids, paths_of

__all__ = ["can", "require", "scope_of"]


def can(user: Any, verb: str, target: Any = None) -> bool:
    """Whether `user` may do `verb` to `target`: an agency's id, any scoped model instance, or None for "somewhere".

    Raises KeyError for an unknown verb and TypeError for a target without `scope_lookup`.
    """
    if target is None:
        return bool(paths_of(user, verb))
    scope_id = scope_of(target)
    if scope_id is None:
        return bool(paths_of(user, verb)) and bool(paths_of(user, "platform.view"))
    return scope_id in agency_ids(user, verb)


def require(user: Any, verb: str, target: Any = None) -> None:
    """Raise PermissionDenied, in the user's language, unless `can`."""
    if not can(user, verb, target):
        raise PermissionDenied(_("没有“%(verb)s”的权限，可向安全管理员申请。") % {"verb": VERBS[verb]})


def scope_of(target: Any) -> UUID | None:
    """The id of the agency that `target` belongs to; None for a row of the whole platform."""
    if isinstance(target, UUID):
        return target
    lookup = getattr(target, "scope_lookup", None)
    if lookup is None:
        raise TypeError(f"{type(target).__name__} has no scope_lookup")
    value = target
    for name in lookup.split("__"):
        value = getattr(value, name) if value is not None else None
    return value  # type: ignore[no-any-return]
