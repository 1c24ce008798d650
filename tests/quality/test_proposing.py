"""Which rules a profile speaks for, and which it does not."""

from typing import Any

import pytest

from quality.proposing import MOBILE, Constraint, propose
from scanner.model import ColumnProfile, ValueClass


def profile(**changes: Any) -> ColumnProfile:
    """A text column of free words, for which nothing but not_null speaks."""
    facts: dict[str, Any] = {
        "name": "c", "type": "varchar(200)", "value_class": ValueClass.TEXT, "rows": 1_000, "nulls": 400, "blanks": 0,
        "distinct": 500, "exact": True, "unique": 400, "length": {"min": 2, "max": 60, "mean": 20.0},
        "patterns": [("汉{4}", 30), ("汉{5}", 28)], "top": [("无", 20)],
    }  # fmt: skip
    return ColumnProfile(**{**facts, **changes})


def kinds(item: ColumnProfile, constraint: Constraint | None = None) -> dict[str, dict[str, Any]]:
    return {p.kind: p.parameters for p in propose([item], {"c": constraint} if constraint else {})}


def test_free_text_with_gaps_gets_no_proposal() -> None:
    assert kinds(profile()) == {}


def test_few_nulls_speak_for_not_null() -> None:
    assert kinds(profile(nulls=10)) == {"not_null": {}}
    assert kinds(profile(nulls=11)) == {}


def test_what_the_source_enforces_is_not_proposed() -> None:
    key = profile(nulls=0, distinct=1_000, identifiers={"citizen_id": 1.0})
    assert kinds(key, Constraint(nullable=False, unique=True)) == {"checksum": {"scheme": "citizen_id"}}


@pytest.mark.parametrize("scheme", ["citizen_id", "uscc", "org_code", "luhn"])
def test_identifiers_speak_for_their_checksum_from_nine_in_ten(scheme: str) -> None:
    assert kinds(profile(identifiers={scheme: 0.9})) == {"checksum": {"scheme": scheme}}
    assert kinds(profile(identifiers={scheme: 0.89})) == {}


def test_mobile_numbers_speak_for_their_pattern_and_not_for_their_length() -> None:
    column = profile(
        identifiers={"mobile": 0.97}, length={"min": 11, "max": 11, "mean": 11.0}, patterns=[("9{11}", 600)]
    )
    assert kinds(column) == {"matches": {"pattern": MOBILE}}


def test_nearly_unique_identifier_is_a_key_with_faults() -> None:
    column = profile(distinct=595, identifiers={"uscc": 0.99})
    assert kinds(column) == {"checksum": {"scheme": "uscc"}, "unique": {}}


def test_nearly_unique_integer_with_repeats_is_an_amount_not_a_key() -> None:
    column = profile(value_class=ValueClass.INTEGER, distinct=598, patterns=[("9{5}", 600)])
    assert kinds(column) == {}
    assert kinds(profile(value_class=ValueClass.INTEGER, distinct=600)) == {"unique": {}}


def test_estimated_distinct_count_proves_no_key() -> None:
    assert kinds(profile(distinct=600, exact=False, identifiers={"uscc": 1.0})) == {"checksum": {"scheme": "uscc"}}


def test_dates_kept_as_text_speak_for_their_format() -> None:
    detected = {"type": "date", "format": "YYYYMMDD", "share": 0.98}
    assert kinds(profile(detected=detected, distinct=12)) == {"date_format": {"format": "YYYYMMDD"}}
    assert kinds(profile(detected={**detected, "share": 0.6})) == {}


def test_mixed_date_formats_are_proposed_for_what_they_are() -> None:
    formats = [["YYYY-MM-DD", 0.4], ["YYYYMMDD", 0.35], ["YYYY/MM/DD", 0.24]]
    mixed = profile(detected={"type": "date", "format": "YYYY-MM-DD", "share": 0.99, "formats": formats})
    (proposal,) = propose([mixed], {})
    assert (proposal.kind, proposal.parameters, proposal.evidence) == (
        "date_format",
        {"format": "YYYY-MM-DD"},
        "mixed_dates",
    )
    assert proposal.facts == {"formats": "YYYY-MM-DD 40.0%、YYYYMMDD 35.0%、YYYY/MM/DD 24.0%"}


def test_remarks_that_are_often_blank_are_no_code_list() -> None:
    column = profile(
        distinct=3, blanks=30, top=[("已核对", 300), ("见附件", 270), (" ", 30)], patterns=[("汉{3}", 570)]
    )
    assert kinds(column) == {}


def test_code_list_leaves_out_its_rare_values() -> None:
    top = [("1", 300), ("2", 297), ("9", 3), ("未", 1)]
    column = profile(distinct=4, top=top, nulls=399, length={"min": 1, "max": 1, "mean": 1.0}, patterns=[("9", 600)])
    assert kinds(column) == {"in_set": {"values": ["1", "2"]}}


def test_codes_of_one_length_but_many_values_speak_for_the_length() -> None:
    column = profile(length={"min": 9, "max": 9, "mean": 9.0}, patterns=[("A{2}9{7}", 400)])
    assert kinds(column) == {"length_between": {"min": 9, "max": 9}}


def test_rare_negatives_speak_for_a_floor() -> None:
    numbers = {"value_class": ValueClass.DECIMAL, "patterns": (), "min": -3, "quantiles": {"0.01": 2, "0.99": 9}}
    assert kinds(profile(**numbers)) == {"between": {"min": 0}}
    assert kinds(profile(**{**numbers, "quantiles": {"0.01": -1, "0.99": 9}})) == {}
    assert kinds(profile(**{**numbers, "min": 0})) == {}


def test_a_handful_of_values_proves_nothing() -> None:
    assert kinds(profile(rows=29, nulls=0, identifiers={"citizen_id": 1.0})) == {}
