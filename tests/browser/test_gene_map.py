"""The gene map in a browser: drawn from its data, moved through by keyboard, filtered, and read by a screen reader's rules."""

import os
import random
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Agency, Person
from assets.models import Column, DataSource, Table
from genes.choices import RelationKind
from genes.models import Binding, Relation
from genes.services.placing import place_new
from standards.choices import Domain
from standards.models import DataElement

# Milliseconds: from the request of the page to the first drawing of all genes, and one drawing by itself (docs/benchmarks.md).
NOTE_TIME = """new MutationObserver((_, seen) => { window.drawnAt = performance.now(); seen.disconnect(); })
    .observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] })"""
TIMES = """() => {
    const canvas = document.getElementById("gene-map"), from = performance.now();
    for (let time = 0; time < 20; time++) canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "0" }));
    canvas.getContext("2d").getImageData(0, 0, 1, 1);  // waits until all is painted
    const redraw = (performance.now() - from) / 20;
    const { requestStart, responseStart, responseEnd } = performance.getEntriesByType("navigation")[0];
    return { server: responseStart - requestStart, loaded: responseEnd - requestStart, drawn: window.drawnAt - requestStart,
             redraw };
}"""
GENES = int(os.environ.get("MAP_GENES", "240"))  # 1,500 with 2,600 relations is what a city has


@pytest.fixture
def genes(agency: Agency, person: Person) -> list[DataElement]:
    """Genes of eight domains, each carried by one to eight columns, with relations between them."""
    now, chance = timezone.now(), random.Random(7)
    domains = [value for value in Domain.values if value != Domain.GENERAL]
    source = DataSource.objects.create(agency=agency, name="人口库", kind="sqlite")
    table = Table.objects.create(source=source, name="t", first_seen_at=now, last_seen_at=now)
    elements = DataElement.objects.bulk_create(
        DataElement(agency=agency, code=f"G{number:04}", domain=domains[number * number % 8], name=f"基因{number}")
        for number in range(GENES)
    )
    columns = Column.objects.bulk_create(
        Column(table=table, source=source, name=f"c{number}_{copy}", position=number * 10 + copy + 1, type="text",
               value_class="text", first_seen_at=now)
        for number in range(GENES) for copy in range(1 + (number * 7 % 23 == 0) * 7)
    )  # fmt: skip
    Binding.objects.bulk_create(
        Binding(column=column, element=elements[int(column.name[1:].split("_")[0])], origin="person", decided_at=now)
        for column in columns
    )
    pairs = {*pairwise(range(GENES))}
    while len(pairs) < GENES * 26 // 15:
        pairs.add(tuple(sorted(chance.sample(range(GENES), 2))))  # type: ignore[arg-type]
    Relation.objects.bulk_create(
        Relation(agency=agency, other=agency, left=elements[a], right=elements[b], kind=RelationKind.TOGETHER, weight=1)
        for a, b in sorted(pairs)
    )
    place_new()
    return elements


def test_the_map_is_drawn_and_walked_by_keyboard(
    page: Page, genes: list[DataElement], check_accessibility: Callable[[Page], None]
) -> None:
    page.add_init_script(NOTE_TIME)
    page.goto("/genes/map/")
    drawing = page.locator("#gene-map")
    expect(drawing).to_have_attribute("data-drawn", str(GENES))
    first = page.locator("#gene-pane h2").inner_text()
    drawing.focus()
    drawing.press("ArrowRight")
    expect(page.locator("#gene-pane h2")).not_to_have_text(first)
    assert "focus=" in page.url
    page.get_by_label("按落标率").check()
    expect(drawing).to_have_attribute("data-colours", "kept")
    page.get_by_label("人口", exact=False).first.uncheck()
    expect(drawing).not_to_have_attribute("data-drawn", str(GENES))
    drawing.press("+")
    drawing.press("0")
    check_accessibility(page)
    if "MAP_GENES" in os.environ:  # measured on demand, never asserted
        print(page.evaluate(TIMES))
    shots = os.environ.get("MAP_SHOTS")
    if shots:
        page.get_by_label("人口", exact=False).first.check()
        page.screenshot(path=f"{shots}/map-1600.png")
        page.set_viewport_size({"width": 1366, "height": 768})
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_timeout(300)
        page.screenshot(path=f"{shots}/map-1366-dark.png")
    drawing.press("Enter")
    page.wait_for_url(re.compile(r"/genes/[0-9a-f-]{36}/$"))


def test_the_list_beside_it(page: Page, genes: list[DataElement], check_accessibility: Callable[[Page], None]) -> None:
    page.goto("/genes/map/list/?domain=population")
    assert page.locator("tbody tr").count() == sum(gene.domain == "population" for gene in genes)
    check_accessibility(page)
