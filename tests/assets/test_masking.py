"""Masking: what is personal, what stays of a value, and that it is done once and for all."""

import pytest

from assets.choices import PersonalKind
from assets.masking import mask_profile, mask_value, mask_values, personal_kind


@pytest.mark.parametrize(
    ("name", "comment", "kind"),
    [
        ("SFZH", "", "citizen_id"), ("gmsfhm", "", "citizen_id"), ("f1", "公民身份号码", "citizen_id"),
        ("LXDH", "", "mobile"), ("XM", "", "name"), ("c", "法定代表人姓名", "name"), ("CSRQ", "", "birth_date"),
        ("jtzz", "", "address"), ("yhkh", "", "bank_card"), ("email", "", "email"),
        ("zjlx", "证件类型代码", ""), ("title", "标题", ""), ("amount", "", ""), ("xmbh", "项目编号", ""),
    ],
)  # fmt: skip
def test_names_and_comments_speak(name: str, comment: str, kind: str) -> None:
    assert personal_kind(name, comment) == kind


def test_evidence_outweighs_the_name() -> None:
    assert personal_kind("remark", "备注", {"citizen_id": 0.95}) == PersonalKind.CITIZEN_ID
    assert personal_kind("num", "", {"luhn": 0.1}) == ""
    assert personal_kind("num", "", {"luhn": 0.98}) == PersonalKind.BANK_CARD
    assert personal_kind("note", "", {"mobile": 0.05}) == ""


@pytest.mark.parametrize(
    ("value", "kind", "masked"),
    [
        ("11010519491231002X", "citizen_id", "110*************2X"), ("13800138000", "mobile", "138******00"),
        ("王晓岚", "name", "王**"), ("李敏", "name", "李*"), ("李", "name", "*"),
        ("wang.xl@example.gov.cn", "email", "w******@example.gov.cn"), ("1949-12-31", "birth_date", "1949******"),
        ("滨海市高新区科技路88号2幢301室", "address", "滨海市高新区************"),
        ("办事一科", "", "办事一科"), (42, "", 42), (None, "name", None), (True, "name", True),
        ("13800138000", "", "138******00"), (13800138000, "", "138******00"), ("6222021234567890128", "", "6222*************28"),
    ],
)  # fmt: skip
def test_what_stays_of_a_value(value: object, kind: str, masked: object) -> None:
    assert mask_value(value, kind) == masked
    assert mask_value(mask_value(value, kind), kind) == masked


def test_a_policy_decides() -> None:
    values = ["13800138000", None]
    assert mask_values(values, "mobile", "masked") == ["138******00", None]
    assert mask_values(values, "mobile", "open") == values
    assert mask_values(values, "mobile", "hidden") == ["＊", None]


def test_a_personal_column_has_no_quantiles_and_its_top_is_added_up() -> None:
    measures = {
        "min": "王一", "max": "赵六", "mean": None, "quantiles": None, "histogram": {"edges": [], "counts": []},
        "top": [["王一", 3], ["王二", 2], ["赵六", 1]],
    }  # fmt: skip
    shown = mask_profile(measures, "name", "masked")
    assert shown["top"] == [["王*", 5], ["赵*", 1]]
    assert (shown["min"], shown["histogram"]) == ("王*", None)


def test_true_and_one_are_not_added_up() -> None:
    assert mask_profile({"top": [[True, 2], [1, 1]]}, "", "masked")["top"] == [[True, 2], [1, 1]]
