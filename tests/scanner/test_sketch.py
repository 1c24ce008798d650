"""Sketches: the hash is SipHash under a key, estimates hold their error, containment is found."""

import random

import numpy as np
import pytest

from scanner.model import ValueClass
from scanner.reading import read_table
from scanner.sketch import K, Sketcher, containment, distinct_estimate, fingerprints, keyed
from scanner.values.chunk import chunk_of
from tests.scanner.nasty_values import TEXTS
from tests.scanner.rows import RowsConnector, table_of

KEY = b"a key of sixteen"


def sketch(texts: list[str], key: bytes = KEY) -> dict[str, object]:
    sketcher = Sketcher(key)
    for start in range(0, len(texts), 1000):
        sketcher.add(chunk_of(texts[start : start + 1000]))
    return sketcher.as_json()


def test_the_hash_is_siphash_2_4() -> None:
    """Reference vector of the authors for the message 00 01 … 07 under the key 00 01 … 0f."""
    message = np.array([0x0706050403020100], np.uint64)
    assert keyed(message, bytes(range(16))).tolist() == [0x93F5F5799A932462]


def test_a_value_hashes_alike_wherever_it_stands() -> None:
    alone = [int(fingerprints(chunk_of([text]))[0]) for text in TEXTS]
    assert fingerprints(chunk_of(list(TEXTS))).tolist() == alone
    assert len(set(alone)) == len(set(TEXTS))


def test_another_key_gives_another_sketch() -> None:
    first, second = sketch(["a", "b"]), sketch(["a", "b"], b"another key of more bytes")
    assert first["key_id"] != second["key_id"]
    assert first["hashes"] != second["hashes"]
    with pytest.raises(ValueError, match="different keys"):
        containment(first, second)
    with pytest.raises(ValueError, match="16 bytes"):
        Sketcher(b"short")


def test_few_values_are_counted_exactly() -> None:
    assert distinct_estimate(sketch([])) == 0
    assert distinct_estimate(sketch(["a", "b", "a"])) == 2
    assert containment(sketch([]), sketch(["a"])) is None
    assert containment(sketch(["a", "b"]), sketch(["b", "c"])) == 0.5


def test_many_values_are_estimated_within_four_standard_errors() -> None:
    count = 60_000
    whole = sketch([str(number) for number in range(count)])
    assert len(whole["hashes"]) == K  # type: ignore[arg-type]
    assert abs(distinct_estimate(whole) / count - 1) < 4 / K**0.5
    part = sketch([str(number) for number in range(count // 2, count * 2)])
    share = containment(part, whole)
    assert share is not None
    assert abs(share - 1 / 3) < 0.07


def test_the_order_and_the_classes_of_values_do_not_matter() -> None:
    numbers = [str(number) for number in range(500)]
    shuffled = random.Random(1).sample(numbers, len(numbers))
    table = table_of("t", {"x": ValueClass.INTEGER, "y": ValueClass.TEXT, "z": ValueClass.DECIMAL})
    rows = [{"x": a, "y": b, "z": a} for a, b in zip(numbers, shuffled, strict=True)]
    reading = read_table(RowsConnector({"t": (table, rows)}), table, sketch_key=KEY)
    assert [column.sketch for column in reading.columns] == [sketch(numbers)] * 3
