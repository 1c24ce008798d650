"""分类分级: element and values propose a level with the reason; identity joined with health or money raises it."""

from typing import Any

import pytest

from genes.engine.sensitivity import Described, grade_column, grade_table, level_number
from genes.engine.values import CodeBook, Facts, facts
from standards import seeds
from tests.genes import made_values

BOOK = CodeBook(seeds.code_sets())


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Facts]:
    made = {kind: made_values.column(kind, 300, 1, dirt=0.05) for kind in made_values.MAKERS}
    made["masked"] = made_values.column("citizen_id", 300, 1, hide=True)
    made["some"] = [*made_values.column("citizen_id", 15, 1), *made_values.column("remark", 285, 1)]
    found: dict[str, Any] = made_values.profiles(tmp_path_factory.mktemp("read"), made)
    return {name: facts(profile, BOOK) for name, profile in found.items()}


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("citizen_id", 4), ("bank_card", 4), ("mobile", 3), ("landline", 3), ("email", 3), ("plate", 3), ("vin", 3), ("ip", 2),
        ("some", 4), ("uscc", 0), ("org_code", 0), ("number18", 0), ("serial18", 0), ("number11", 0), ("number9", 0),
        ("registration", 0), ("date8", 0), ("amount", 0), ("postal", 0), ("company", 0), ("masked", 0), ("hex32", 0),
    ],
)  # fmt: skip
def test_values_grade_a_column_that_has_no_element(read: dict[str, Facts], kind: str, level: int) -> None:
    assert grade_column(Described("c", facts=read[kind])).level == level


def test_the_higher_of_element_and_values_counts_and_both_are_said(read: dict[str, Facts]) -> None:
    remark = grade_column(Described("bz", "备注", 1, read["some"]))
    assert [(reason.key, reason.level, reason.about) for reason in remark.reasons] == [
        ("some_values", 4, "citizen_id"), ("element", 1, "备注"),
    ]  # fmt: skip
    assert remark.level == 4
    assert grade_column(Described("xm", "姓名", 3, read["person"])).level == 3
    assert grade_column(Described("x")).level == 0


def test_every_shipped_element_has_the_level_of_its_catalogue() -> None:
    rows = seeds.element_rows()
    found = {
        row["code"]: grade_column(Described(row["code"], row["name"], level_number(row["level"]))).level for row in rows
    }
    assert found == {row["code"]: int(row["level"][1]) for row in rows}
    assert {level_number(""), level_number("L7"), level_number("高")} == {0}


def levels(*columns: tuple[str, int]) -> list[int]:
    return [item.level for item in grade_table([Described(name, name, level) for name, level in columns]).columns]


def test_who_and_how_ill_or_rich_in_one_table_is_raised_by_one() -> None:
    assert levels(("姓名", 3), ("疾病诊断名称", 4), ("床位号", 2)) == [4, 4, 2]
    assert levels(("公民身份号码", 4), ("血型", 3), ("性别", 2)) == [4, 4, 2]
    assert levels(("手机号码", 3), ("年收入", 4)) == [4, 4]
    table = grade_table([Described("xm", "姓名", 3), Described("jg", "检验结果"), Described("xb", "性别", 2)])
    assert (table.level, [item.level for item in table.columns]) == (4, [4, 3, 2])
    assert [(item.reasons[0].key, item.reasons[0].about) for item in table.columns[:2]] == [
        ("combined", "检验结果"), ("combined", "姓名"),
    ]  # fmt: skip


def test_what_public_registers_hold_is_not_raised() -> None:
    assert levels(("法定代表人姓名", 2), ("注册资本", 1), ("统一社会信用代码", 1)) == [2, 1, 1]
    assert levels(("医师姓名", 2), ("疾病诊断名称", 4)) == [2, 4]
    assert levels(("姓名", 3), ("文化程度", 2)) == [3, 2]
    assert levels(("药品名称", 1), ("药品规格", 1)) == [1, 1]
    assert levels(("企业名称", 1), ("开户银行", 2), ("企业联系电话", 3)) == [1, 2, 3]


def test_values_say_who_where_names_do_not(read: dict[str, Facts]) -> None:
    table = grade_table([Described("c1", "", 0, read["citizen_id"]), Described("bg", "血压", 3)])
    assert [item.level for item in table.columns] == [4, 4]
    masked = grade_table([Described("c1", "", 0, read["masked"]), Described("bg", "血压", 3)])
    assert [item.level for item in masked.columns] == [0, 3]


def test_a_table_has_the_level_of_its_highest_column_and_says_why() -> None:
    table = grade_table([Described("a", "性别", 2), Described("b", "登录口令", 4)])
    assert (table.level, [reason.about for reason in table.reasons]) == (4, ["登录口令"])
    assert grade_table([]).level == 0
