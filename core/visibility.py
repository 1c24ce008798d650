"""The question "who may see and do what", asked below and answered above: accounts registers the answer at start.

A scoped model says where its agency stands (``scope_lookup``), which verb shows its rows (``view_verb``) and which
shows those without an agency (``unscoped_verb``); accounts.scope gives the meaning. Until an answer is registered
nobody sees anything.
"""

from typing import Any, Protocol, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Provider(Protocol):
    """What accounts answers."""

    def visible_to(self, user: Any, queryset: QuerySet[M], verb: str | None = None) -> QuerySet[M]:
        """The rows whose agency the user's present grants cover."""
        ...

    def can(self, user: Any, verb: str, target: Any = None) -> bool:
        """Whether the user may do ``verb`` to an object or an agency (None: anywhere at all)."""
        ...


_provider: Provider | None = None


def register(provider: Provider) -> None:
    global _provider
    _provider = provider


def visible_to(user: Any, queryset: QuerySet[M], verb: str | None = None) -> QuerySet[M]:
    """The rows of ``queryset`` that the user may see (or do ``verb`` to). Nothing for a visitor not signed in."""
    if _provider is None or not getattr(user, "is_authenticated", False):
        return queryset.none()
    return _provider.visible_to(user, queryset, verb)


def can(user: Any, verb: str, target: Any = None) -> bool:
    """Whether the user may do ``verb``; no while nobody has answered the question."""
    return _provider is not None and _provider.can(user, verb, target)
