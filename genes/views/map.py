"""The gene map: the drawing with its filters, its data, the pane of one gene, and the list with the same content."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core.templatetags.figures import band
from core.views import Crumb, SignedInView, is_htmx
from genes.choices import RelationKind
from genes.selectors import map as maps
from genes.selectors import queue
from genes.selectors.authority import ruling_in_force
from genes.views.workbench import HOME
from standards.models import DataElement

MAP: Crumb = (_("基因图谱"), "/genes/map/")
STATES = (
    ("conflict", _("同源有冲突")), ("repeated", _("重复采集")), ("pending", _("有待确认")), ("ruled", _("已认定数源")),
    ("unruled", _("多机构未认定")),
)  # fmt: skip
BANDS = (
    ("good", _("85% 以上")), ("info", _("70% 至 85%")), ("caution", _("55% 至 70%")), ("bad", _("不到 55%")), ("none", _("未检查")),
)  # fmt: skip
NEAREST = 8  # relations in the pane
AGENCIES = 5


class GeneMap(SignedInView):
    """The page with its filters, what it draws, and the pane of the gene in focus (`?focus=`), which is also asked for alone."""

    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        if is_htmx(request) and request.headers.get("HX-Target") == "gene-pane":
            return render(request, "genes/_map_pane.html", _pane_alone(request))
        found = maps.gene_map(request.user)
        context = _pane(request, found, _focus(request, found))
        kinds = [edge.kind for edge in found.edges]
        states = [state for node in found.nodes for state in node.states]
        return render(request, "genes/map.html", {
            **context, "title": translate("基因图谱"), "crumbs": [HOME, (MAP[0], "")], "genes": len(found.nodes),
            "columns": sum(node.columns for node in found.nodes), "domains": maps.domains(found), "names": found.nodes,
            "relations": [(value, label, kinds.count(value)) for value, label in RelationKind.choices],
            "states": [(value, label, states.count(value)) for value, label in STATES],
            "unplaced": sum(node.x is None for node in found.nodes), "data": maps.as_data(found),
            "bands": [(tone, label, sum(_band(node.kept) == tone for node in found.nodes)) for tone, label in BANDS],
        })  # fmt: skip


class MapList(SignedInView):
    """The same content for reading: each gene with its states and all of its relations on the map."""

    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        found = maps.gene_map(request.user)
        labels, domain = dict(STATES), request.GET.get("domain", "")
        nodes = sorted(found.nodes, key=lambda node: (-node.columns, node.code))
        around: dict[UUID, list[maps.Node]] = {node.pk: [] for node in nodes}
        for edge in found.edges:
            around[edge.left].append(found.by_pk[edge.right])
            around[edge.right].append(found.by_pk[edge.left])
        domains = maps.domains(found)
        named = {item["value"]: item["label"] for item in domains}
        rows = [
            {
                "node": node, "domain": named[node.domain], "states": [labels[state] for state in node.states],
                "around": list({other.pk: other for other in around[node.pk]}.values()),
            }
            for node in nodes
            if not domain or node.domain == domain
        ]  # fmt: skip
        context = {"title": translate("基因图谱列表"), "crumbs": [HOME, MAP, (translate("列表"), "")], "rows": rows,
                   "domains": domains, "domain": domain}  # fmt: skip
        return render(request, "genes/map_list.html", context)


def _band(kept: float | None) -> str:
    return band(kept * 100) if kept is not None else "none"


def _pane_alone(request: HttpRequest) -> dict[str, Any]:
    """The pane of the gene that the drawing names by its id."""
    try:
        pk = UUID(request.GET.get("focus", ""))
    except ValueError:
        return {"node": None}
    found = maps.around(request.user, pk)
    return _pane(request, found, found.by_pk.get(pk))


def _focus(request: HttpRequest, found: maps.Map) -> maps.Node | None:
    """The gene asked for, by id or by name, else the one that most columns carry."""
    wanted = request.GET.get("focus", "").strip()
    try:
        node = found.by_pk.get(UUID(wanted))
    except ValueError:
        node = next((one for one in found.nodes if one.name == wanted), None)
    return node or max(found.nodes, key=lambda one: (one.columns, one.code), default=None)


def _pane(request: HttpRequest, found: maps.Map, node: maps.Node | None) -> dict[str, Any]:
    if node is None:
        return {"node": None}
    element = DataElement.objects.select_related("current").get(pk=node.pk)
    agencies, around = queue.by_agency(element, request.user), found.around(node.pk)
    most = max((row["columns"] for row in agencies), default=1)
    shown = [{**row, "percent": row["columns"] / most * 100} for row in agencies[:AGENCIES]]
    return {
        "node": node, "element": element, "agencies": shown, "rest": sum(row["columns"] for row in agencies[AGENCIES:]),
        "other_agencies": len(agencies[AGENCIES:]), "around": around[:NEAREST], "around_total": len(around),
        "rulings": ruling_in_force(element),
    }  # fmt: skip
