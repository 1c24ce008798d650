"""Reasons in words: a proposal always says why it was made."""

from genes.engine.values import Facts
from genes.reasons import evidence_of


def test_slight_reasons_are_left_out_beside_a_strong_one() -> None:
    told = evidence_of({"zh_exact": 2.0, "type_length": 0.04, "type_time": -0.05}, Facts())
    assert [item.kind for item in told] == ["comment"]


def test_of_slight_reasons_alone_the_strongest_is_told() -> None:
    told = evidence_of({"py_last": 0.03, "type_bad": -0.07, "zh_inside": 0.02, "told_apart": 3.0}, Facts())
    assert [(item.kind, item.tone, item.text) for item in told] == [("type", "bad", "数据类型不符")]


def test_where_nothing_can_be_told_nothing_is() -> None:
    assert evidence_of({"told_apart": 3.0}, Facts()) == []
