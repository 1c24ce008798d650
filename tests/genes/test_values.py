"""Values confirm or veto: columns of checksums and code sets, clean and dirty, under good, short and no names, and decoys.

The values come from their own arithmetic (`made_values`) and the profiles from the scanner.
"""

import random
from pathlib import Path
from typing import Any

import pytest

from genes.engine import rank
from genes.engine.evidence import Column
from genes.engine.lexicon import Lexicon, read_elements
from genes.engine.match import Matcher
from genes.engine.values import Facts, facts, is_registration, is_vin
from standards import seeds
from tests.genes import elements, made_values

# Element, kind of values, and how such columns are called: "name" or "name comment". Codes of one or two digits need a name.
NAMED = (
    ("P007", "citizen_id", "gmsfhm 公民身份号码", "sfzh", "id_card 身份证号", "c1"), ("O001", "uscc", "tyshxydm 统一社会信用代码", "xydm", "c2"),
    ("O002", "org_code", "zzjgdm 组织机构代码", "zzjgdm"), ("V003", "vin", "clsbdh 车辆识别代号", "vin", "cjh 车架号", "c3"),
    ("O007", "registration", "gszch 工商注册号", "zch"), ("P068", "bank_card", "yhzh 银行账号", "yhkh", "bank_account"),
    ("P030", "mobile", "sjhm 手机号码", "mobile", "c4"), ("P029", "mobile", "lxdh 联系电话", "lxdh"),
    ("P009", "citizen_id", "zjhm 证件号码", "zjhm"), ("O016", "uscc", "nsrsbh 纳税人识别号", "nsrsbh"),
    ("P005", "sex", "xb 性别", "xb", "gender"), ("P005", "sex_name", "xb 性别", "c5"), ("P010", "nation", "mz 民族", "mz"),
    ("P010", "nation_name", "mz 民族", "c6"), ("P015", "party", "zzmm 政治面貌", "zzmm"), ("P016", "schooling", "whcd 文化程度", "education"),
    ("P014", "marriage", "hyzk 婚姻状况", "marital_status"), ("P014", "marriage_name", "hyzk 婚姻状况", "c7"),
    ("G001", "region", "xzqhdm 行政区划代码", "area_code 行政区划"), ("O014", "industry", "hydm 行业代码", "hydm"),
    ("V002", "plate_kind", "hpzl 号牌种类", "hpzl"), ("P019", "blood", "xx 血型", "blood_type"), ("V001", "plate", "hphm 号牌号码", "c8"),
)  # fmt: skip
DECOYS = (
    ("serial18", "sfzh 身份证号"), ("number18", "sfzh"), ("number18", "c"), ("serial18", "lsh 流水号"), ("number9", "zzjgdm 组织机构代码"),
    ("number9", "c"), ("number11", "sjhm 手机号码"), ("number11", "c"), ("hex32", "id"), ("amount", "je 金额"), ("date8", "mz 民族"),
    ("person", "xb 性别"), ("grade_state", "hyzk 婚姻状况"), ("address", "xzqh 行政区划代码"), ("company", "hydm 行业代码"),
    ("number18", "uscc 统一社会信用代码"), ("age", "nl 年龄"), ("postal", "c"), ("party", "c"), ("nation", "c"), ("date8", "c"), ("hex32", "clsbdh"),
)  # fmt: skip
PROVEN = {element for element, *_rest in NAMED} - {"P029", "P009", "O016"}
DIRT = (0.0, 0.05, 0.15)


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    catalogue = elements.write(tmp_path_factory.mktemp("catalogue") / "elements.csv")
    return Matcher(Lexicon.of(read_elements(catalogue, seeds.synonyms())), rank.load()["weights"], seeds.code_sets())


def called(text: str) -> Column:
    name, _space, comment = text.partition(" ")
    return Column(name, "varchar(50)", comment)


def profiled(folder: Path, kinds: list[tuple[str, float]]) -> list[Any]:
    made = {
        str(place): made_values.column(kind, 300, place, dirt=dirt, nulls=0.1 * (place % 3 == 0))
        for place, (kind, dirt) in enumerate(kinds)
    }
    read = made_values.profiles(folder, made)
    return [read[str(place)] for place in range(len(kinds))]


def test_checksums_and_code_sets_are_found_and_nothing_else_is_taken_for_them(matcher: Matcher, tmp_path: Path) -> None:
    cases = [(element, kind, called(name), dirt) for element, kind, *names in NAMED for name in names for dirt in DIRT]
    cases += [("", kind, called(name), dirt) for kind, name in DECOYS for dirt in DIRT]
    read = profiled(tmp_path, [(kind, dirt) for _element, kind, _column, dirt in cases])
    answers = matcher.match([case[2] for case in cases], [facts(profile, matcher.book) for profile in read])
    given = [ranked[0].element for ranked in answers]
    carry = [(case[0], found) for case, found in zip(cases, given, strict=True) if case[0]]
    wrong = [(case, found) for case, found in zip(cases, given, strict=True) if found in PROVEN and found != case[0]]
    taken = sum(found in PROVEN for found in given)
    assert sum(element == found for element, found in carry) / len(carry) >= 0.97
    assert 1 - len(wrong) / taken >= 0.99, wrong


def test_a_name_that_the_values_contradict_is_shown_with_what_speaks_against_it(
    matcher: Matcher, tmp_path: Path
) -> None:
    [phones] = profiled(tmp_path, [("mobile", 0.0)])
    answers = matcher.match([called("sfzh 身份证号")], [facts(phones, matcher.book)])[0]
    assert answers[0].element == "P030"
    vetoed = answers[-1]
    assert (vetoed.element, vetoed.reasons["values_fail"] < -5) == ("P007", True)
    assert vetoed.confidence < 0.01


@pytest.mark.parametrize("missing", ["identifiers", "top", "length", "distinct", "rows", "nulls", "patterns", "sketch"])
def test_a_profile_with_a_missing_key_is_read_all_the_same(matcher: Matcher, tmp_path: Path, missing: str) -> None:
    [ids] = profiled(tmp_path, [("citizen_id", 0.0)])
    known = facts({key: value for key, value in ids.items() if key != missing}, matcher.book)
    assert matcher.match([called("sfzh 身份证号")], [known])[0][0].element == "P007"


def test_masked_empty_and_few_values_leave_the_name_its_say(matcher: Matcher, tmp_path: Path) -> None:
    made = {
        "masked": made_values.column("citizen_id", 200, 1, hide=True),
        "empty": [""] * 200,
        "two": ["13800138000", "13900139000"],
    }
    read = made_values.profiles(tmp_path, made)
    column = called("sfzh 身份证号")
    for name in made:
        assert matcher.match([column], [facts(read[name], matcher.book)])[0][0].element == "P007", name
    assert facts(read["masked"], matcher.book).masked
    assert facts(read["empty"], matcher.book) == facts(None, matcher.book) == Facts()


def test_facts_survive_being_stored(matcher: Matcher, tmp_path: Path) -> None:
    [nations] = profiled(tmp_path, [("nation_name", 0.05)])
    known = facts(nations, matcher.book)
    again = Facts.from_json(known.as_json())
    assert matcher.match([called("c")], [known])[0] == matcher.match([called("c")], [again])[0]
    assert Facts.from_json({"shares": {"citizen_id": 1.0}, "trust": 1.0, "shape": "of an older version"}).trust == 1.0


def test_made_check_digits_pass_and_a_changed_one_fails() -> None:
    rng = random.Random(5)
    for make, test in ((made_values.vin, is_vin), (made_values.registration, is_registration)):
        values = [make(rng) for _ in range(50)]
        assert all(map(test, values))
        assert not any(test(value[:8] + ("0" if value[8] != "0" else "1") + value[9:]) for value in values)


SPOKEN = (
    ("P016", "xl 学历", ("大专", "本科", "研究生", "高中")), ("P025", "hkxz 户口性质", ("城镇", "农村")), ("P041", "zc 职称", ("正高级", "副高级", "中级")),
    ("P062", "cjdj 残疾等级", ("一级", "二级", "三级")), ("V005", "cllx 车辆类型", ("客车", "货车", "轿车")), ("P012", "jg 籍贯", ("浙江杭州", "山东", "江西赣州")),
    ("G001", "xzqhdm 行政区划代码", ("330106001000", "330106002000", "330110003000")), ("P011", "gjdqm 国籍地区码", ("CHN", "USA", "JPN")),
    ("O014", "hydm 行业代码", ("2613", "5212", "6510", "6621")),
)  # fmt: skip


@pytest.mark.parametrize(("element", "name", "values"), SPOKEN)
def test_words_and_codes_as_agencies_write_them_do_not_speak_against_a_name(
    matcher: Matcher, element: str, name: str, values: tuple[str, ...]
) -> None:
    held = {"rows": 300, "nulls": 0, "distinct": len(values), "top": [[value, 300 // len(values)] for value in values]}
    ranked = matcher.match([called(name)], [facts(held, matcher.book)])[0]
    assert (ranked[0].element, ranked[0].confidence > 0.8) == (element, True)


@pytest.mark.parametrize(
    ("name", "values", "never"),
    [
        ("xsbh", [f"{10_000 + place * 37}" for place in range(90)], "O014"), ("nd", [str(year) for year in range(2010, 2025)], "O014"),
        ("c1", ["G86757021", "E98847842", "E03108321"], "O014"), ("c2", ["浙江省", "江苏省", "湖北省"], "G001"), ("lb 学生类别", ["10", "20", "30"], "P014"),
        ("c3", ["一级", "二级", "三级"], "P062"),
    ],
)  # fmt: skip
def test_values_that_look_alike_prove_nothing(matcher: Matcher, name: str, values: list[str], never: str) -> None:
    held = {"rows": 300, "nulls": 0, "distinct": len(values), "top": [[value, 300 // len(values)] for value in values]}
    assert matcher.match([called(name)], [facts(held, matcher.book)])[0][0].element != never


def test_numbers_made_of_an_identity_number_are_known(matcher: Matcher, tmp_path: Path) -> None:
    ids = made_values.column("citizen_id", 60, 3)
    made = {"cjzh": [f"{number}43" for number in ids], "xjh": [f"G{number}" for number in ids]}
    read = made_values.profiles(tmp_path, made)
    answers = matcher.match([called("c1"), called("c2")], [facts(read[name], matcher.book) for name in made])
    assert [ranked[0].element for ranked in answers] == ["P060", "P049"]
