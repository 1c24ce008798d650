"""The sketch of each column, kept from the one reading: hashes under the key of the platform, never values."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

import scanner.model
from assets.models import Column, Table
from core import clock
from genes.models import Sketch
from scanner.model import ValueClass

SMALL, MIDDLE, LARGE = 64, 256, 1_024  # hashes; a small set lies in a large one unseen when few are kept of it
MANY = 10_000  # distinct values
KEY = 0.95  # distinct values over filled rows
NUMBERS = (ValueClass.INTEGER, ValueClass.DECIMAL, ValueClass.FLOAT)


def store_sketches(*, table: Table, profiles: Sequence[scanner.model.ColumnProfile]) -> int:
    """Replace the sketches of the columns that were read; returns how many. One without values or masked loses its own."""
    columns = {column.name: column for column in table.columns.exclude(state="gone")}
    read = [profile for profile in profiles if profile.name in columns]
    now = clock.now()
    kept = [_sketch(columns[profile.name], profile, now) for profile in read if profile.sketch and profile.distinct]
    ids = {columns[profile.name].pk for profile in read}
    Sketch.objects.filter(column__in=ids - {sketch.column_id for sketch in kept}).delete()
    Sketch.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["column"],
        update_fields=["at", "key_id", "k", "hashes", "distinct", "filled", "numeric", "sequential"],
    )  # fmt: skip
    return len(kept)


def _sketch(column: Column, profile: scanner.model.ColumnProfile, now: datetime) -> Sketch:
    assert profile.sketch is not None
    filled = profile.rows - profile.nulls
    k = min(_size(profile.distinct, filled), int(profile.sketch["k"]))
    return Sketch(
        column=column, at=now, key_id=profile.sketch["key_id"], k=k, distinct=profile.distinct, filled=filled,
        hashes=np.array(profile.sketch["hashes"][:k], "<u8").tobytes(), numeric=profile.value_class in NUMBERS,
        sequential=_sequential(profile),
    )  # fmt: skip


def _size(distinct: int, filled: int) -> int:
    if distinct <= MANY:
        return SMALL if distinct < KEY * filled else MIDDLE
    return LARGE if distinct >= KEY * filled else MIDDLE


def _sequential(profile: scanner.model.ColumnProfile) -> bool:
    """Whole numbers with hardly a gap between the least and the greatest."""
    low, high = profile.min, profile.max
    return isinstance(low, int) and isinstance(high, int) and high - low + 1 <= 1.2 * profile.distinct
