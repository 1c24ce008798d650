"""Columns compared by their values: bottom-k sketches in one sorted inverted index.

A sketch holds the k least keyed 64-bit hashes of a column's distinct values; fewer than k are all there are. Memory is
12 bytes a posting; no pair of columns is ever enumerated that shares nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Hashes = npt.NDArray[np.uint64]
LEAST_DISTINCT = 20  # below it small codes of different things look alike
NEIGHBOURS = 3  # links of a column in each posting list: edges stay linear, union-find finds the component
LEAST_SHARED = 4  # hashes that make two columns neighbours
LEAST_SAMPLE = 12  # hashes of the smaller column that an estimate needs
LEAST_WHOLE = 4  # of which the target holds every one
LEAST = 0.85  # containment that makes a join


@dataclass(frozen=True)
class Values:
    """What is known of the values of one column. ``group`` keeps apart what must not be compared: element or pattern class."""

    column: Any
    hashes: Hashes  # ascending
    k: int
    distinct: int
    rows: int  # not null
    group: str = ""
    sequential: bool = False  # running numbers contain each other and mean nothing

    @property
    def limit(self) -> int:
        """The hash up to which the sketch knows every value."""
        return int(self.hashes[-1]) if len(self.hashes) >= self.k else (1 << 64) - 1

    @property
    def usable(self) -> bool:
        return self.distinct >= LEAST_DISTINCT and not self.sequential and len(self.hashes) > 0


@dataclass(frozen=True)
class Containment:
    """``share`` of the column's distinct values that lie in the target, with its standard error."""

    column: Any
    target: Any
    share: float
    error: float
    key_share: float  # distinct values over rows of the target: 1 is a key


class Index:
    """The postings of all usable columns, sorted by hash; answers are in the order in which columns were given."""

    def __init__(self, columns: Iterable[Values]) -> None:
        self.columns: Sequence[Values] = [values for values in columns if values.usable]
        sizes = [len(values.hashes) for values in self.columns]
        hashes = np.concatenate([values.hashes for values in self.columns]) if sizes else np.zeros(0, np.uint64)
        owners = np.repeat(np.arange(len(self.columns), dtype=np.int32), sizes)
        order = np.argsort(hashes, kind="stable")
        self.hashes, self.owners = hashes[order], owners[order]
        names = {name: number for number, name in enumerate(sorted({values.group for values in self.columns}))}
        self.groups = np.array([names[values.group] for values in self.columns], np.int32)

    def families(self) -> list[list[Any]]:
        """Columns of one group that share values, directly or through others (同源); only those with company."""
        count = len(self.columns)
        if count < 2:
            return []
        found = []
        for step in range(1, NEIGHBOURS + 1):
            left, right = self.owners[:-step], self.owners[step:]
            same = (self.hashes[:-step] == self.hashes[step:]) & (self.groups[left] == self.groups[right])
            low, high = np.minimum(left[same], right[same]), np.maximum(left[same], right[same])
            found.append(np.unique(low.astype(np.int64) * count + high, return_counts=True))
        # Counted step by step: pairs recur, and those of all steps at once would be the largest thing in memory.
        pairs, places = np.unique(np.concatenate([step_pairs for step_pairs, _counts in found]), return_inverse=True)
        shared = np.bincount(places, np.concatenate([counts for _pairs, counts in found]), len(pairs))
        pairs = pairs[shared >= self._needed(pairs, count)]
        graph = coo_matrix((np.ones(len(pairs), np.int8), (pairs // count, pairs % count)), (count, count))
        _number, labels = connected_components(graph, directed=False)
        order = np.argsort(labels, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
        return sorted(
            ([self.columns[place].column for place in part] for part in parts if len(part) > 1), key=len, reverse=True
        )

    def _needed(self, pairs: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
        """Small columns cannot share many hashes: a fifth of the smaller one, at most LEAST_SHARED, is enough."""
        sizes = np.array([len(values.hashes) for values in self.columns])
        smaller = np.minimum(sizes[pairs // count], sizes[pairs % count])
        return np.asarray(np.clip(smaller // 5, 2, LEAST_SHARED))

    def containing(self, values: Values, least: float = LEAST) -> list[Containment]:
        """The columns of the same group that hold at least `least` of the values, likeliest join first."""
        same = (
            (target, common)
            for place, common in sharing(values, self.hashes, self.owners)
            if (target := self.columns[place]).group == values.group
        )
        return likeliest(values, same, least)


def sharing(values: Values, hashes: Hashes, owners: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """(owner, how many hashes it shares) of everything in the sorted postings that shares one with the values."""
    if not values.usable or not len(hashes):
        return
    begin = np.searchsorted(hashes, values.hashes, "left")
    end = np.searchsorted(hashes, values.hashes, "right")
    hits = [owners[first:last] for first, last in zip(begin, end, strict=True) if last > first]
    if hits:
        places, shared = np.unique(np.concatenate(hits), return_counts=True)
        yield from zip(places.tolist(), shared.tolist(), strict=True)


def likeliest(values: Values, targets: Iterable[tuple[Values, int]], least: float) -> list[Containment]:
    """Of targets with what they share: those that hold at least `least` of the values, likeliest join first; itself left out."""
    found = (_judged(values, target, common) for target, common in targets)
    fit = [item for item in found if item is not None and item.share >= least]
    return sorted(fit, key=lambda item: (-item.share * (0.5 + item.key_share / 2), str(item.target)))


def key_share(values: Values) -> float:
    """Distinct values over rows: 1 is a key."""
    return values.distinct / values.rows if values.rows else 0.0


def _judged(values: Values, target: Values, common: int) -> Containment | None:
    """The share below the bound of the target's sketch, where it knows every value; None when that is too few to say."""
    asked = int(np.searchsorted(values.hashes, np.uint64(target.limit), "right"))
    # In a target far larger than the column its sketch knows few of the values; when all of those are there, fewer suffice.
    needed = LEAST_WHOLE if common == asked else LEAST_SAMPLE
    if target.column == values.column or asked < min(needed, len(values.hashes)):
        return None
    share = min(1.0, common / asked)
    if target.distinct < 0.8 * share * values.distinct:
        return None
    error = float(np.sqrt(max(share * (1 - share), 0.25 / asked) / asked)) if asked < values.distinct else 0.0
    return Containment(values.column, target.column, share, error, min(1.0, key_share(target)))
