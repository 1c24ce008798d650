"""Accept the auto zone by policy: what it would do, the confirmation, and what was accepted so and may be taken back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as translate

from core.views import SignedInView
from genes.filters import narrowed, of_the_queue
from genes.selectors import queue
from genes.services.policy import request_acceptance, request_return
from genes.views.workbench import HOME

SHOWN = 20  # elements


class AutoZone(SignedInView):
    verb = "gene.decide"

    def get(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.urlencode()
        rows = narrowed(queue.acceptable_to(request.user), query).order_by()
        by_element = rows.values("element__code", "element__name").annotate(columns=Count("pk"))
        right, looked = queue.reviewed(request.user)
        context: dict[str, Any] = {
            "title": translate("接受高置信建议"),
            "crumbs": [
                HOME,
                (translate("对标工作台"), reverse("genes:match_queue")),
                (translate("接受高置信建议"), ""),
            ],
            "query": query,
            "total": rows.count(),
            "elements": by_element.order_by("-columns", "element__code")[:SHOWN],
            "right": right,
            "looked": looked,
            "precision": right / looked if looked else None,
            "batches": queue.policy_batches(request.user),
        }
        return render(request, "genes/auto_zone.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        query = of_the_queue(request.POST.get("query", ""))
        if query is None:
            messages.error(request, translate("筛选条件无效，未接受任何建议。"))
            return HttpResponseRedirect(reverse("genes:auto_zone"))
        request_acceptance(actor=request.user, query=query)  # type: ignore[arg-type]
        messages.success(request, translate("已开始接受高置信建议，进度见任务；完成后可整批撤销。"))
        return HttpResponseRedirect(reverse("genes:auto_zone"))


class ReturnBatch(SignedInView):
    verb = "gene.decide"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            batch = UUID(request.POST.get("batch", ""))
        except ValueError as error:
            raise Http404 from error
        request_return(actor=request.user, batch=batch)  # type: ignore[arg-type]
        messages.success(request, translate("已开始撤销这一批，进度见任务。"))
        return HttpResponseRedirect(reverse("genes:auto_zone"))
