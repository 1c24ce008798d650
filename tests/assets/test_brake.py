"""The brake: much that is missing at once is not called gone until a person says so."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from assets.choices import Brake, ObjectState
from assets.models import CensusRun, SchemaChange, Table
from assets.selectors.runs import held_runs, held_tables
from assets.services import brake
from core.models import AuditEntry
from tests.assets.support import SqliteSource

pytestmark = pytest.mark.django_db

EMPTIED = "DROP TABLE visit; DROP TABLE office; DROP TABLE person;"


@pytest.fixture
def emptied(sqlite_source: Callable[..., SqliteSource]) -> SqliteSource:
    source = sqlite_source()
    source.census()
    source.run(EMPTIED)
    job = source.census()
    assert (job.state, job.result["held"]) == ("succeeded", True)
    return source


def test_everything_missing_is_held_and_stays_as_it_was(emptied: SqliteSource) -> None:
    run = CensusRun.objects.latest("started_at")
    assert (run.brake, run.tables_gone) == (Brake.HELD, 0)
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.SEEN}
    assert [table.name for table in held_tables(run)] == ["office", "person", "visit"]
    assert not SchemaChange.objects.filter(run=run).exists()
    assert list(held_runs(emptied.bureau.steward)) == [run]
    assert list(held_runs(emptied.bureau.viewer)) == []


def test_a_person_confirms(emptied: SqliteSource) -> None:
    run = CensusRun.objects.latest("started_at")
    brake.confirm_disappearance(actor=emptied.bureau.steward, run=run, comment="系统已下线")
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.GONE}
    assert set(SchemaChange.objects.filter(run=run).values_list("kind", flat=True)) == {"gone"}
    run.refresh_from_db()
    assert (run.brake, run.tables_gone, run.decided_by) == (Brake.CONFIRMED, 3, emptied.bureau.steward)
    entry = AuditEntry.objects.get(verb="assets.census.confirm")
    assert entry.changes == {"held": {"tables": 3, "columns": 0}, "comment": "系统已下线"}
    with pytest.raises(ValidationError):
        brake.confirm_disappearance(actor=emptied.bureau.steward, run=run)


def test_a_person_rejects_with_a_reason(emptied: SqliteSource) -> None:
    run = CensusRun.objects.latest("started_at")
    with pytest.raises(ValidationError):
        brake.reject_disappearance(actor=emptied.bureau.steward, run=run, comment="  ")
    brake.reject_disappearance(actor=emptied.bureau.steward, run=run, comment="连接到了错误的库")
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.SEEN}


def test_nobody_else_decides(emptied: SqliteSource, city: object) -> None:
    run = CensusRun.objects.latest("started_at")
    for person in (emptied.bureau.viewer, city.civil.steward):  # type: ignore[attr-defined]
        with pytest.raises(PermissionDenied):
            brake.confirm_disappearance(actor=person, run=run)


def test_a_later_census_takes_the_question_back(emptied: SqliteSource) -> None:
    first = CensusRun.objects.latest("started_at")
    emptied.run("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sfzh TEXT, birth DATE)")
    emptied.census()
    first.refresh_from_db()
    assert first.brake == Brake.SUPERSEDED
    latest = CensusRun.objects.latest("started_at")
    states = dict(Table.objects.values_list("name", "state"))
    assert latest.brake == Brake.NONE
    assert states == {"person": ObjectState.SEEN, "office": ObjectState.GONE, "visit": ObjectState.GONE}


def test_one_of_three_is_believed(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    source.run("DROP TABLE visit")
    source.census()
    assert CensusRun.objects.latest("started_at").brake == Brake.NONE
    assert Table.objects.get(name="visit").state == ObjectState.GONE
