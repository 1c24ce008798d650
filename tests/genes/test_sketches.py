"""Families and joins found from sketches agree with the sets they stand for."""

import numpy as np

from genes.engine.joins import Keys
from genes.engine.sketches import Index, Values

K = 1024


def hashed(numbers: np.ndarray) -> np.ndarray:
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return np.sort(mixed * np.uint64(0xBF58476D1CE4E5B9))


def column(name: str, numbers: np.ndarray, group: str = "an18", **more: bool) -> Values:
    return Values(name, hashed(numbers)[:K], K, len(numbers), 2 * len(numbers), group, **more)


def test_columns_that_share_their_values_are_a_family() -> None:
    rng = np.random.default_rng(3)
    people, firms = np.arange(50_000), np.arange(1_000_000, 1_030_000)
    columns = [column(f"p{place}", rng.choice(people, 9_000, replace=False)) for place in range(4)]
    columns += [column(f"f{place}", rng.choice(firms, 7_000, replace=False)) for place in range(3)]
    columns += [
        column("alone", np.arange(9_000_000, 9_004_000)),
        column("few", np.arange(5)),
        column("serial", people, sequential=True),
    ]
    found = [sorted(family) for family in Index(columns).families()]
    assert found == [["p0", "p1", "p2", "p3"], ["f0", "f1", "f2"]]


def test_containment_is_estimated_and_ranked_by_key() -> None:
    rng = np.random.default_rng(5)
    people = np.arange(60_000)
    part = rng.choice(people, 3_000, replace=False)
    half = np.concatenate([part[:1_500], np.arange(2_000_000, 2_001_500)])
    key, copy = Values("key", hashed(people)[:K], K, 60_000, 60_000, "an18"), column("copy", people)
    index = Index([key, copy, column("part", part), column("half", half), column("other kind", people, group="n8")])
    found = index.containing(column("part", part))
    assert [item.target for item in found] == ["key", "copy"]
    assert all(abs(item.share - 1) < 0.1 for item in found)
    assert index.containing(column("half", half)) == []
    halves = {item.target: item.share for item in index.containing(column("half", half), least=0.3)}
    assert abs(halves["key"] - 0.5) < 0.15


def test_small_columns_and_running_numbers_are_left_out() -> None:
    index = Index([column("few", np.arange(19)), column("serial", np.arange(500), sequential=True)])
    assert (list(index.columns), index.families(), index.containing(column("few", np.arange(19)))) == ([], [], [])


def test_a_small_column_is_found_in_a_key_two_hundred_times_as_large() -> None:
    rng = np.random.default_rng(11)
    keys = [
        Values(f"key{place}", hashed(np.arange(60_000) + place * 10**6)[:K], K, 60_000, 60_000, "an18")
        for place in range(5)
    ]
    within = [column(f"in{place}", rng.choice(60_000, 300, replace=False) + place % 5 * 10**6) for place in range(60)]
    apart = [column(f"out{place}", np.arange(300) + 10**9 + place * 1_000) for place in range(60)]
    index = Keys(keys)
    found = [[item.target for item in index.holding(one)] for one in within]
    assert sum(targets == [f"key{place % 5}"] for place, targets in enumerate(found)) >= 0.7 * len(found)
    assert not any(target != f"key{place % 5}" for place, targets in enumerate(found) for target in targets)
    assert [index.holding(one) for one in apart] == [[] for _one in apart]
