"""Where genes stand on the map: subject domains as discs side by side, genes in them on a sunflower's spiral.

The same input gives the same places. A gene that stands is never moved: what comes later takes the next free seat of its
domain, and a domain that outgrows its disc goes round what is there.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
STEP = 16.0  # between neighbours
ASPECT = 1.5  # the map is wider than high
ROOM = 1.25  # of a new disc, for those who come later
LEAST_SEATS = 16
GAP = 26.0  # between discs, for their names
_GOLDEN = math.pi * (3 - math.sqrt(5))
_CLOSE = 0.72 * STEP  # nearer than this two genes are in each other's way


def areas(counts: Mapping[str, int], standing: Mapping[str, tuple[Point, float]] | None = None) -> dict[str, Point]:
    """The middle of each domain that is not in ``standing`` (middle and radius): the largest first, as near to the centre as fits."""
    placed = list((standing or {}).values())
    found: dict[str, Point] = {}
    for domain in sorted(counts, key=lambda name: (-counts[name], name)):
        radius = STEP * math.sqrt(max(LEAST_SEATS, counts[domain]) * ROOM)
        middle = _free(radius, placed)
        placed.append((middle, radius))
        found[domain] = middle
    return found


def _free(radius: float, placed: Sequence[tuple[Point, float]]) -> Point:
    """Touching one of the discs, overlapping none, nearest to the centre with the width counted for less."""
    if not placed:
        return 0.0, 0.0
    options = []
    for (x, y), other in placed:
        reach = other + radius + GAP
        for step in range(96):
            angle = step * math.tau / 96
            options.append((round(x + reach * math.cos(angle), 2), round(y + reach * math.sin(angle), 2)))
    fit = [
        (x, y) for x, y in options
        if all(math.hypot(x - a, y - b) >= radius + other + GAP - 0.1 for (a, b), other in placed)
    ]  # fmt: skip
    return min(fit, key=lambda point: (round(math.hypot(point[0] / ASPECT, point[1]), 3), point))


def seats(middle: Point, count: int) -> list[Point]:
    """The first ``count`` seats round a middle, from the inside out, each a little off the spiral."""
    found = []
    for number in range(count):
        radius, angle = STEP * math.sqrt(number), number * _GOLDEN
        off = 0.22 * STEP * math.sin(number * 12.9898), 0.22 * STEP * math.sin(number * 78.233)
        if not number:
            off = 0.0, 0.0
        found.append(
            (
                round(middle[0] + radius * math.cos(angle) + off[0], 2),
                round(middle[1] + radius * math.sin(angle) + off[1], 2),
            )
        )
    return found


def first(middle: Point, keys: Sequence[str]) -> dict[str, Point]:
    """Places for the genes of a domain, the leading ones first: these stand apart, so that their names can be read."""
    order = _spread(len(keys))
    taken = seats(middle, len(keys))
    return {key: taken[seat] for key, seat in zip(keys, order, strict=True)}


def _spread(count: int) -> list[int]:
    """Seats in the order in which they are given: the middle, six on an inner ring, five on an outer one, then the rest."""
    leading = [0, *(int(count * 0.28) + step for step in range(6)), *(int(count * 0.66) + step for step in range(5))]
    chosen = list(dict.fromkeys(seat for seat in leading if seat < count))
    return chosen + sorted(set(range(count)) - set(chosen))


def more(middle: Point, keys: Iterable[str], taken: npt.NDArray[np.float64]) -> dict[str, Point]:
    """Free seats for further genes of a domain; ``taken`` are the places of all genes of the map, (n, 2)."""
    wanted, found, number = list(keys), {}, 0
    held = np.array(taken, float).reshape(-1, 2)
    while wanted:
        for seat in seats(middle, number + 256)[number:]:
            if not wanted:
                break
            if not len(held) or float(np.min(np.hypot(held[:, 0] - seat[0], held[:, 1] - seat[1]))) >= _CLOSE:
                found[wanted.pop(0)] = seat
                held = np.vstack([held, seat])
        number += 256
    return found
