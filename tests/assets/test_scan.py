"""What a scan promises: one reading a table, masked values, history kept, one bad table does not spoil the rest."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from assets.choices import ObjectState, PersonalKind
from assets.models import Column, ColumnProfile, ScanRun, Table, TableProfile
from assets.selectors.catalogue import columns_of
from assets.selectors.profiles import shown_profile
from assets.services import sources
from core.models import JobItem
from scanner.model import Reading, Rule
from tests.assets.support import SqliteSource

pytestmark = pytest.mark.django_db


def test_a_scan_counts_and_profiles_every_table(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    job = source.scan()
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    assert dict(Table.objects.values_list("name", "row_count")) == {"person": 3, "office": 2, "visit": 0}
    profile = ColumnProfile.objects.get(column__name="sfzh")
    assert (profile.rows, profile.nulls, profile.distinct, profile.current) == (3, 1, 2, True)
    assert profile.null_share == pytest.approx(1 / 3)
    assert profile.identifiers["citizen_id"] == 1.0
    run = ScanRun.objects.get()
    assert (run.state, run.tables_done, run.tables_failed, run.rows_read) == ("succeeded", 3, 0, 5)
    source.row.refresh_from_db()
    assert source.row.row_total == 5


def test_personal_values_are_masked_before_they_are_stored(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    source.scan()
    column = Column.objects.get(name="sfzh")
    assert column.personal_kind == PersonalKind.CITIZEN_ID
    stored = ColumnProfile.objects.get(column=column)
    assert stored.top == [["110*************2X", 1], ["440*************14", 1]]
    assert stored.min.count("*") == 13
    assert Table.objects.get(name="person").personal_count == 3
    for profile in ColumnProfile.objects.all():
        assert "11010519491231002X" not in f"{profile.top} {profile.min} {profile.max} {profile.quantiles}"


def test_an_open_source_shows_values_and_a_hidden_one_none(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    sources.update_source(actor=source.bureau.manager, source=source.row, values_policy="open")
    source.census()
    source.scan()
    column = columns_of(Table.objects.get(name="office")).get(name="title")
    shown = shown_profile(column)
    assert shown is not None
    assert shown["top"] == [["办事一科", 1], ["办事二科", 1]]
    sources.update_source(actor=source.bureau.manager, source=source.row, values_policy="hidden")
    hidden = shown_profile(columns_of(Table.objects.get(name="office")).get(name="title"))
    assert hidden is not None
    assert (hidden["top"], hidden["min"], hidden["max"], hidden["distinct"]) == ([], None, None, 2)


def test_a_second_scan_keeps_the_first_as_history(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    source.scan()
    source.run("INSERT INTO office VALUES ('A3', '办事三科', NULL)")
    source.scan()
    office = Table.objects.get(name="office")
    assert list(office.profiles.order_by("at").values_list("rows", "current")) == [(2, False), (3, True)]
    old, new = ColumnProfile.objects.filter(column__name="code").order_by("at")
    assert (old.current, old.sketch, new.current) == (False, None, True)
    assert new.sketch is not None


def test_only_the_chosen_tables_are_read(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    source.scan(Table.objects.get(name="office"))
    assert list(TableProfile.objects.values_list("table__name", flat=True)) == ["office"]
    assert ScanRun.objects.get().selected is True


def test_a_table_that_cannot_be_read_keeps_its_profile_and_the_rest_goes_on(
    sqlite_source: Callable[..., SqliteSource],
) -> None:
    source = sqlite_source()
    source.census()
    source.scan()
    before = Table.objects.get(name="visit").profiled_at
    source.run("DROP TABLE visit")
    job = source.scan()
    assert (job.state, job.partial) == ("succeeded", True)
    visit = Table.objects.get(name="visit")
    assert (visit.state, visit.state_code, visit.profiled_at) == (ObjectState.UNREADABLE, "no_such_table", before)
    assert TableProfile.objects.filter(table=visit, current=True).count() == 1
    run = ScanRun.objects.latest("started_at")
    assert (run.state, run.tables_done, run.tables_failed) == ("partial", 2, 1)
    assert "visit" in JobItem.objects.get(job=job, state="failed").error_text


def test_a_scan_that_reads_nothing_fails(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source("CREATE TABLE only (id INTEGER PRIMARY KEY, a TEXT)")
    source.census()
    source.run("DROP TABLE only")
    job = source.scan()
    assert (job.state, job.error_code, ScanRun.objects.get().state) == ("failed", "nothing_read", "failed")


class Counting:
    """A contributor that asks for one rule and remembers what it was given."""

    name = "counting"

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self.finished = 0

    def rules_for(self, table: Table) -> Sequence[Rule]:
        return [Rule("r1", "not_null", ("sfzh",))] if table.name == "person" else []

    def store(self, *, table: Table, reading: Reading, run: ScanRun) -> None:
        self.stored |= {f"{table.name}.{result.id}": result.failed for result in reading.results}

    def finish(self, *, run: ScanRun) -> None:
        self.finished += 1


def test_contributors_share_the_one_reading(
    sqlite_source: Callable[..., SqliteSource], contributor: Callable[[Any], None]
) -> None:
    one = Counting()
    contributor(one)
    source = sqlite_source()
    source.census()
    source.scan()
    assert (one.stored, one.finished) == ({"person.r1": 1}, 1)
    assert TableProfile.objects.count() == 3


class Failing(Counting):
    name = "failing"

    def store(self, *, table: Table, reading: Reading, run: ScanRun) -> None:
        raise RuntimeError("a bug of a contributor")


@pytest.mark.filterwarnings("default")
def test_a_contributor_that_breaks_leaves_no_half_profile(
    sqlite_source: Callable[..., SqliteSource], contributor: Callable[[Any], None]
) -> None:
    contributor(Failing())
    source = sqlite_source()
    source.census()
    job = source.scan()
    assert (job.state, job.error_code) == ("failed", "internal_error")
    assert TableProfile.objects.count() == 0
    assert ScanRun.objects.get().state == "failed"
