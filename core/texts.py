"""Text for people, and values made fit for a jsonb column."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import get_language, override

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise  # plain, or translated when it is shown
else:
    Text = str


BETWEEN = "\x1f"  # the wordings of a text that is kept in every language


def in_every_language(say: Callable[..., str], *about: Any) -> str:
    """What ``say(*about)`` says in each of LANGUAGES, at most 140 characters each, as one text to keep."""
    wordings = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            wordings.append(clean(say(*about).replace(BETWEEN, " "), 140))
    return BETWEEN.join(wordings)


def in_language(kept: str) -> str:
    """The wording for the reader of what ``in_every_language`` made; any other text as it is."""
    wordings = dict(zip((code for code, _name in settings.LANGUAGES), kept.split(BETWEEN), strict=False))
    return wordings.get(get_language() or "", kept) if len(wordings) > 1 else kept


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
