"""Characters that nobody sees or that turn a line around, in names and values of others' databases: shown as ⟨U+202E⟩.

One place for all pages, the last before a page leaves: templates cannot forget it. API, exports and files keep the text.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]
# Controls but for tab and line ends, soft hyphen, zero-width and direction marks, invisible operators, fillers, tags.
UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
ANY = re.compile(f"[{UNSEEN}]")
# What goes back to us when a form is sent must stay what it was.
IN_PAGE = re.compile(f"<(?:input|option|button)[^>]*>|<textarea.*?</textarea>|[{UNSEEN}]", re.DOTALL)


def shown(get_response: View) -> View:
    """Middleware: no page hides or turns a character."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            text = response.content.decode(response.charset or "utf-8")
            if ANY.search(text):
                response.content = IN_PAGE.sub(_show, text)
        return response

    return middleware


def _show(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("<") else f"⟨U+{ord(found[0]):04X}⟩"
