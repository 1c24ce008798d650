"""`PRED.csv`: the columns of a match grouped by their element, and indexed by the values that are made up for them, seeded.

Each column holds a part (0.15 to 1) of one of its element's domains, or of one of the 125,000 that belong to none; the popular
ones are in many columns. Sketches hold 64 hashes, every tenth 256. Prints the columns, the groups, the families and the postings.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genes.engine import rank
from genes.engine.sketches import Index, Values

OTHERS = 125_000  # domains of columns without an element
LARGEST = 4_096  # values of a domain that a sketch may draw from


def main(predictions: Path) -> None:
    columns = list(_elements(predictions))
    groups: dict[str, list[int]] = {}
    for number, element in enumerate(columns):
        if element:
            groups.setdefault(element, []).append(number)
    index = Index(_sketches(columns))
    families = index.families()
    print(len(columns), len(groups), len(families), len(index.hashes))


def _elements(predictions: Path) -> Iterator[str]:
    """The element of each column that is taken unseen, "" for the rest; rows of rank 1 only, in the order of the file."""
    with predictions.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["rank"] == "1":
                zone = rank.zone_of(row["element_id"], float(row["confidence"]))
                yield row["element_id"] if zone == "auto" else ""


def _sketches(columns: list[str]) -> Iterator[Values]:
    rng = np.random.default_rng(20260101)
    popular = (rng.zipf(1.3, len(columns)) - 1) % OTHERS
    shares = rng.uniform(0.15, 1.0, len(columns))
    numbers = {element: OTHERS + place for place, element in enumerate(sorted(set(columns)))}
    domains = np.array(
        [numbers[element] if element else domain for element, domain in zip(columns, popular, strict=True)]
    )
    order = np.argsort(domains, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(domains[order])) + 1):
        domain = int(domains[part[0]])
        hashes = _domain(domain)
        for column in part:
            yield _one(int(column), hashes, shares[column], domain)


def _domain(number: int) -> npt.NDArray[np.uint64]:
    rng = np.random.default_rng(number)
    size = min(LARGEST, int(5 * 2 ** rng.uniform(2, 12)))
    return np.sort(rng.integers(0, 1 << 63, size, dtype=np.uint64))


def _one(column: int, hashes: npt.NDArray[np.uint64], share: float, domain: int) -> Values:
    k = 256 if column % 10 == 0 else 64
    taken = hashes[np.random.default_rng(column).random(len(hashes)) < share]
    return Values(column, taken[:k].copy(), k, len(taken), len(taken) * (1 + column % 3), str(domain >= OTHERS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
