"""Reasons in words: a proposal always says why it was made."""

from genes.engine import rank
from genes.engine.values import Facts
from genes.reasons import _SPOKEN, evidence_of

OF_NONE = [
    "bias",
    "flag",
    "sentence",
    "foreign_",
    "name_",
    "nothing",
    "bare",
    "composed",
    "zh_absorbed",
    "en_absorbed",
    "py_absorbed",
]


def test_slight_reasons_are_left_out_beside_a_strong_one() -> None:
    told = evidence_of({"zh_exact": 2.0, "type_length": 0.04, "type_time": -0.05}, Facts())
    assert [item.kind for item in told] == ["comment"]


def test_of_slight_reasons_alone_the_strongest_is_told() -> None:
    told = evidence_of({"py_last": 0.03, "type_bad": -0.07, "zh_inside": 0.02, "told_apart": 3.0}, Facts())
    assert [(item.kind, item.tone, item.text) for item in told] == [("type", "bad", "数据类型不符")]


def test_where_nothing_can_be_told_nothing_is() -> None:
    assert evidence_of({"told_apart": 3.0}, Facts()) == []


def test_every_reason_that_an_element_may_have_has_words() -> None:
    names = {name.removeprefix("only_") for name in rank.load()["weights"]}
    kinds = {name for name in names if name.startswith("noun_")} - {"noun_same", "noun_other"}
    assert {name for name in names - kinds if not name.startswith(tuple(OF_NONE))} - set(_SPOKEN) == set()
