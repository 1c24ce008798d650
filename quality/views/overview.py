"""管质量: the score of everything one may see, with its arithmetic."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core import indicators
from core.views import SignedInView
from quality import selectors

SHOWN = 8


class Overview(SignedInView):
    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        trend, agencies = selectors.trend(user), selectors.scores_by_agency(user)
        context = {
            "title": _("质量"),
            "crumbs": [(_("质量"), "")],
            "overall": selectors.overall(user, agencies),
            "trend": [float(value) for _day, value in trend],
            "readings": indicators.read(
                ("quality.rules", "quality.failing_rules", "quality.findings", "quality.proposals"), user
            ),
            "agencies": agencies,
            "worst": selectors.worst_tables(user)[:SHOWN],
            "findings": selectors.open_findings(user).order_by("-failed", "id")[:SHOWN],
        }
        return render(request, "quality/overview.html", context)
