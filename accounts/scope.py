"""Who may see what: the one permission function `visible_to`, used by every list, detail, search, count, export and API.

A model says where its agency stands with class attributes:

- `scope_lookup`: path to the agency's id (`"source__agency_id"`, `"id"` for Agency, `"scope_id"` for rows of core);
- `view_verb`: the verb a person needs there, `"data.view"` when absent;
- `unscoped_verb`: the verb that shows rows without an agency, `"platform.view"` when absent (records of the
  platform), `None` for rows that everybody who is signed in may see (shared vocabulary).
"""

from collections.abc import Iterable
from copy import copy
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.choices import roles_with
from accounts.models import Agency, Grant

M = TypeVar("M", bound=Model)
_CACHE = "_datagene_scope"
FEW = 50  # agencies


def visible_to(user: Any, queryset: "QuerySet[M]", verb: str | None = None) -> "QuerySet[M]":
    """The rows of `queryset` that `user` may see (or may do `verb` to). Adds no query beyond one per user instance.

    Raises TypeError for a model that does not say where its agency stands: nothing is visible by omission.
    """
    model: Any = queryset.model
    lookup = getattr(model, "scope_lookup", None)
    if lookup is None:
        raise TypeError(f"{model._meta.label} has no scope_lookup")
    if verb is None and getattr(model, "open_to_all", False):
        return queryset if paths_of(user, view_verb(model)) else queryset.none()
    verb = verb or view_verb(model)
    paths = paths_of(user, verb)
    condition = Q(**{f"{lookup}__in": _inside(user, verb, paths, lookup)}) if paths else Q(pk__in=[])
    if lookup == "scope_id" and _sees_unscoped(user, model, bool(paths)):
        condition |= Q(scope_id__isnull=True)
    return queryset.filter(condition)


def _inside(user: Any, verb: str, paths: tuple[str, ...], lookup: str) -> Any:
    """The agencies below ``paths``. A few are named where no foreign key leads to them, so that an index on the scope serves."""
    if lookup == "scope_id" and len(agency_ids(user, verb)) <= FEW:
        return agency_ids(user, verb)
    return under(paths).order_by().values("id")


def _sees_unscoped(user: Any, model: Any, has_verb: bool) -> bool:
    needed = getattr(model, "unscoped_verb", "platform.view")
    if needed is None:
        return bool(getattr(user, "is_authenticated", False)) and bool(user.is_active)
    return has_verb and bool(paths_of(user, needed))


def view_verb(model: type[Model]) -> str:
    """The verb that lets a person see rows of `model`."""
    verb: str = getattr(model, "view_verb", "data.view")
    return verb


def agency_ids(user: Any, verb: str = "data.view") -> frozenset[UUID]:
    """Ids of the agencies where `user` holds `verb`, subtrees included; asked once per user instance and verb."""
    known = _cache(user)["ids"]
    if verb not in known:
        paths = paths_of(user, verb)
        known[verb] = frozenset(under(paths).order_by().values_list("id", flat=True)) if paths else frozenset()
    return known[verb]  # type: ignore[no-any-return]


def under(paths: Iterable[str]) -> QuerySet[Agency]:
    """The agencies whose place in the tree starts with one of `paths`; none for no path."""
    conditions = [Q(path__startswith=path) for path in paths]
    return Agency.objects.filter(reduce(or_, conditions)) if conditions else Agency.objects.none()


def paths_of(user: Any, verb: str) -> tuple[str, ...]:
    """The highest subtrees where `user` holds `verb` now."""
    roles = roles_with(verb)
    return _topmost(path for role, path in grants_of(user) if role in roles)


def grants_of(user: Any) -> tuple[tuple[str, str], ...]:
    """(role, path) of each grant of `user` in force today. Nobody for the anonymous and the disabled."""
    cached = _cache(user)
    if cached["grants"] is None:
        cached["grants"] = ()
        if getattr(user, "is_authenticated", False) and user.is_active:
            current = Grant.objects.filter(person_id=user.pk).current(cached["day"]).order_by()
            cached["grants"] = tuple(current.values_list("role", "agency__path"))
    return cached["grants"]  # type: ignore[no-any-return]


def narrowed(user: Any, path: str) -> Any:
    """A copy of `user` that sees only what lies under the agency path `path`; never more than `user` does."""
    grants = grants_of(user)  # also makes a lazy request.user real, so that the copy is of the person
    viewer = copy(user)
    forget(viewer)
    _cache(viewer)["grants"] = tuple(
        (role, max(path, held, key=len)) for role, held in grants if held.startswith(path) or path.startswith(held)
    )
    return viewer


def forget(user: Any) -> None:
    """Drop what was remembered on this instance: its grants have just changed."""
    if hasattr(user, _CACHE):
        delattr(user, _CACHE)


def _cache(user: Any) -> dict[str, Any]:
    """The memory on the user instance. It lives as long as the request, and in a long-lived worker until midnight."""
    day: date = timezone.localdate()
    cached = getattr(user, _CACHE, None)
    if cached is None or cached["day"] != day:
        cached = {"day": day, "grants": None, "ids": {}}
        setattr(user, _CACHE, cached)  # request.user is lazy and passes this on to the person it wraps
    return cached


def _topmost(paths: Iterable[str]) -> tuple[str, ...]:
    """Drop paths that lie under another one: sorted, a path's descendants follow it."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return tuple(kept)
