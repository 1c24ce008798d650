"""What every page of the shell shows. Each part is worked out when a template asks for it, so a fragment pays nothing."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core import indicators, navigation
from core.keyset import EXACT_UP_TO
from core.selectors import running_jobs


def work_of(request: Any) -> Any:
    """What waits for the user stands in the menu, in the top bar and on the dashboard: asked once, in one statement."""
    if not hasattr(request, "work"):
        keys = indicators.personal_keys() | navigation.works()
        request.work = SimpleLazyObject(lambda: indicators.read(keys, request.user, up_to=EXACT_UP_TO))
    return request.work


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``nav_groups``, ``nav_foot``, ``running_jobs`` (a count) and ``todos``; empty for visitors."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav_groups": [], "nav_foot": None, "running_jobs": 0, "todos": []}
    work = work_of(request)
    return {
        "nav_groups": SimpleLazyObject(lambda: navigation.menu(user, request.path, work)),
        "nav_foot": SimpleLazyObject(lambda: navigation.foot(user)),
        "running_jobs": SimpleLazyObject(lambda: running_jobs(user).count()),
        "todos": SimpleLazyObject(lambda: indicators.todos(work)),
    }
