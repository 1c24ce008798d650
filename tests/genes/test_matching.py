"""Columns get proposals after a census, better ones after a reading; people decide, and the machine keeps to it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied

from assets.models import Column, Table
from genes.choices import MatchState, Origin, Zone
from genes.models import Binding, Decision, Gene, Match
from genes.selectors.queue import coverage
from genes.services.decisions import accept, accept_many, reject, say_none, undo
from genes.services.matching import request_matching
from standards.models import DataElement, ElementName
from tests.assets.support import SqliteSource, finished
from tests.genes.conftest import REGISTER


def column(name: str) -> Column:
    return Column.objects.get(name=name, table__name="ry_jbxx")


def proposed(name: str) -> list[str]:
    return [
        match.element.name
        for match in Match.objects.filter(column__name=name, state=MatchState.PROPOSED).order_by("rank")
    ]


def element(name: str) -> DataElement:
    return DataElement.objects.get(name=name)


def test_a_census_proposes_by_name(register: SimpleNamespace) -> None:
    assert proposed("xm")[0] == "姓名"
    assert proposed("gmsfhm")[0] == "公民身份号码"
    assert "c7" not in {match.column.name for match in Match.objects.all()}


def test_a_reading_finds_what_no_name_says(register: SimpleNamespace) -> None:
    register.source.scan()
    assert proposed("c7")[:1] == ["公民身份号码"]
    gene = Gene.objects.get(column=column("c7"))
    assert gene.facts["shares"]["citizen_id"] == 1
    assert "11010519491231002X" not in str(gene.facts)


def test_accepting_binds_and_teaches(register: SimpleNamespace) -> None:
    column_ = column("zt")
    Column.objects.filter(pk=column_.pk).update(comment="人口登记去向")
    binding = accept(actor=register.steward, column=column("zt"), element=element("户口性质"))
    assert (binding.origin, binding.element.name) == (Origin.PERSON, "户口性质")
    assert ElementName.objects.get(text="人口登记去向").element == element("户口性质")
    assert Decision.objects.get().told["comment"] == "人口登记去向"
    # The next column of that name is recognised by what was learned.
    Column.objects.filter(name="c7").update(comment="人口登记去向")
    finished(request_matching(source=register.source.row))
    assert proposed("c7")[0] == "户口性质"


def test_the_machine_never_overwrites_a_person(register: SimpleNamespace) -> None:
    say_none(actor=register.steward, column=column("xm"))
    reject(actor=register.steward, column=column("gmsfhm"), element=element("公民身份号码"))
    register.source.scan()
    assert Binding.objects.get(column=column("xm")).element is None
    assert proposed("xm") == []
    assert "公民身份号码" not in proposed("gmsfhm")


def test_a_bulk_decision_is_undone_whole(register: SimpleNamespace) -> None:
    best = list(Match.objects.filter(rank=1, column__table__name="ry_jbxx").select_related("column__source", "element"))
    columns = accept_many(actor=register.steward, matches=best)
    assert Binding.objects.count() == len(best) > 2
    assert undo(actor=register.steward, columns=columns) == len(best)
    assert not Binding.objects.exists()
    assert {match.column_id for match in Match.objects.filter(rank=1)} == {match.column_id for match in best}


def test_only_a_steward_of_the_agency_decides(register: SimpleNamespace) -> None:
    for person in (register.source.bureau.viewer, register.city.civil.steward):
        with pytest.raises(PermissionDenied):
            accept(actor=person, column=column("xm"), element=element("姓名"))
    assert not Binding.objects.exists()


def test_zones_say_how_sure(register: SimpleNamespace) -> None:
    register.source.scan()
    assert Gene.objects.get(column=column("gmsfhm")).zone == Zone.AUTO
    assert Gene.objects.get(column=column("zt")).zone in (Zone.NONE, Zone.SUGGESTED)


def test_without_elements_nothing_is_proposed_and_nothing_fails(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source(REGISTER)
    assert source.census().state == "succeeded"
    assert finished(request_matching(source=source.row)).state == "succeeded"
    assert not Match.objects.exists()


def test_coverage_counts_the_columns_one_sees_that_are_there(register: SimpleNamespace) -> None:
    accept(actor=register.steward, column=column("xm"), element=element("姓名"))
    say_none(actor=register.steward, column=column("zt"))
    assert coverage(register.steward) == (1, 7)
    assert coverage(register.city.civil.steward) == (0, 0)
    Column.objects.filter(name="xm").update(state="gone")
    Table.objects.update(column_count=6)  # as the census leaves it
    assert coverage(register.steward) == (0, 6)
