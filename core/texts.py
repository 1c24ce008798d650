"""Text for people, and values made fit for a jsonb column."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise  # plain, or translated when it is shown
else:
    Text = str


def clean(text: Any, limit: int | None = None) -> str:
    """``text`` as PostgreSQL can store it: no NUL, no lone surrogate (both become U+FFFD), at most ``limit`` characters."""
    stored = str(text).encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return stored if limit is None or len(stored) <= limit else stored[: limit - 1] + "…"


def plain(value: Any) -> Any:
    """``value`` as JSON that a jsonb column gives back exactly: floats, dates, UUIDs … become strings."""
    if value is None or isinstance(value, bool) or type(value) is int:
        return value
    if isinstance(value, dict):
        return {clean(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    return clean(value)
