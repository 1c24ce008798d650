"""The dashboard: what this person must act on, then the numbers that explain it. Its parts are in `dashboard`."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import Agency
from accounts.scope import grants_of, narrowed
from core import indicators
from core.context import work_of
from core.texts import Text
from core.views import SignedInView
from core.visibility import can, visible_to
from datagene import dashboard
from datagene.activity import events
from quantity.selectors import last_sampled

TODOS = 5
WORKING_ROLES = (Role.STEWARD, Role.SOURCE_MANAGER, Role.LEADER)


@dataclass(frozen=True, slots=True)
class Scope:
    """One of the segments 全市, 本局, 我负责的."""

    key: str
    label: Text
    path: str  # of the agency tree; "" for everything the person may see


def scopes_of(user: Any) -> list[Scope]:
    """The scopes that differ for this person; the widest first."""
    grants = grants_of(user)
    widest = {path for _role, path in grants}
    whole = any(path.count("/") == 2 for path in widest)  # "/<root>/"
    found = [Scope("all", _("全市") if whole else _("全部"), "")]
    own = user.agency.path
    if any(own.startswith(path) and own != path for path in widest):
        found.append(Scope("agency", _("本局"), own))
    working = {path for role, path in grants if role in WORKING_ROLES}
    if len(working) == 1 and not working <= {own} and working != widest:
        found.append(Scope("mine", _("我负责的"), working.pop()))
    return found


class Dashboard(SignedInView):
    def get(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        scopes = scopes_of(user)
        scope = next((item for item in scopes if item.key == request.GET.get("scope")), scopes[0])
        viewer = narrowed(user, scope.path) if scope.path else user
        agencies = visible_to(viewer, Agency.objects.all(), "data.view")
        inside = list(agencies.values_list("pk", flat=True))
        only = inside[0] if scope.path and len(inside) == 1 else None
        numbers = dashboard.read_numbers(viewer, narrowed=bool(scope.path), agency=only)
        context = {
            "title": translate("驾驶舱"),
            "crumbs": [(user.agency.name, "")],
            "scopes": scopes,
            "scope": scope,
            "measured_at": last_sampled(viewer),
            "agencies": len(inside),
            "sources": numbers.value("assets.sources"),
            "todo": [(item, _address(item)) for item in indicators.todos(work_of(request))[:TODOS]],
            "kpis": dashboard.kpis(numbers),
            "stations": dashboard.stations(numbers),
            "overall": numbers.overall,
            "trend": numbers.trend,
            "chart": dashboard.chart(numbers.trend),
            "jobs": dashboard.jobs(viewer),
            "ranking": dashboard.ranking(viewer, numbers.leaders, numbers.trends),
            "events": events(dashboard.activity(viewer)),
            "may_audit": can(user, "audit.read"),
        }
        return render(request, "datagene/home.html", context)


def _address(reading: indicators.Reading) -> str:
    """The list of a to-do; empty while that page is not installed."""
    try:
        return reading.indicator.url()
    except NoReverseMatch:
        return ""
