"""Same-source families (同源): the columns of an element, those that share values together, and in what they differ."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F, Q

from core import clock
from genes.engine import conflicts
from genes.engine.sketches import Index, Values
from genes.models import Binding, Family, FamilyMember, Sketch


@transaction.atomic
def group(element_ids: Iterable[UUID]) -> int:
    """Form the families of these elements anew; a family keeps its id as long as its number. Returns the number of members."""
    ids = list(element_ids)
    FamilyMember.objects.filter(family__element__in=ids).filter(
        Q(column__binding__isnull=True) | ~Q(column__binding__element=F("family__element"))
    ).delete()
    bound: dict[UUID, dict[UUID, Binding]] = defaultdict(dict)
    rows = Binding.objects.filter(element__in=ids, column__state="seen").select_related("column__gene")
    for binding in rows.order_by("column_id"):
        bound[binding.element_id][binding.column_id] = binding  # type: ignore[index]
    now = clock.now()
    count = sum(_group(element_id, bound[element_id], now) for element_id in sorted(bound))
    Family.objects.filter(element__in=ids, members__isnull=True).delete()
    return count


def _group(element_id: UUID, bound: dict[UUID, Binding], now: datetime) -> int:
    clusters = _clusters(list(bound))
    numbers = {column: number for number, cluster in enumerate(clusters, 1) for column in cluster}
    facts = {
        column: binding.column.gene.facts for column, binding in bound.items() if getattr(binding.column, "gene", None)
    }
    differs = conflicts.differences(facts)
    families: dict[int, list[UUID]] = defaultdict(list)
    for column in bound:
        families[numbers.get(column, 0)].append(column)
    Family.objects.bulk_create(
        [Family(element_id=element_id, number=number, at=now) for number in sorted(families)],
        update_conflicts=True, unique_fields=["element", "number"], update_fields=["at"],
    )  # fmt: skip
    by_number = dict(Family.objects.filter(element_id=element_id).values_list("number", "pk"))
    members = [
        FamilyMember(column_id=column, family_id=by_number[number], differs=differs.get(column, {}))
        for number, columns in families.items()
        for column in columns
    ]
    FamilyMember.objects.bulk_create(
        members, update_conflicts=True, unique_fields=["column"], update_fields=["family", "differs"], batch_size=2_000
    )
    return len(members)


def _clusters(column_ids: Sequence[UUID]) -> list[list[UUID]]:
    """Columns that share values, the largest cluster first and then by their least key: the same input, the same numbers."""
    rows = Sketch.objects.filter(column__in=column_ids).order_by("column_id")
    found = [sorted(cluster) for cluster in Index(values_of(row) for row in rows).families()]
    return sorted(found, key=lambda cluster: (-len(cluster), cluster[0]))


def values_of(row: Sketch) -> Values:
    """A stored sketch as the engine reads it. Sketches under different keys stay apart."""
    return Values(
        row.column_id, np.frombuffer(row.hashes, "<u8"), row.k, row.distinct, row.filled, row.key_id, row.sequential
    )
