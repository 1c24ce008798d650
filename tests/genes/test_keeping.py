"""What people decided survives what happens to a source: renames, re-censuses, failed reads, columns that go and come back."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from assets.models import Column
from genes.choices import MatchState, Origin
from genes.models import Binding, ColumnLevel, Decision, Match
from genes.selectors.queue import queue_visible_to
from genes.services.decisions import accept, reject, say_none
from genes.services.levels import decide_column_level
from standards.models import DataElement
from tests.genes.built import as_new, catalogue
from tests.genes.conftest import REGISTER

OTHERS = "".join(f"CREATE TABLE other{place} (c{place} TEXT, d TEXT);" for place in range(6))
Kept = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    """A table of people with a decision of each kind: an element, another refused, none at all, a level."""
    with catalogue(tmp_path_factory.mktemp("keeping"), django_db_blocker) as made:
        made.register = made.source(REGISTER + OTHERS, "人口登记库")
        made.register.census()
        made.register.scan()
        accept(actor=made.steward, column=column("gmsfhm"), element=element("公民身份号码"))
        reject(actor=made.steward, column=column("xm"), element=element("姓名"))
        say_none(actor=made.steward, column=column("zt"))
        decide_column_level(actor=made.steward, column=column("gmsfhm"), level=2, basis="已去标识化")
        yield made


@pytest.fixture(autouse=True)
def own_files() -> None:
    """The files of `built`."""


@pytest.fixture
def estate(built: SimpleNamespace, db: None) -> Iterator[SimpleNamespace]:
    kept = built.register.path.read_bytes()
    yield as_new(built)
    built.register.path.write_bytes(kept)


def column(name: str) -> Column:
    return Column.objects.select_related("source", "table").get(name=name, table__source__name="人口登记库")


def element(name: str) -> DataElement:
    return DataElement.objects.get(name=name)


def decided() -> tuple[Kept, Kept, Kept, Kept]:
    """Everything that a person said, by the identity of the column."""
    return (
        list(Binding.objects.values_list("column", "element", "origin", "decided_by", "decided_at").order_by("column")),
        list(Match.objects.filter(state=MatchState.REJECTED).values_list("column", "element")),
        list(Decision.objects.values_list("column", "element", "verdict").order_by("pk")),
        list(ColumnLevel.objects.filter(decided__isnull=False).values_list("column", "decided", "basis")),
    )


def changed(estate: SimpleNamespace, *statements: str) -> None:
    estate.register.run(";".join(statements))
    assert estate.register.census().state == "succeeded"


def test_decisions_go_with_a_renamed_table_and_a_renamed_column(estate: SimpleNamespace) -> None:
    before, ids = decided(), column("gmsfhm")
    changed(estate, "ALTER TABLE ry_jbxx RENAME TO people")
    changed(estate, "ALTER TABLE people RENAME COLUMN gmsfhm TO f_07", "ALTER TABLE people RENAME COLUMN zt TO f_08")
    estate.register.scan()
    ids.refresh_from_db()
    assert (ids.name, ids.table.name) == ("f_07", "people")
    assert decided() == before
    assert not Match.objects.filter(column__name__in=("f_07", "f_08"), state=MatchState.PROPOSED).exists()


def test_a_renaming_that_no_census_can_tell_starts_anew_and_the_old_name_brings_the_decision_back(
    estate: SimpleNamespace,
) -> None:
    before, ids = decided(), column("gmsfhm").pk
    # Another table of the same structure appears at once: which of the two it was cannot be known.
    changed(estate, "CREATE TABLE twin AS SELECT * FROM ry_jbxx", "CREATE TABLE twin2 AS SELECT * FROM ry_jbxx",
            "DROP TABLE ry_jbxx")  # fmt: skip
    assert decided() == before
    found = Column.objects.filter(name="gmsfhm", table__name__in=("twin", "twin2"))
    assert found.count() == 2
    assert not Binding.objects.filter(column__in=found).exists()  # nobody decided on these
    assert Match.objects.filter(column__in=found, element=element("公民身份号码"), rank=1).count() == 2
    changed(estate, "ALTER TABLE twin RENAME TO spare", "CREATE TABLE ry_jbxx AS SELECT * FROM spare")
    assert Binding.objects.get(column=ids).column.table.state == "seen"
    assert decided() == before


def test_a_column_that_goes_and_comes_back_has_its_decision(estate: SimpleNamespace) -> None:
    before = decided()
    changed(estate, "ALTER TABLE ry_jbxx DROP COLUMN gmsfhm", "ALTER TABLE ry_jbxx DROP COLUMN xb")
    assert decided() == before
    assert column("gmsfhm").state == "gone"
    changed(estate, "ALTER TABLE ry_jbxx ADD COLUMN xb INTEGER", "ALTER TABLE ry_jbxx ADD COLUMN gmsfhm TEXT")
    estate.register.scan()
    assert column("gmsfhm").state == "seen"
    assert decided() == before
    assert Match.objects.filter(column=column("xb"), rank=1, element=element("性别")).exists()  # proposed again


def test_what_is_gone_waits_for_nobody(estate: SimpleNamespace) -> None:
    def waiting(name: str) -> bool:
        return queue_visible_to(estate.steward).filter(column__name=name).exists()

    assert waiting("xb")
    assert waiting("sjhm")
    changed(estate, "ALTER TABLE ry_jbxx DROP COLUMN xb")
    assert (waiting("xb"), waiting("sjhm")) == (False, True)
    changed(estate, "CREATE TABLE aside (a TEXT)", "DROP TABLE ry_jbxx")
    assert not waiting("sjhm")
    changed(estate, "CREATE TABLE ry_jbxx (id INTEGER, sjhm TEXT, gmsfhm TEXT)")
    assert waiting("sjhm")
    assert not waiting("gmsfhm")
    assert Binding.objects.get(column=column("gmsfhm")).origin == Origin.PERSON


def test_neither_another_census_nor_a_source_that_cannot_be_read_changes_a_decision(estate: SimpleNamespace) -> None:
    before = decided()
    proposals = set(Match.objects.values_list("column", "element", "rank", "state"))
    changed(estate, "SELECT 1")
    assert decided() == before
    away = estate.register.path.with_suffix(".away")
    estate.register.path.rename(away)
    assert estate.register.census().state == "failed"
    estate.register.scan()
    assert decided() == before
    assert set(Match.objects.values_list("column", "element", "rank", "state")) == proposals
    away.rename(estate.register.path)
    estate.register.path.write_bytes(b"SQLite format 3\0" + b"torn" * 300)
    assert estate.register.census().state == "failed"
    assert decided() == before
