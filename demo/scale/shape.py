"""How many tables and columns each source has: few large ones, many small ones, as in life."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

TABLES_PER_AGENCY = 300
TABLES_PER_SOURCE = 250
LARGEST = 0.1  # of all tables, in one source
SMALLEST = 20  # tables of the last source, the only one of the last agency


@dataclass(frozen=True, slots=True)
class SourceShape:
    """One source: its number, the agency it belongs to, and the columns of each of its tables."""

    number: int
    agency: int
    columns: tuple[int, ...]


def agencies(tables: int) -> int:
    """How many agencies hold ``tables``, the root apart."""
    return max(4, tables // TABLES_PER_AGENCY)


def sources(tables: int, columns: int) -> list[SourceShape]:
    """All sources, the largest first. Raises ValueError when there are more tables than columns."""
    if not 1 <= tables <= columns:
        raise ValueError("each table has one column at least")
    random = Random(f"shape {tables} {columns}")
    holders = agencies(tables)
    count = min(tables, max(holders, tables // TABLES_PER_SOURCE))
    per_table = spread([random.lognormvariate(0, 0.7) for _ in range(tables)], columns)
    found, first = [], 0
    for number, size in enumerate(_sizes(tables, count)):
        agency = holders - 1 if number == count - 1 else number % max(1, holders - 1)
        found.append(SourceShape(number, agency, tuple(per_table[first : first + size])))
        first += size
    return found


def _sizes(tables: int, count: int) -> list[int]:
    """Tables by source: one of a tenth, one of twenty, the others falling off as 1/rank."""
    if count < 3:
        return spread([1.0] * count, tables)
    smallest = max(1, min(SMALLEST, tables // (2 * count)))
    largest = max(1, int(tables * LARGEST))
    middle = spread([1 / (rank + 20) for rank in range(count - 2)], tables - smallest - largest)
    return [largest, *middle, smallest]


def spread(weights: Sequence[float], total: int) -> list[int]:
    """``total`` as whole numbers in proportion to ``weights``, each at least 1."""
    free, whole = total - len(weights), sum(weights)
    parts, carried = [], 0.0
    for weight in weights:
        carried += free * weight / whole
        parts.append(1 + int(carried))
        carried -= int(carried)
    parts[-1] += total - sum(parts)  # what rounding left
    return parts
