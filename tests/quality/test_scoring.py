"""The arithmetic of the score, number by number."""

from decimal import Decimal

from quality.scoring import Checked, mean, score


def checked(
    kind: str = "not_null", dimension: str = "02", weight: int = 1, evaluated: int = 10, failed: int = 0
) -> Checked:
    return Checked(kind, dimension, weight, evaluated, failed)


def test_rule_scores_the_share_of_rows_that_keep_it() -> None:
    assert checked(evaluated=200, failed=3).score == Decimal("98.5")


def test_rule_with_nothing_to_evaluate_has_no_score() -> None:
    assert checked(evaluated=0).score is None


def test_rule_that_could_not_be_run_scores_nothing() -> None:
    assert Checked("unique", "03", 1, 0, 0, error=True).score == 0


def test_table_level_rule_scores_all_or_nothing_even_of_an_empty_table() -> None:
    assert checked("row_count", evaluated=0, failed=1).score == 0
    assert checked("row_count", evaluated=0, failed=0).score == 100
    assert checked("freshness", evaluated=9_000, failed=1).score == 0


def test_dimension_weighs_its_rules_and_total_weighs_dimensions_alike() -> None:
    total = score(
        [
            checked(dimension="02", weight=3, evaluated=100, failed=10),  # 90
            checked(dimension="02", weight=1, evaluated=100, failed=50),  # 50
            checked("checksum", dimension="03", evaluated=4, failed=1),  # 75
        ]
    )
    assert [(d.dimension, d.score, d.rules, d.weight, d.evaluated, d.failed) for d in total.dimensions] == [
        ("02", Decimal("80.00"), 2, 4, 200, 60),
        ("03", Decimal("75.00"), 1, 1, 4, 1),
    ]
    assert (total.total, total.rules, total.skipped) == (Decimal("77.50"), 3, 0)


def test_unevaluated_rule_does_not_lift_the_score() -> None:
    total = score([checked(evaluated=100, failed=50), checked(evaluated=0), checked(dimension="05", evaluated=0)])
    assert (total.total, total.skipped) == (Decimal("50.00"), 2)
    assert [item.dimension for item in total.dimensions] == ["02"]


def test_no_rules_give_no_score() -> None:
    assert (score([]).total, score([]).dimensions) == (None, ())


def test_halves_are_rounded_up() -> None:
    assert mean([Decimal("99.99"), Decimal("100.00")]) == Decimal("100.00")
    assert mean([Decimal("0.00"), Decimal("0.01")]) == Decimal("0.01")
    assert mean([]) is None
