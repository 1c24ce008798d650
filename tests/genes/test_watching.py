"""What the machine watches and proposes over decided columns: drift, levels, recognisers. None of it overwrites a person."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from assets.models import Column, Table
from core.models import AuditEntry
from genes.choices import Origin, Outcome
from genes.models import Binding, ColumnLevel, DriftAlarm, Match, Recogniser, TableLevel
from genes.selectors.recognising import REASON
from genes.services.decisions import accept, accept_pairs, reject, say_none, say_none_many, undo
from genes.services.levels import confirm_levels, decide_column_level, decide_table_level
from genes.services.matching import request_matching
from genes.services.recognisers import change_recogniser, define_recogniser, enable_recogniser, try_recogniser
from standards.models import DataElement
from tests.assets.support import SqliteSource, finished
from tests.genes.built import as_new, catalogue
from tests.genes.conftest import REGISTER

IDS = "UPDATE ry_jbxx SET gmsfhm = CASE id % 2 WHEN 0 THEN '11010519491231002X' ELSE '440524188001010014' END"
PHONES = "UPDATE ry_jbxx SET gmsfhm = sjhm"
CLINIC = """
CREATE TABLE jz_jl (id INTEGER, hzxm TEXT, zdmc TEXT, ksmc TEXT);
CREATE TABLE tj_zd (zdmc TEXT, rs INTEGER);
CREATE TABLE bt_ff (lxr TEXT, btje TEXT);
"""
# Columns of one kind for a recogniser: eight that carry it by their names, of which one is something else.
MANY = "CREATE TABLE bh_tz (" + ", ".join(f"dwbh{place} TEXT" for place in range(8)) + ", bz TEXT);"


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    with catalogue(tmp_path_factory.mktemp("watching"), django_db_blocker) as made:
        made.register, made.clinic = made.source(REGISTER, "人口登记库"), made.source(CLINIC, "就诊库")
        made.many = made.source(MANY, "编号库")
        for source in (made.register, made.clinic, made.many):
            source.census()
        made.register.scan()
        yield made


@pytest.fixture(autouse=True)
def own_files() -> None:
    """The files of `built`."""


@pytest.fixture
def estate(built: SimpleNamespace, db: None) -> Iterator[SimpleNamespace]:
    kept = built.register.path.read_bytes()
    yield as_new(built)
    built.register.path.write_bytes(kept)


def column(name: str, table: str = "ry_jbxx") -> Column:
    return Column.objects.select_related("source", "table").get(name=name, table__name=table)


def element(name: str) -> DataElement:
    return DataElement.objects.get(name=name)


def named(table: str, **titles: str) -> None:
    for name, title in titles.items():
        Column.objects.filter(table__name=table, name=name).update(title=title)


def values(source: SqliteSource, statement: str) -> None:
    source.run(statement)
    source.scan()


def test_an_alarm_opens_when_a_bound_column_moves_away_and_the_decision_stays(estate: SimpleNamespace) -> None:
    ids = column("gmsfhm")
    accept(actor=estate.steward, column=ids, element=element("公民身份号码"))
    estate.register.scan()
    assert not DriftAlarm.objects.exists()  # as it was bound
    values(estate.register, PHONES)
    alarm = DriftAlarm.objects.get()
    assert (alarm.column, alarm.element.name, alarm.closed_at) == (ids, "公民身份号码", None)
    assert [reason["key"] for reason in alarm.reasons][:1] == ["test_lost"]
    assert AuditEntry.objects.filter(verb="genes.drift.open", scope_id=ids.source.agency_id).count() == 1
    bound = Binding.objects.get(column=ids)
    assert (bound.element, bound.origin) == (element("公民身份号码"), Origin.PERSON)  # the machine only tells
    estate.register.scan()
    assert DriftAlarm.objects.get().last_at > alarm.last_at  # renewed, not opened twice
    values(estate.register, IDS)
    assert DriftAlarm.objects.get().outcome == Outcome.RETURNED


def test_keeping_a_drifted_column_answers_the_alarm_and_the_same_values_do_not_open_it_again(
    estate: SimpleNamespace,
) -> None:
    ids = column("gmsfhm")
    accept(actor=estate.steward, column=ids, element=element("公民身份号码"))
    values(estate.register, PHONES)
    alarm = DriftAlarm.objects.get()
    accept_pairs(actor=estate.steward, pairs=[(alarm.column, alarm.element)])
    assert DriftAlarm.objects.get().outcome == Outcome.DECIDED
    estate.register.scan()
    assert DriftAlarm.objects.count() == 1
    assert (
        undo(actor=estate.steward, columns=[ids]) == 1
    )  # keeping it was a mistake: measured from the first decision again
    estate.register.scan()
    assert DriftAlarm.objects.filter(closed_at=None).count() == 1


def test_a_source_that_cannot_be_read_neither_opens_nor_closes_an_alarm(estate: SimpleNamespace) -> None:
    for name in ("gmsfhm", "sjhm"):
        accept(actor=estate.steward, column=column(name), element=element("公民身份号码"))
    estate.register.scan()
    values(estate.register, PHONES)
    before = set(DriftAlarm.objects.values_list("column", "last_at", "closed_at"))
    assert len(before) == 1
    away = estate.register.path.with_suffix(".away")
    estate.register.path.rename(away)
    estate.register.scan()
    away.rename(estate.register.path)
    assert set(DriftAlarm.objects.values_list("column", "last_at", "closed_at")) == before
    assert Binding.objects.filter(element=element("公民身份号码")).count() == 2


def levels(table: str) -> dict[str, tuple[int, str]]:
    rows = ColumnLevel.objects.filter(column__table__name=table).select_related("column")
    return {row.column.name: (row.level, row.reasons[0]["key"] if row.reasons else "") for row in rows}


def test_who_and_how_ill_in_one_table_raises_both_and_only_there(estate: SimpleNamespace) -> None:
    named("tj_zd", zdmc="疾病诊断名称", rs="人数")
    say_none(actor=estate.steward, column=column("zdmc", "tj_zd"))
    alone = levels("tj_zd").get("zdmc", (0, ""))
    named("jz_jl", hzxm="患者姓名", zdmc="疾病诊断名称", ksmc="科室名称")
    pairs = [(column("hzxm", "jz_jl"), element("姓名"))]
    accept_pairs(actor=estate.steward, pairs=pairs)
    say_none_many(actor=estate.steward, columns=[column("zdmc", "jz_jl"), column("ksmc", "jz_jl")])
    found = levels("jz_jl")
    assert found["hzxm"] == (4, "combined")
    assert found["zdmc"] == (3, "combined")
    assert found["zdmc"][0] > alone[0]
    assert found.get("ksmc", (0, ""))[1] != "combined"
    assert "疾病诊断名称" in ColumnLevel.objects.get(column=pairs[0][0]).reasons[0]["about"]
    assert TableLevel.objects.get(table__name="jz_jl").level == 4
    undo(actor=estate.steward, columns=[pairs[0][0]])
    reject(actor=estate.steward, column=pairs[0][0], element=element("姓名"))
    named("jz_jl", hzxm="操作员")
    say_none(actor=estate.steward, column=pairs[0][0])
    assert levels("jz_jl").get("zdmc", (0, ""))[1] != "combined"  # nobody is named any more


def test_who_and_how_rich_in_one_table_is_raised_too(estate: SimpleNamespace) -> None:
    named("bt_ff", lxr="联系人姓名", btje="补贴金额")
    accept(actor=estate.steward, column=column("lxr", "bt_ff"), element=element("姓名"))
    say_none(actor=estate.steward, column=column("btje", "bt_ff"))
    assert levels("bt_ff") == {"lxr": (4, "combined"), "btje": (3, "combined")}


def test_a_level_that_a_person_decided_stays(estate: SimpleNamespace) -> None:
    name = column("hzxm", "jz_jl")
    named("jz_jl", hzxm="患者姓名", zdmc="疾病诊断名称")
    accept(actor=estate.steward, column=name, element=element("姓名"))
    say_none(actor=estate.steward, column=column("zdmc", "jz_jl"))
    with pytest.raises(ValidationError) as refused:
        decide_column_level(actor=estate.steward, column=name, level=2)
    assert "定级依据" in str(refused.value)
    with pytest.raises(PermissionDenied):
        decide_column_level(actor=estate.city.civil.steward, column=name, level=4)
    decide_column_level(actor=estate.steward, column=name, level=2, basis="已去标识化")
    finished(request_matching(source=estate.clinic.row))
    row = ColumnLevel.objects.get(column=name)
    assert (row.level, row.decided, row.proposed, row.decided_by, row.basis) == (2, 2, 4, estate.steward, "已去标识化")
    table = Table.objects.get(name="jz_jl")
    assert TableLevel.objects.get(table=table).level == 3  # of the diagnosis: a person's word goes before on the other
    with pytest.raises(ValidationError):
        decide_table_level(actor=estate.steward, table=table, level=5)
    decide_table_level(actor=estate.steward, table=table, level=5, basis="市级重要数据目录")
    both = list(ColumnLevel.objects.filter(column__table=table, column__name__in=("hzxm", "zdmc")))
    assert confirm_levels(actor=estate.steward, rows=both) == 1
    finished(request_matching(source=estate.clinic.row))
    assert TableLevel.objects.get(table=table).level == 5
    assert ColumnLevel.objects.get(column=name).decided == 2  # confirming the rest did not touch it
    decide_column_level(actor=estate.steward, column=name, level=None)
    assert ColumnLevel.objects.get(column=name).level == 4


@pytest.fixture
def recogniser(estate: SimpleNamespace) -> Recogniser:
    """Of unit numbers, by their names; seven labelled columns are right and one is not."""
    unit = element("统一社会信用代码")
    columns = [column(f"dwbh{place}", "bh_tz") for place in range(8)]
    accept_pairs(actor=estate.steward, pairs=[(one, unit) for one in columns[:6]])
    say_none(actor=estate.steward, column=columns[6])
    return define_recogniser(
        actor=estate.steward, agency=estate.city.police.agency, element=unit, name="单位编号", words=["dwbh"]
    )


def test_a_recogniser_proposes_only_after_a_trial_that_was_right(
    estate: SimpleNamespace, recogniser: Recogniser
) -> None:
    before = set(Match.objects.values_list("column", "element", "rank"))
    with pytest.raises(ValidationError):
        enable_recogniser(actor=estate.steward, recogniser=recogniser, enabled=True)
    tried = try_recogniser(actor=estate.steward, recogniser=recogniser)
    assert {name: tried.trial[name] for name in ("columns", "right", "wrong", "missed")} == {
        "columns": 7, "right": 6, "wrong": 1, "missed": 0,
    }  # fmt: skip
    assert (tried.precision, tried.recall) == (pytest.approx(6 / 7, abs=1e-4), 1.0)
    assert [(row["label"], row["said"]) for row in tried.trial["rows"]] == [("main.bh_tz.dwbh6", True)]
    assert set(Match.objects.values_list("column", "element", "rank")) == before  # a dry run
    with pytest.raises(ValidationError) as refused:
        enable_recogniser(actor=estate.steward, recogniser=recogniser, enabled=True)
    assert "95%" in str(refused.value)
    finished(request_matching(source=estate.many.row))
    assert recogniser.element_id not in Match.objects.filter(column__name="dwbh7").values_list("element", flat=True)
    narrower = change_recogniser(
        actor=estate.steward, recogniser=recogniser, words=[f"dwbh{place}" for place in (0, 1, 2, 3, 4, 5, 7)]
    )
    assert (narrower.precision, narrower.tried_at) == (None, None)
    try_recogniser(actor=estate.steward, recogniser=recogniser)
    assert enable_recogniser(actor=estate.steward, recogniser=recogniser, enabled=True).enabled
    finished(request_matching(source=estate.many.row))
    first = Match.objects.get(column=column("dwbh7", "bh_tz"), rank=1)
    assert (first.element, first.confidence, REASON in first.reasons) == (recogniser.element, 1.0, True)
    changed = change_recogniser(actor=estate.steward, recogniser=recogniser, words=["dwbh"])
    assert (changed.enabled, changed.precision) == (False, None)
    finished(request_matching(source=estate.many.row))
    assert not Match.objects.filter(column__name="dwbh7", reasons__has_key=REASON).exists()


def test_few_right_columns_are_not_enough(estate: SimpleNamespace, recogniser: Recogniser) -> None:
    few = change_recogniser(actor=estate.steward, recogniser=recogniser, words=["dwbh0", "dwbh1", "dwbh2", "dwbh3"])
    tried = try_recogniser(actor=estate.steward, recogniser=few)
    assert (tried.precision, tried.trial["right"]) == (1.0, 4)
    with pytest.raises(ValidationError):
        enable_recogniser(actor=estate.steward, recogniser=tried, enabled=True)


def test_an_enabled_recogniser_overwrites_no_person_and_looks_at_no_other_agency(
    estate: SimpleNamespace, recogniser: Recogniser
) -> None:
    change_recogniser(
        actor=estate.steward, recogniser=recogniser, words=[f"dwbh{place}" for place in (0, 1, 2, 3, 4, 5)] + ["dwbh7"]
    )
    try_recogniser(actor=estate.steward, recogniser=recogniser)
    enable_recogniser(actor=estate.steward, recogniser=recogniser, enabled=True)
    other = estate.source("CREATE TABLE bh_tz2 (dwbh7 TEXT);", "民政编号库", estate.city.civil)
    other.census()
    say_none(actor=estate.steward, column=column("dwbh0", "bh_tz"))
    reject(actor=estate.steward, column=column("dwbh7", "bh_tz"), element=recogniser.element)
    finished(request_matching(source=estate.many.row))
    assert Binding.objects.get(column__name="dwbh0").element is None
    assert not Match.objects.filter(column__name="dwbh0", element=recogniser.element, state="proposed").exists()
    assert not Match.objects.filter(element=recogniser.element, state="proposed").exists()  # refused, or elsewhere
    for person in (estate.city.civil.steward, estate.city.police.viewer):
        with pytest.raises(PermissionDenied):
            try_recogniser(actor=person, recogniser=recogniser)
        with pytest.raises(PermissionDenied):
            enable_recogniser(actor=person, recogniser=recogniser, enabled=False)
