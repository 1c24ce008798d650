"""Columns → elements on the command line: names propose, values confirm or veto, and NONE is an answer."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from genes.engine import rank, training
from genes.engine.__main__ import main
from genes.engine.evidence import Column
from genes.engine.lexicon import Lexicon, read_elements
from genes.engine.match import Matcher
from genes.engine.text import heads, subject
from genes.engine.values import CodeBook, facts, is_registration, is_vin
from standards import seeds
from tests.genes import elements


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return elements.write(tmp_path_factory.mktemp("catalogue") / "elements.csv")


@pytest.fixture(scope="module")
def matcher(catalogue: Path) -> Matcher:
    return Matcher(Lexicon.of(read_elements(catalogue, seeds.synonyms())), rank.load()["weights"], seeds.code_sets())


def profile(*values: str, rows: int = 200, distinct: int | None = None, **identifiers: float) -> dict[str, Any]:
    return {
        "name": "c", "nulls": 0, "distinct": distinct or len(values), "top": [[value, rows // len(values)] for value in values],
        "identifiers": identifiers,
    }  # fmt: skip


def best(matcher: Matcher, column: Column, values: dict[str, Any] | None = None) -> str:
    return matcher.match([column], [facts(values, matcher.book)])[0][0].element


@pytest.mark.parametrize(
    ("name", "comment", "table", "element"),
    [
        ("gmsfhm", "", "", "P007"), ("a1", "当事人身份证号码（选填）", "", "P007"), ("sex", "性别：1男 2女", "", "P005"), ("x", "是否上市", "", "NONE"),
        ("create_by", "创建者", "", "B004"), ("order_status", "订单状态", "订单表", "NONE"),
        ("aac003", "姓名", "", "P001"), ("hphm", "", "", "V001"), ("zt", "", "", "NONE"), ("ｓｆｚｈ", "身份证号", "", "P007"),
        ("emoji_😀", "", "", "NONE"), ("氏名", "", "", "NONE"), ("c", "这个字段说明了为什么这条记录没有被上级系统接收以及后续如何处理", "", "NONE"),
    ],
)  # fmt: skip
def test_names_propose_and_none_is_an_answer(
    matcher: Matcher, name: str, comment: str, table: str, element: str
) -> None:
    assert best(matcher, Column(name, "varchar(50)", comment, "t", table)) == element


def test_a_bare_name_takes_its_meaning_from_its_table(matcher: Matcher) -> None:
    found = [
        best(matcher, Column("name", "varchar(50)", "名称", f"t_{table}", about))
        for table, about in (("school", "学校"), ("goods", "商品"))
    ]
    assert found == ["O003", "NONE"]


def test_values_overrule_a_name_they_cannot_fit(matcher: Matcher) -> None:
    phones = profile("13800138000", "13900139000", distinct=180, mobile=1.0)
    assert best(matcher, Column("sfzh", "varchar(20)", "身份证号"), phones) != "P007"
    ids = profile("11010519491231002X", "440524188001010014", distinct=180, citizen_id=1.0)
    assert best(matcher, Column("c7", "varchar(20)"), ids) == "P007"
    assert best(matcher, Column("xm", "varchar(20)", "姓名"), ids) != "P001"


def test_code_sets_support_and_masked_values_say_nothing(matcher: Matcher) -> None:
    nations = profile("汉族", "满族", "回族", "蒙古族")
    with_values = matcher.match([Column("mz1", "varchar(20)")], [facts(nations, matcher.book)])[0]
    assert with_values[0].element == "P010"
    masked = facts(profile("110***********1234", "440***********0014", citizen_id=0.0), matcher.book)
    assert masked.masked
    assert matcher.match([Column("sfzh", "varchar(20)", "身份证号")], [masked])[0][0].element == "P007"


def test_an_empty_column_is_judged_by_its_name_alone(matcher: Matcher) -> None:
    nothing = {"name": "c", "nulls": 10, "distinct": 0, "top": [], "identifiers": {}}
    column = Column("csrq", "date", "出生日期")
    assert matcher.match([column], [facts(nothing, matcher.book)]) == matcher.match([column])


def test_facts_hold_no_value() -> None:
    kept = facts(profile("11010519491231002X", citizen_id=1.0), CodeBook(seeds.code_sets())).as_json()
    assert "11010519491231002X" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("comment", "head"),
    [
        ("性别1男0女", "性别"), ("状态：0-启用 1-禁止", "状态"), ("筛查计划--参与筛查的学生编号", "参与筛查的学生编号"), ("开户银行（选填）", "开户银行"),
        ("证件号码,必填", "证件号码"), ("１、姓名", "姓名"), ("联系电话2", "联系电话2"), ("", ""), ("\u200b\t", ""),
    ],
)  # fmt: skip
def test_a_comment_is_cut_to_what_it_names(comment: str, head: str) -> None:
    assert next(iter(heads(comment)), "") == head


def test_a_table_says_what_it_is_about() -> None:
    assert [subject(text) for text in ("医院-学生表", "企业基本信息表", "")] == ["学生", "企业", ""]


def test_check_digits_of_vehicles_and_registrations() -> None:
    assert (is_vin("1M8GDM9AXKP042788"), is_vin("1M8GDM9A1KP042788"), is_vin("IOQ")) == (True, False, False)
    assert (is_registration("110000000000001"), is_registration("11000000000000")) == (False, False)


def test_the_weights_are_those_of_the_training_rows(matcher: Matcher) -> None:
    fitted, stored = training.fit(training.read(), matcher.lexicon), rank.load()["weights"]
    assert fitted.keys() == stored.keys()
    assert {name: weight for name, weight in stored.items() if abs(fitted[name] - weight) > 0.05} == {}


def test_the_command_line_writes_what_the_scorer_reads(catalogue: Path, tmp_path: Path) -> None:
    columns, profiles = tmp_path / "columns.csv", tmp_path / "profiles.jsonl"
    columns.write_text(
        "row_id,column_name,data_type,column_comment\n1,xm,varchar(20),姓名\n2,c,varchar(20),\n", encoding="utf-8"
    )
    ids = profile("11010519491231002X", "440524188001010014", distinct=180, citizen_id=1.0)
    profiles.write_text(json.dumps({"row_id": "2", "profile": ids}) + "\n", encoding="utf-8")
    written = []
    for name in ("a.csv", "b.csv"):
        given = [
            "match",
            "--elements",
            str(catalogue),
            "--columns",
            str(columns),
            "--out",
            str(tmp_path / name),
            "--profiles",
            str(profiles),
        ]
        assert main(given) == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["row_id"], row["element_id"]) for row in rows if row["rank"] == "1"] == [("1", "P001"), ("2", "P007")]
    assert all(0 <= float(row["confidence"]) <= 1 for row in rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [("row_id,x\n1,a\n", "column_name"), ("row_id,column_name\n1,a\n1,b\n", "twice"), (None, "columns.csv")],
)  # fmt: skip
def test_bad_files_are_named(
    catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    columns = tmp_path / "columns.csv"
    if text is not None:
        columns.write_text(text, encoding="utf-8")
    assert (
        main(["match", "--elements", str(catalogue), "--columns", str(columns), "--out", str(tmp_path / "out.csv")])
        == 2
    )
    assert said in capsys.readouterr().err


def test_two_elements_of_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "elements.csv"
    path.write_text("element_id,name_zh\nA,姓名\nA,性别\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3: element A"):
        read_elements(path)


def test_a_catalogue_without_elements_matches_nothing() -> None:
    matcher = Matcher(Lexicon.of([]), rank.load()["weights"])
    assert matcher.match([Column("xm", "varchar(20)", "姓名")])[0][0].element == "NONE"
