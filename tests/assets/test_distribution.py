"""The distribution cell: its caption is true of what it draws, and what is masked draws no values."""

from typing import Any

import pytest

from assets.views.common import distribution


def profile(**measures: Any) -> dict[str, Any]:
    """A column of 100 rows with 40 different values and nothing to tell of them, unless told otherwise."""
    plain: dict[str, Any] = {
        "rows": 100, "nulls": 0, "distinct": 40, "top": [], "patterns": [], "histogram": None, "length": None,
        "min": None, "max": None, "masked": "", "policy": "masked",
    }  # fmt: skip
    return {**plain, **measures}


@pytest.mark.parametrize(
    ("measures", "kind", "caption"),
    [
        ({"rows": 0, "distinct": 0}, "none", "没有数据"),
        ({"nulls": 100, "distinct": 0}, "none", "全部为空"),
        ({"distinct": 2, "top": [["男", 51], ["女", 49]]}, "stack", "男 占 51.0%"),
        ({"distinct": 2, "top": [["", 60], ["x", 40]]}, "stack", "空字符串 占 60.0%"),
        ({"distinct": 100}, "hist", "均匀，无重复"),
        ({"histogram": {"of": "value", "counts": [3, 9, 1]}, "min": 1928, "max": 2026}, "hist", "1928 至 2026"),
        (
            {"histogram": {"of": "length", "counts": [50, 50]}, "length": {"min": 12, "max": 61}},
            "hist",
            "长度 12 至 61 字",
        ),
        ({"top": [["a", 30], ["b", 10]]}, "hist", "前 2 个占 40.0%"),
        ({"top": [["1*", 30]], "masked": "mobile", "patterns": [["9{11}", 94]]}, "stack", "格式 9{11} 占 94.0%"),
        ({"top": [["19*", 30]], "masked": "birth_date"}, "hist", "取值不展示"),
        ({"policy": "hidden"}, "hist", "取值不展示"),
    ],
)
def test_the_caption_is_true_of_the_picture(measures: dict[str, Any], kind: str, caption: str) -> None:
    drawn = distribution(profile(**measures))
    assert (drawn["kind"], drawn["caption"]) == (kind, caption)


def test_a_column_that_was_never_profiled_says_so() -> None:
    assert distribution(None) == {"kind": "none", "caption": "未剖析"}


def test_the_parts_of_a_bar_add_up_to_the_values_that_are_there() -> None:
    top = [[f"v{number}", 11] for number in range(8)]
    assert sum(part for _name, part in distribution(profile(distinct=8, nulls=12, top=top))["parts"]) == 88
    forms = distribution(profile(masked="name", patterns=[["汉{3}", 60], ["汉{2}", 30]]))["parts"]
    assert sum(part for _name, part in forms) == 100
