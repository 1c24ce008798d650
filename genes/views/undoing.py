"""Undo: the last decisions of this session, newest first, each taken back whole."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as translate

from assets.selectors.catalogue import columns_visible_to
from core.views import SignedInView, safe_next
from genes.selectors import queue
from genes.services.decisions import undo

KEY, KEPT = "genes_undo", 20


def remember(request: HttpRequest, batch: UUID, count: int) -> None:
    """What was just decided may be undone in this session."""
    request.session[KEY] = [*request.session.get(KEY, ()), [str(batch), count]][-KEPT:]


def undoable(request: HttpRequest) -> int:
    """How many columns the last decision was about; 0 when there is none."""
    kept: list[Any] = request.session.get(KEY) or []
    return int(kept[-1][1]) if kept else 0


class Undo(SignedInView):
    verb = "gene.decide"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        kept: list[Any] = list(request.session.get(KEY) or [])
        back = HttpResponseRedirect(safe_next(request, reverse("genes:match_queue")))
        if not kept:
            messages.info(request, translate("没有可以撤销的处理。"))
            return back
        batch, _count = kept.pop()
        request.session[KEY] = kept
        columns = columns_visible_to(request.user).filter(pk__in=queue.columns_of_batch(batch))
        try:
            count = undo(actor=request.user, columns=list(columns), batch=UUID(batch))  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, translate("；").join(error.messages))
        else:
            messages.success(request, translate("已撤销 %(n)s 个字段的处理。") % {"n": count})
        return back
