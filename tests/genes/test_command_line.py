"""The command line says what is wrong: exit 2 where an input is unusable, a line on stderr where a row is odd."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genes.engine.__main__ import main
from standards import codes
from tests.genes import elements, made_values

ODD_NAMES = "氏名 电话番号 姓名😀 ｘｍ 字段１ naïve_名 Имя ％％ a" + "b" * 300


class Desk:
    """A folder with a catalogue, and the command run in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.elements = elements.write(folder / "elements.csv")

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def match(self, columns: str | bytes, **more: str | bytes) -> tuple[int, str, dict[str, list[str]]]:
        """(exit code, stderr, row_id → elements)."""
        given = ["match", "--elements", str(self.elements), "--columns", str(self.file("columns.csv", columns))]
        for name, content in more.items():
            given += [f"--{name}", str(self.file(f"{name}.txt", content))]
        out = self.folder / "out.csv"
        code = main([*given, "--out", str(out)])
        found: dict[str, list[str]] = {}
        if code == 0:
            for row in csv.DictReader(out.read_text(encoding="utf-8").splitlines()):
                found.setdefault(row["row_id"], []).append(row["element_id"])
        return code, self.capsys.readouterr().err, found


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


HEAD = "row_id,column_name,data_type,column_comment\n"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("", "no column row_id"), ("row_id,name\n1,a\n", "no column column_name"), (HEAD + "1,a,,\n1,b,,\n", "line 3: row_id 1"),
        (HEAD + " ,a,,\n", "line 2: no row_id"), ("row_id,column_name\n1,姓名\n".encode("gb18030"), "not UTF-8"),
    ],
)  # fmt: skip
def test_a_file_of_columns_that_is_none_is_refused(desk: Desk, columns: str | bytes, said: str) -> None:
    code, error, _found = desk.match(columns)
    assert (code, said in error) == (2, True)


def test_odd_rows_are_told_of_and_answered(desk: Desk) -> None:
    rows = [f"{place},{name},varchar(20),\n" for place, name in enumerate(ODD_NAMES.split())]
    code, error, found = desk.match(
        HEAD + "x,,,\n" + "short,xm\n" + "wide,xm,varchar(20),姓名,t,,more,and more\n" + "".join(rows)
    )
    assert code == 0
    assert error.count("\n") == 1
    assert "row x has neither a name nor a comment: NONE" in error
    assert (found["x"][0], found["wide"][0], found["0"][0], found["1"][0]) == ("NONE", "P001", "NONE", "NONE")
    assert len(found) == 3 + len(rows)


def test_sentences_full_width_and_empty_comments(desk: Desk) -> None:
    rows = (
        "1,c1,varchar(20),这个字段用来说明为什么该条记录没有被上级系统接收以及后续如何处理\n2,ＳＦＺＨ,varchar(18),身份证号码（必填）\n"
        "3,c3,varchar(18),\u3000\n4,c4,varchar(2),性　别：１-男；２-女\n"
    )
    code, error, found = desk.match(HEAD + rows)
    assert (code, error) == (0, "")
    assert [ranked[0] for ranked in found.values()] == ["NONE", "P007", "NONE", "P005"]


def test_other_languages_are_none_without_a_guess_and_emoji_change_nothing(desk: Desk) -> None:
    odd = ("電話番号", "郵便番号", "メールアドレス", "性別", "전화번호", "😀")
    rows = "".join(f"{place},c{place},varchar(20),{text}\n" for place, text in enumerate(odd))
    code, _error, found = desk.match(HEAD + rows + "x,c,varchar(20),联系电话📞\ny,c,varchar(20),TEL\n")
    assert (code, {tuple(found[str(place)]) for place in range(len(odd))}) == (0, {("NONE",)})
    assert (found["x"][0], found["y"][0]) == ("P029", "P029")


def test_a_catalogue_that_is_odd_is_told_of_and_used(desk: Desk) -> None:
    desk.elements = desk.file(
        "odd.csv",
        "element_id,name_zh,name_en,format,code_set_or_check\nA,姓名,name,c..50,-\nB,姓名,person,c..50,-\nC,性别,sex,xx?7,-\n",
    )
    code, error, found = desk.match(HEAD + "1,xm,varchar(20),姓名\n2,xb,char(1),性别\n")
    assert code == 0
    assert "B has the name of A, 姓名" in error
    assert "C 性别: format 'xx?7' does not parse" in error
    assert {*found["1"][:2]} == {"A", "B"}
    assert found["2"][0] == "C"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("element_id,name_zh\nA,\n", "line 2"), ("id,name\nA,b\n", "element_id and name_zh are needed"), ("", "no column element_id"),
        ("element_id,name_zh\n", "holds no element"), ("element_id,name_zh\nA,姓名\n".encode("gb18030"), "none.csv is not UTF-8"),
        ("element_id,name_zh\nNONE,姓名\n", "line 2: NONE is the answer"), ("element_id,name_zh\nA,姓名\nA,性别\n", "line 3: element A occurs twice"),
        ("element_id;name_zh\nA;姓名\n", "no column element_id"), (f"element_id,name_zh\nA,{'名' * 200_000}\n", "none.csv: field larger"),
    ],
)  # fmt: skip
def test_a_catalogue_that_is_none_is_refused(desk: Desk, text: str | bytes, said: str) -> None:
    desk.elements = desk.file("none.csv", text)
    code, error, _found = desk.match(HEAD + "1,xm,,\n")
    assert (code, said in error, error.count("\n")) == (2, True, 1)


def test_a_catalogue_of_two_columns_and_a_byte_order_mark_is_enough(desk: Desk) -> None:
    desk.elements = desk.file("least.csv", "\ufeffelement_id,name_zh\nA,姓名\nB,性别\n")
    code, error, found = desk.match(HEAD + "1,xm,varchar(20),姓名\n")
    assert (code, error, found["1"][0]) == (0, "", "A")


def test_which_of_two_elements_of_one_name_is_meant_is_asked_and_not_guessed(desk: Desk) -> None:
    desk.elements = desk.file("two.csv", "element_id,name_zh\nA,姓名\nB,姓名\nC,性别\n")
    code, error, found = desk.match(HEAD + "".join(f"{row},xm,varchar(20),姓名\n" for row in range(7)) + "x,xb,,性别\n")
    assert (code, {*found["0"][:2]}, found["x"][0]) == (0, {"A", "B"}, "C")
    told = "姓名 is the name of A and of B: nothing tells which of them 7 columns carry, a person must choose (rows 0, 1, 2, 3, 4 and 2 more)"
    assert told in error.splitlines()
    with (desk.folder / "out.csv").open(encoding="utf-8") as file:
        first = [float(row["confidence"]) for row in csv.DictReader(file) if row["row_id"] == "0"]
    assert first[0] == first[1] <= 0.5


def test_values_that_contradict_a_name_are_told(desk: Desk) -> None:
    phones = made_values.profiles(desk.folder, {"c": made_values.column("mobile", 100, 1)})["c"]
    profiles = [json.dumps({"row_id": 1, "profile": phones}), json.dumps({"row_id": "1", "profile": phones})]
    code, error, found = desk.match(HEAD + "1,sfzh,varchar(20),身份证号\n", profiles=profiles[1])
    assert (code, found["1"][0]) == (0, "P030")
    assert error == "row 1: 身份证号 says P007 公民身份号码, its values say otherwise; taken is P030 手机号码\n"
    assert desk.match(HEAD + "1,sfzh,varchar(20),身份证号\n", profiles=profiles[0])[2] == found


def test_lines_that_are_no_profiles_are_told_of_and_a_file_without_any_is_refused(desk: Desk) -> None:
    phones = made_values.profiles(desk.folder, {"c": made_values.column("mobile", 100, 1)})["c"]
    good = json.dumps({"row_id": "1", "profile": phones})
    bad = [
        "{",
        "[]",
        '{"row_id": "1"}',
        '{"row_id": "9", "profile": {}}',
        '{"row_id": "1", "profile": {"top": 7}}',
        '{"row_id":"1","profile":[]}',
        '{"row_id":"1","profile":{"rows":1e999,"top":[["a",1]]}}',
        '{"row_id":"1","profile":{"rows":NaN}}',
        "[" * 100_000,
    ]
    code, error, found = desk.match(HEAD + "1,c1,varchar(20),\n", profiles="\n".join([*bad, "", good]))
    assert (code, found["1"][0]) == (0, "P030")
    assert [f"line {number}:" in error for number in range(1, 12)] == [True, True, False, *[True] * 6, False, False]
    code, error, _found = desk.match(HEAD + "1,c1,varchar(20),\n", profiles="{\n")
    assert (code, "profiles.txt: no line is" in error) == (2, True)


CODES = "reference,code,name,parent,successor\nX 1,1,甲,,2\nX 1,2,乙,,3\nX 1,3,丙,,1\nX 1,2,丁,,\nX 1,,戊,,\nX 1,4,己,9,\nX 2,1,庚,1,\n"


def test_code_sets_with_doubles_and_circles_are_told_of_by_line(desk: Desk) -> None:
    desk.elements = desk.file("e.csv", "element_id,name_zh,format,reference,code_set_or_check\nA,类目,n1,X 1,甲乙丙\n")
    code, error, found = desk.match(HEAD + "1,lm,char(1),类目\n", codes=CODES)
    assert (code, found["1"][0]) == (0, "A")
    told = dict(line.removeprefix("codes.txt, line ").split(": ", 1) for line in error.splitlines())
    assert told == {
        "4": "X 1: successors lead in a circle: 1 → 2 → 3 → 1", "5": "X 1: code 2 stands in line 3 already",
        "6": "reference, code and name are needed", "7": "X 1: parent 9 of code 4 is not in the set",
        "8": "X 2: parents lead in a circle: 1 → 1",
    }  # fmt: skip


def test_a_file_of_codes_can_be_checked_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(CODES, encoding="utf-8")
    assert codes.main(["check", str(path)]) == 1
    assert capsys.readouterr().out.count("codes.csv, line ") == 5
    path.write_text("reference,code,name,parent\nX,1,甲,\nX,11,乙,1\n", encoding="utf-8")
    assert (codes.main(["check", str(path)]), capsys.readouterr().out) == (0, "")
    path.write_text("code,name\n1,甲\n", encoding="utf-8")
    assert codes.main(["check", str(path)]) == 2
    assert "no column reference" in capsys.readouterr().err
    assert codes.main(["check", str(tmp_path / "none.csv")]) == 2


def test_the_answer_does_not_hang_on_the_order_of_sets(desk: Desk) -> None:
    desk.file("columns.csv", (Path(__file__).with_name("data") / "unseen.csv").read_bytes())
    given = [
        "-m",
        "genes.engine",
        "match",
        "--elements",
        str(desk.elements),
        "--columns",
        str(desk.folder / "columns.csv"),
        "--out",
    ]
    written = []
    for seed in ("1", "2"):
        out = desk.folder / f"{seed}.csv"
        environment: dict[str, Any] = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, *given, str(out)], env=environment, check=True)
        written.append(out.read_bytes())
    assert written[0] == written[1]
