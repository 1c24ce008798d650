"""The gene map as one person may see it: genes with their counts, places and states, and the relations between them."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from accounts.scope import agency_ids, visible_to
from genes.choices import MatchState, RelationKind
from genes.derivations import PARTS
from genes.models import FamilyMember, MapPlace, Match, Relation, Ruling
from genes.selectors import carrying
from genes.selectors.authority import effective, repetitions_visible_to
from genes.selectors.conformity import conformities_visible_to, kept_by_element
from standards.choices import Domain
from standards.models import DataElement

STRONGEST = 4  # relations of one kind that a gene brings to the map; its page has them all
STATES = ("conflict", "repeated", "pending", "ruled", "unruled")


@dataclass(slots=True)
class Node:
    """One gene. ``x`` and ``y`` are None until the job has placed it."""

    pk: UUID
    code: str
    name: str
    domain: str
    columns: int
    agencies: int
    x: float | None = None
    y: float | None = None
    conflicts: int = 0
    repeated: int = 0
    pending: int = 0
    ruled: bool = False
    kept: float | None = None  # of the checked values, 0…1; None where none was checked

    @property
    def states(self) -> list[str]:
        held = (self.conflicts, self.repeated, self.pending, self.ruled, not self.ruled and self.agencies > 1)
        return [state for state, there in zip(STATES, held, strict=True) if there]


@dataclass(slots=True)
class Edge:
    """Two genes; ``strength`` 0…1; ``weight`` counts tables or joins; of a derivation the places it is read off."""

    left: UUID
    right: UUID
    kind: str
    weight: int
    strength: float
    first: int = 0
    last: int = 0

    def other(self, pk: UUID) -> UUID:
        return self.right if self.left == pk else self.left


@dataclass(slots=True)
class Map:
    nodes: list[Node]
    edges: list[Edge]
    by_pk: dict[UUID, Node] = field(default_factory=dict)

    def around(self, pk: UUID) -> list[tuple[Edge, Node]]:
        """The relations of one gene with the gene at the far end, strongest first."""
        found = [(edge, self.by_pk[edge.other(pk)]) for edge in self.edges if pk in (edge.left, edge.right)]
        order = {
            kind: place for place, kind in enumerate((RelationKind.DERIVED, RelationKind.SHARED, RelationKind.TOGETHER))
        }
        return sorted(found, key=lambda pair: (order[RelationKind(pair[0].kind)], -pair[0].strength, pair[1].code))


def gene_map(user: Any, *, cut: int | None = STRONGEST) -> Map:
    """Everything on the map, in a fixed number of queries; ``cut`` None gives all relations."""
    nodes = _nodes(user)
    known = {node.pk: node for node in nodes}
    edges = [*_cut(_counted(user, known, Relation.objects.all()), cut), *_derived(known)]
    edges.sort(key=lambda edge: (edge.kind, str(edge.left), str(edge.right)))
    return Map(nodes, edges, known)


def around(user: Any, pk: UUID) -> Map:
    """One gene with all of its relations, asked for by itself; an empty map when no column one may see carries it."""
    touching = Relation.objects.filter(Q(left=pk) | Q(right=pk))
    ends = {end for pair in touching.values_list("left_id", "right_id") for end in pair} | {pk}
    parts = {part.name for found in PARTS.values() for part in found}
    derived = DataElement.objects.filter(Q(current__check_scheme__in=PARTS) | Q(name__in=parts))
    nodes = _nodes(user, only=ends | set(derived.values_list("pk", flat=True)))
    known = {node.pk: node for node in nodes}
    edges = [*_counted(user, known, touching), *(edge for edge in _derived(known) if pk in (edge.left, edge.right))]
    return Map(nodes, edges, known) if pk in known else Map([], [], {})


def _nodes(user: Any, only: set[UUID] | None = None) -> list[Node]:
    counts = carrying.by_element(user, only)
    elements = DataElement.objects.filter(pk__in=list(counts)).order_by("code")
    found = [
        Node(pk, code, name, domain, *counts[pk])
        for pk, code, name, domain in elements.values_list("pk", "code", "name", "domain")
    ]
    places = {pk: (x, y) for pk, x, y in MapPlace.objects.values_list("element_id", "x", "y")}
    conflicts = carrying.counted(visible_to(user, FamilyMember.objects.filter(conflicting=True)), "family__element_id")
    repeated = carrying.counted(repetitions_visible_to(user), "ruling__element_id")
    proposals = Match.objects.filter(state=MatchState.PROPOSED, rank=1)
    pending = carrying.counted(visible_to(user, proposals), "element_id")
    ruled = set(Ruling.objects.filter(effective()).values_list("element_id", flat=True))
    kept = kept_by_element(conformities_visible_to(user))
    for node in found:
        node.kept = kept.get(node.pk)
        node.x, node.y = places.get(node.pk, (None, None))
        node.conflicts, node.repeated = conflicts.get(node.pk, 0), repeated.get(node.pk, 0)
        node.pending, node.ruled = pending.get(node.pk, 0), node.pk in ruled
    return found


def _counted(user: Any, known: dict[UUID, Node], relations: QuerySet[Relation]) -> list[Edge]:
    seen = agency_ids(user, "data.view")
    rows = relations.filter(Q(agency__in=seen) & Q(other__in=seen)).order_by()
    found = []
    for left, right, kind, weight in rows.values_list("left_id", "right_id", "kind").annotate(n=Sum("weight")):
        if left in known and right in known:
            most = math.sqrt(known[left].columns * known[right].columns)
            found.append(Edge(left, right, kind, weight, round(min(1.0, weight / most), 4)))
    return found


def _cut(edges: list[Edge], most: int | None) -> list[Edge]:
    """Those that are among the strongest of either end, each kind for itself."""
    if most is None:
        return edges
    ends: dict[tuple[UUID, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        for end in (edge.left, edge.right):
            ends[end, edge.kind].append(edge)
    kept: dict[int, Edge] = {}
    for held in ends.values():
        held.sort(key=lambda edge: (-edge.strength, -edge.weight, str(edge.left), str(edge.right)))
        kept.update((id(edge), edge) for edge in held[:most])
    return list(kept.values())


def _derived(known: dict[UUID, Node]) -> list[Edge]:
    """What can be read off the identifiers among these genes."""
    by_name = {node.name: node for node in known.values()}
    schemes = DataElement.objects.filter(current__check_scheme__in=PARTS).values_list("pk", "current__check_scheme")
    return [
        Edge(pk, by_name[part.name].pk, RelationKind.DERIVED, 1, 1.0, part.first, part.last)
        for pk, scheme in schemes
        if pk in known
        for part in PARTS[scheme]
        if part.name in by_name and by_name[part.name].pk != pk
    ]


def domains(found: Map) -> list[dict[str, Any]]:
    """[{"value", "label", "count", "place"}] of the domains that hold a gene; ``place`` numbers their colour."""
    counts: dict[str, int] = defaultdict(int)
    for node in found.nodes:
        counts[node.domain] += 1
    return [
        {"value": value, "label": label, "count": counts[value], "place": place}
        for place, (value, label) in enumerate(Domain.choices, 1)
        if counts[value]
    ]


def _percent(share: float | None) -> float | None:
    """With one decimal, as pages write it: never 100 while something is missing."""
    return None if share is None else 100.0 if share == 1 else min(99.9, round(100 * share, 1))


def as_data(found: Map) -> dict[str, Any]:
    """What the page draws: short lists, since there are thousands. Relations name genes by their place in the list."""
    index = {node.pk: place for place, node in enumerate(found.nodes)}
    colours = {value: place for place, value in enumerate(Domain.values)}
    kinds = {value: place for place, value in enumerate(RelationKind.values)}
    return {
        "domains": [str(label) for _value, label in Domain.choices],
        "states": list(STATES),
        "nodes": [
            [str(node.pk), node.name, node.x, node.y, colours[node.domain], node.columns, sum(1 << STATES.index(state) for state in node.states),
             _percent(node.kept)]
            for node in found.nodes
        ],
        "edges": [[index[edge.left], index[edge.right], kinds[edge.kind]] for edge in found.edges],
    }  # fmt: skip
