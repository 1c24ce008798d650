"""A bound column whose values move away raises the alarm; the same column with more, fewer or dirtier rows does not."""

from pathlib import Path
from typing import Any

import pytest

from genes.engine import drift
from genes.engine.values import CodeBook, Facts, facts
from standards import seeds
from tests.genes import made_values

BOOK = CodeBook(seeds.code_sets())
# Without their names nothing tells these apart: codes and numbers that share their digits, and free text.
ALIKE = ({"nation", "party", "schooling", "marriage", "plate_kind", "age"}, {"serial18", "number18"}, {"remark"})


def prints(folder: Path, rows: int, seed: int, **how: Any) -> dict[str, dict[str, Any]]:
    made = {kind: made_values.column(kind, rows, seed, **how) for kind in made_values.MAKERS}
    return {name: drift.fingerprint(profile, BOOK) for name, profile in made_values.profiles(folder, made).items()}


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return prints(tmp_path_factory.mktemp("bound"), 400, 1)


@pytest.mark.parametrize(
    ("rows", "how"), [(1_500, {}), (60, {}), (400, {"dirt": 0.05}), (400, {"nulls": 0.1})], ids=["more", "few", "dirty", "gaps"]
)  # fmt: skip
def test_the_same_column_read_again_raises_no_alarm(
    bound: dict[str, Any], tmp_path: Path, rows: int, how: dict[str, float]
) -> None:
    again = prints(tmp_path, rows, 2, **how)
    assert {kind: drift.compare(bound[kind], now).reasons for kind, now in again.items()
            if drift.compare(bound[kind], now).alarms} == {}  # fmt: skip


def test_a_column_that_holds_another_thing_raises_the_alarm(bound: dict[str, Any], tmp_path: Path) -> None:
    again = prints(tmp_path, 400, 3)
    pairs = [(kind, other) for kind in bound for other in again
             if kind != other and not any(kind in group and other in (group | {kind}) for group in ALIKE)]  # fmt: skip
    caught = [pair for pair in pairs if drift.compare(bound[pair[0]], again[pair[1]]).alarms]
    assert len(pairs) > 1_000
    assert len(caught) / len(pairs) >= 0.98


def test_the_gravest_reason_says_what_moved(bound: dict[str, Any], tmp_path: Path) -> None:
    made = {
        "citizen_id": made_values.column("mobile", 300, 4), "sex_name": made_values.column("marriage_name", 300, 4),
        "uscc": made_values.column("uscc", 300, 4, hide=True), "date8": made_values.column("date10", 300, 4),
        "person": [""] * 300, "email": made_values.column("email", 300, 4, nulls=0.9),
    }  # fmt: skip
    found = {
        name: drift.compare(bound[name], drift.fingerprint(profile, BOOK))
        for name, profile in made_values.profiles(tmp_path, made).items()
    }
    first = {name: (answer.reasons[0].key, answer.reasons[0].about) for name, answer in found.items()}
    assert all(answer.alarms for answer in found.values())
    assert first == {
        "citizen_id": ("test_lost", "citizen_id"), "sex_name": ("code_set_lost", "GB/T 2261.1"), "uscc": ("masked", ""),
        "date8": ("form", ""), "person": ("emptied", ""), "email": ("emptied", ""),
    }  # fmt: skip
    lost = found["citizen_id"].reasons[0]
    assert (lost.before, lost.after) == (1.0, 0.0)


def test_a_key_that_repeats_and_an_amount_of_another_size_are_seen(tmp_path: Path) -> None:
    once, often = (
        [str(place * 7 % 401 + 1_000) for place in range(400)],
        [str(place % 20 + 1_000) for place in range(400)],
    )
    cents, thousands = [f"{place}.50" for place in range(1, 400)], [f"{place * 1_000}.50" for place in range(1, 400)]
    made = {"once": once, "often": often, "cents": cents, "thousands": thousands}
    now = {name: drift.fingerprint(profile, BOOK) for name, profile in made_values.profiles(tmp_path, made).items()}
    assert [reason.key for reason in drift.compare(now["once"], now["often"]).reasons] == ["not_unique"]
    assert "magnitude" in [reason.key for reason in drift.compare(now["cents"], now["thousands"]).reasons]


def test_a_fingerprint_holds_no_value_and_an_old_one_still_compares(bound: dict[str, Any], tmp_path: Path) -> None:
    made = {"c": made_values.column("citizen_id", 50, 9)}
    now = drift.fingerprint(made_values.profiles(tmp_path, made)["c"], BOOK)
    assert not [value for value in made["c"] if value in repr(now)]
    assert drift.compare({"shares": {"citizen_id": 1.0}, "filled": 50}, now).distance == 0
    assert drift.compare({}, now) == drift.Drift(0.0)
    assert drift.compare(drift.fingerprint(None, BOOK), drift.fingerprint({"rows": 3, "nulls": 3}, BOOK)).reasons == ()


def test_what_is_stored_is_read_back_as_the_facts_it_came_from() -> None:
    profile = {
        "rows": 100, "nulls": 10, "distinct": 2, "top": [["男", 50], ["女", 40]], "length": {"min": 1, "max": 1, "mean": 1.0},
        "patterns": [["汉", 90]],
    }  # fmt: skip
    assert Facts.from_json(drift.fingerprint(profile, BOOK)) == Facts.from_json(facts(profile, BOOK).as_json())
