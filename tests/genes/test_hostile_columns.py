"""Columns as nobody would name them, through the census and the matching of the platform: an honest NONE or a clear proposal."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from assets.models import Column
from genes.choices import MatchState, Zone
from genes.engine.text import MOST, heads, subject, without_end
from genes.models import Binding, Gene, Match
from genes.selectors.queue import queue_visible_to
from genes.services.decisions import accept_many
from genes.services.matching import request_matching
from standards.models import DataElement, ElementName
from tests.accounts import world
from tests.assets.support import finished
from tests.genes.built import as_new, catalogue

SENTENCE = "该字段用于记录申请人在提交材料时所填写的联系方式，如果没有填写则为空，请在同步时忽略。"
NOTICE = "本字段由系统自动生成请勿修改如有疑问请联系管理员处理谢谢配合"
# Name → comment, as a source would give it; SQLite has none, so that they are written where the census writes them.
COMMENTS = {
    "c_sentence": SENTENCE, "c_notice": NOTICE, "c_blank": " \u3000\t", "c_invisible": "\u200b姓\u200b名\u200b",
    "c_wide": "ＮＡＭＥ：姓　名", "c_mixed": "姓名（Ｎａｍｅ）氏名", "c_masked": "公民身份号码", "c_null": "公民身份号码",
    "c_emoji": "🙂🙂", "c_markup": "<b>姓名</b>'; DROP TABLE x;--",
}  # fmt: skip
NAMES = (
    "氏名", "生年月日", "電話番号", "性別", "😀", "имя", "ＳＦＺＨ", "xm姓名Name", "身份证号", "身份证号2", "a\u200bb", "n" * 200,
    "nothing", *COMMENTS,
)  # fmt: skip
VALUES: Mapping[str, Any] = {
    "身份证号": lambda row: f"138{row * 7919:08d}",
    "身份证号2": lambda row: "11010519491231002X" if row % 2 else "440524188001010014",
    "c_masked": lambda row: f"110101********{row:02d}1X",
}


def script() -> str:
    rows = (
        ", ".join(f"'{VALUES[name](row)}'" if name in VALUES else "NULL" for name in NAMES) for row in range(60)
    )  # everything else is null in every row
    columns = ", ".join(f'"{name}" TEXT' for name in NAMES)
    return f'CREATE TABLE "怪表🙂" ({columns}); INSERT INTO "怪表🙂" VALUES ({"), (".join(rows)});'


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    with catalogue(tmp_path_factory.mktemp("hostile"), django_db_blocker) as made:
        made.odd = made.source(script(), "怪库")
        made.odd.census()
        for name, comment in COMMENTS.items():
            Column.objects.filter(name=name).update(comment=comment)
        made.job = finished(request_matching(source=made.odd.row))
        made.by_name = answers()
        made.odd.scan()
        for name, comment in COMMENTS.items():
            Column.objects.filter(name=name).update(comment=comment)
        finished(request_matching(source=made.odd.row))
        made.by_value = answers()
        yield made


@pytest.fixture(autouse=True)
def own_files() -> None:
    """The files of `built`."""


@pytest.fixture
def odd(built: SimpleNamespace, db: None) -> SimpleNamespace:
    return as_new(built)


def answers() -> dict[str, tuple[str, list[str]]]:
    """Column → its zone and what is proposed, best first."""
    found: dict[str, tuple[str, list[str]]] = {
        gene.column.name: (gene.zone, []) for gene in Gene.objects.select_related("column")
    }
    rows = Match.objects.filter(state=MatchState.PROPOSED).select_related("column", "element").order_by("rank")
    for match in rows:
        found[match.column.name][1].append(match.element.name)
    return found


def test_every_odd_column_is_taken_in_and_answered(odd: SimpleNamespace) -> None:
    assert odd.job.state == "succeeded"
    assert set(Column.objects.values_list("name", flat=True)) == set(NAMES)
    assert set(odd.by_name) == set(odd.by_value) == set(NAMES)


@pytest.mark.parametrize("name", ["😀", "имя", "a\u200bb", "n" * 200, "nothing", "c_blank", "c_emoji", "c_notice"])
def test_what_says_nothing_is_none(odd: SimpleNamespace, name: str) -> None:
    assert odd.by_name[name] == odd.by_value[name] == (Zone.NONE, [])


@pytest.mark.parametrize(
    "name", ["氏名", "生年月日", "電話番号", "性別", "xm姓名Name", "c_sentence", "c_mixed", "c_markup"]
)
def test_what_may_mean_something_else_is_never_accepted_unseen(odd: SimpleNamespace, name: str) -> None:
    assert odd.by_value[name][0] != Zone.AUTO
    assert not Binding.objects.exists()


def test_full_width_and_invisible_characters_are_read_through(odd: SimpleNamespace) -> None:
    assert odd.by_name["ＳＦＺＨ"][1][:1] == ["公民身份号码"]
    assert odd.by_name["c_invisible"] == (Zone.AUTO, ["姓名"])
    assert odd.by_name["c_wide"][1][:1] == ["姓名"]


def test_values_overrule_the_name_that_they_are_not(odd: SimpleNamespace) -> None:
    assert odd.by_name["身份证号"][1][:1] == ["公民身份号码"]
    assert odd.by_value["身份证号"][1][:1] == ["手机号码"]
    assert "公民身份号码" not in odd.by_value["身份证号"][1]
    assert odd.by_value["身份证号2"] == (Zone.AUTO, ["公民身份号码"])


def test_masked_and_null_values_neither_confirm_nor_deny(odd: SimpleNamespace) -> None:
    for name in ("c_masked", "c_null"):
        assert odd.by_value[name] == odd.by_name[name] == (Zone.AUTO, ["公民身份号码"])
    masked, empty = (Gene.objects.get(column__name=name) for name in ("c_masked", "c_null"))
    assert (masked.masked, empty.masked, empty.distinct) == (True, False, 0)
    assert "1101" not in str(masked.facts)


def test_of_two_elements_of_one_name_a_person_chooses(odd: SimpleNamespace) -> None:
    first = DataElement.objects.get(name="姓名")
    second = DataElement.objects.create(
        agency=first.agency, code="ZX901", domain=first.domain, name=first.name,
        registration_status=first.registration_status,
    )  # fmt: skip
    edition = first.current
    assert edition
    edition.pk, edition.element = None, second
    edition.save(force_insert=True)
    second.current = edition
    second.save()
    Column.objects.filter(name="nothing").update(comment="姓名")
    Column.objects.filter(name="c_emoji").update(comment="性别")
    finished(request_matching(source=odd.odd.row))
    found = answers()
    assert found["nothing"] == (Zone.SUGGESTED, ["姓名", "姓名"])
    assert found["c_emoji"][0] == Zone.AUTO  # of one name only
    rows = queue_visible_to(odd.steward).filter(column__name="nothing")
    offered = [match for row in rows for match in (row, *row.column.others)]
    assert {match.element.code for match in offered} == {first.code, "ZX901"}  # told apart by their codes


def test_a_comment_that_is_a_sentence_teaches_no_name(odd: SimpleNamespace) -> None:
    accepted = list(queue_visible_to(odd.steward).filter(column__name="c_sentence"))
    assert accepted
    before = ElementName.objects.count()
    accept_many(actor=odd.steward, matches=accepted)
    assert ElementName.objects.count() == before


def test_the_workbench_and_the_column_page_show_them(odd: SimpleNamespace) -> None:
    client = world.browser(odd.steward)
    page = client.get("/genes/matches/").content.decode()
    assert "氏名" in page
    assert "<b>姓名</b>" not in page
    for name in ("😀", "c_markup", "c_masked", "n" * 200):
        response = client.get(Column.objects.get(name=name).get_absolute_url())
        assert response.status_code == 200
        assert "<b>姓名</b>" not in response.content.decode()


@pytest.mark.parametrize(
    "part", [". ", "字段", "的值", "表", "列表", "(", "[性", "、", "—", "_a", ":", "1.", "A", "a.", "\u200b", " -", "'"]
)
def test_the_longest_comment_is_read_at_once_whatever_it_repeats(part: str) -> None:
    """65,536 characters of one stretch and an end that does not belong to it: tried from each character it took minutes."""
    comment = ("性别" + part * 65_536)[:65_535] + "x"
    assert heads(comment) == heads(comment[:MOST])
    assert len(heads(comment)) <= 6
    assert subject(comment) == subject(comment[:MOST])
    assert without_end(comment, ("字段", "的值", "列表", "表"), ".、-") == comment


def test_words_at_the_end_of_a_name_are_left_out_however_many() -> None:
    assert without_end("姓名" + "字段" * 20_000 + ". 、", ("字段",), ".、-") == "姓名"
    assert (heads("姓名字段列"), subject("企业基本信息列表")) == (("姓名",), "企业")
