"""Joins: which columns lie in which keys. Targets are keys only, and each list of postings is cut to its best keys.

So no pair of columns is enumerated that shares nothing, and a value that thousands of tables hold costs no more than one
that sixty hold: work grows with the number of columns.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from genes.engine.sketches import LEAST, LEAST_SAMPLE, Containment, Values, key_share, likeliest, sharing

KEY = 0.9  # distinct values over rows, from which a column can be looked up in
DEEPEST = 64  # targets in one list of postings, best first


class Keys:
    """The postings of all keys. A better key comes first: more unique, then with more values, then by its name."""

    def __init__(self, columns: Iterable[Values]) -> None:
        keys = [values for values in columns if values.usable and key_share(values) >= KEY]
        self.keys: Sequence[Values] = sorted(
            keys, key=lambda one: (-round(key_share(one), 3), -one.distinct, str(one.column))
        )
        sizes = [len(values.hashes) for values in self.keys]
        hashes = np.concatenate([values.hashes for values in self.keys]) if sizes else np.zeros(0, np.uint64)
        owners = np.repeat(np.arange(len(self.keys), dtype=np.int32), sizes)
        order = np.lexsort((owners, hashes))
        hashes, owners = hashes[order], owners[order]
        kept = np.ones(len(hashes), bool)
        kept[DEEPEST:] = hashes[DEEPEST:] != hashes[:-DEEPEST]
        self.hashes, self.owners = hashes[kept], owners[kept]

    def holding(self, values: Values, least: float = LEAST) -> list[Containment]:
        """The keys that hold at least ``least`` of the values, the surest first; itself left out."""
        shared = sharing(values, self.hashes, self.owners)
        return likeliest(values, ((self.keys[place], common) for place, common in shared), least)


def share_in(values: Values, target: Values) -> float | None:
    """The share of the values that lie in the target; None when the sketches cannot say."""
    asked = values.hashes[: int(np.searchsorted(values.hashes, np.uint64(target.limit), "right"))]
    if values.group != target.group or len(asked) < min(LEAST_SAMPLE, len(values.hashes)) or not len(asked):
        return None
    return float(np.isin(asked, target.hashes, assume_unique=True).mean())


def name_likeness(left: str, right: str) -> float:
    """0…1: pairs of neighbouring characters that two names share (Dice); the same name is 1."""
    mine, others = (
        {text[at : at + 2] for at in range(max(1, len(text) - 1))} for text in (left.lower(), right.lower())
    )
    return 2 * len(mine & others) / (len(mine) + len(others)) if left and right else 0.0
