"""Places of genes on the map: given once, so that the map looks the same at each visit."""

import math
from collections import defaultdict

import numpy as np
from django.db import transaction
from django.db.models import Count, F

from genes.engine import layout
from genes.models import MapArea, MapPlace
from standards.models import DataElement


@transaction.atomic
def place_new() -> int:
    """Give each gene that has none a place; those that stand stay. One whose domain has changed gets a new one.

    Only the job calls it, and only one of them runs: two at once would give one seat twice.
    """
    MapPlace.objects.exclude(domain=F("element__domain")).delete()
    carried = DataElement.objects.filter(bindings__isnull=False).annotate(columns=Count("bindings", distinct=True))
    waiting = carried.filter(place__isnull=True).order_by("-columns", "code")
    keys: dict[str, list[str]] = defaultdict(list)
    for pk, domain in waiting.values_list("pk", "domain"):
        keys[domain].append(str(pk))
    if not keys:
        return 0
    middles = _middles({domain: len(found) for domain, found in keys.items()})
    standing = np.array(list(MapPlace.objects.values_list("x", "y")), float).reshape(-1, 2)
    rows: list[MapPlace] = []
    for domain, found in sorted(keys.items()):
        begun = MapPlace.objects.filter(domain=domain).exists()
        places = layout.more(middles[domain], found, standing) if begun else layout.first(middles[domain], found)
        standing = np.vstack([standing, np.array(list(places.values()), float)])
        rows += [MapPlace(element_id=key, domain=domain, x=x, y=y) for key, (x, y) in places.items()]
    MapPlace.objects.bulk_create(rows)
    return len(rows)


def _middles(counts: dict[str, int]) -> dict[str, layout.Point]:
    """The middles of the domains, those known and those that come now."""
    known = {area.domain: (area.x, area.y) for area in MapArea.objects.all()}
    new = {domain: count for domain, count in counts.items() if domain not in known}
    if new:
        sizes = dict(MapPlace.objects.values_list("domain").annotate(n=Count("pk")))
        standing = {
            domain: (middle, layout.STEP * math.sqrt(max(layout.LEAST_SEATS, sizes.get(domain, 0)) * layout.ROOM))
            for domain, middle in known.items()
        }
        found = layout.areas(new, standing)
        MapArea.objects.bulk_create(MapArea(domain=domain, x=x, y=y) for domain, (x, y) in found.items())
        known |= found
    return known
