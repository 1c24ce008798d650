"""The map shows what one may see, stays where it was, and its list says the same."""

import json
import re
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from genes.models import Conformity, MapPlace
from genes.selectors.map import around, gene_map
from standards.models import DataElement
from tests.accounts import world
from tests.genes.relations.made import column


def drawn(client: Any) -> dict[str, Any]:
    page = client.get("/genes/map/").content.decode()
    found = re.search(r'<script id="gene-map-data" type="application/json">(.*?)</script>', page)
    if found is None:  # nothing to draw
        return {"nodes": {}, "edges": set()}
    data = json.loads(found[1])
    nodes = [node[1] for node in data["nodes"]]
    return {
        "nodes": {node[1]: {"columns": node[5], "place": tuple(node[2:4])} for node in data["nodes"]},
        "edges": {(nodes[left], nodes[right], kind) for left, right, kind in data["edges"]},
    }


def test_each_sees_the_genes_of_their_own_columns(people: SimpleNamespace) -> None:
    everything = drawn(world.browser(people.chief))
    police = drawn(world.browser(people.city.police.steward))
    assert everything["nodes"]["公民身份号码"]["columns"] == 2
    assert police["nodes"]["公民身份号码"]["columns"] == 1
    assert ("公民身份号码", "出生日期") in {pair[:2] for pair in everything["edges"]} | {
        (right, left) for left, right, _kind in everything["edges"]
    }
    nobody = world.person(world.agency("空局", people.city.top), "steward")
    assert drawn(world.browser(nobody)) == {"nodes": {}, "edges": set()}
    assert world.browser(nobody).get("/genes/map/").status_code == 200


def test_a_gene_keeps_its_place(people: SimpleNamespace) -> None:
    client = world.browser(people.chief)
    before = drawn(client)["nodes"]
    assert all(place["place"] != (None, None) for place in before.values())
    assert drawn(client)["nodes"] == before
    assert len({place["place"] for place in before.values()}) == len(before) <= MapPlace.objects.count()


def test_page_pane_and_list_say_the_same(people: SimpleNamespace) -> None:
    client = world.browser(people.chief)
    element = DataElement.objects.get(code="P006")
    page = client.get(f"/genes/map/?focus={element.pk}").content.decode()
    assert element.name in page
    pane = client.get(f"/genes/map/?focus={element.pk}", headers={"HX-Request": "true", "HX-Target": "gene-pane"})
    assert "由第 7 至 14 位推导" in pane.content.decode()
    assert "<html" not in pane.content.decode()
    listed = client.get("/genes/map/list/").content.decode()
    assert all(node.name in listed for node in gene_map(people.chief).nodes)
    assert client.get("/genes/map/?focus=<script>").status_code == 200


def test_the_data_costs_the_same_number_of_queries(people: SimpleNamespace) -> None:
    client = world.browser(people.chief)
    client.get("/genes/map/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/genes/map/")
    with CaptureQueriesContext(connection) as fewer:
        world.browser(people.city.police.steward).get("/genes/map/")
    assert len(asked) <= 26
    assert len(asked) <= len(fewer) + 1


def test_the_pane_asks_for_its_own_gene_and_says_what_the_map_says(people: SimpleNamespace) -> None:
    whole = gene_map(people.chief, cut=None)
    for node in whole.nodes:
        alone = around(people.chief, node.pk)
        assert alone.by_pk[node.pk] == node
        assert [(edge, other.pk) for edge, other in alone.around(node.pk)] == [
            (edge, other.pk) for edge, other in whole.around(node.pk)
        ]
    civil = people.city.civil.steward
    unseen = DataElement.objects.exclude(pk__in=[node.pk for node in whole.nodes])[0]
    assert (around(civil, unseen.pk).nodes, around(civil, unseen.pk).edges) == ([], [])


def test_genes_are_coloured_by_what_one_sees_of_their_values(people: SimpleNamespace) -> None:
    gene = DataElement.objects.get(code="P007")
    counts = {"czrk": (400, 0), "djry": (200, 50)}
    Conformity.objects.all().delete()
    Conformity.objects.bulk_create(
        Conformity(column=column(table, "sfzh"), edition=gene.current, aspect="checksum", at=timezone.now(), checked=checked, failed=failed)
        for table, (checked, failed) in counts.items()
    )  # fmt: skip
    kept = {who: node.kept for who in (people.chief, people.city.civil.steward, people.city.police.steward)
            for node in gene_map(who).nodes if node.pk == gene.pk}  # fmt: skip
    assert list(kept.values()) == [1 - 50 / 600, 0.75, 1.0]
    pane = world.browser(people.city.civil.steward).get(
        f"/genes/map/?focus={gene.pk}", headers={"HX-Request": "true", "HX-Target": "gene-pane"}
    )
    assert ">75%</a>" in pane.content.decode()
