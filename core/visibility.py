"""The question "who may see and do what", asked below and answered above: accounts registers the answer at start.

A scoped model names the path to its agency in ``scope_lookup``; rows without an agency are hidden unless the model
sets ``scope_null_is_public``. Until an answer is registered nobody sees anything.
"""

from typing import Any, Protocol, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Provider(Protocol):
    """What accounts answers."""

    def visible_to(self, user: Any, queryset: QuerySet[M]) -> QuerySet[M]:
        """The rows whose agency the user's present grants cover."""
        ...

    def can(self, user: Any, verb: str, target: Any = None) -> bool:
        """Whether the user may do ``verb`` to an object or an agency (None: anywhere at all)."""
        ...


_provider: Provider | None = None


def register(provider: Provider) -> None:
    global _provider
    _provider = provider


def visible_to(user: Any, queryset: QuerySet[M]) -> QuerySet[M]:
    """The rows of ``queryset`` that the user may see. Nothing for a visitor who has not signed in."""
    if _provider is None or not getattr(user, "is_authenticated", False):
        return queryset.none()
    seen = _provider.visible_to(user, queryset)
    model = queryset.model
    if getattr(model, "scope_null_is_public", False):
        return seen | queryset.filter(**{f"{getattr(model, 'scope_lookup')}__isnull": True})  # noqa: B009  untyped on Model
    return seen


def can(user: Any, verb: str, target: Any = None) -> bool:
    """Whether the user may do ``verb``; no while nobody has answered the question."""
    return _provider is not None and _provider.can(user, verb, target)
