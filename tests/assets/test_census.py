"""What a census promises: what was there is recorded, what differs is a change, nothing unread is called gone."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from assets.choices import ChangeKind, ObjectState
from assets.models import CensusRun, Column, SchemaChange, Table
from assets.services import annotations, requests
from assets.services.known import load_known
from tests.assets.support import SqliteSource, finished

pytestmark = pytest.mark.django_db


def changes(run: CensusRun) -> set[tuple[str, str, str]]:
    """(kind, table, column) of the changes of a run."""
    rows = SchemaChange.objects.filter(run=run).select_related("table", "column")
    return {(row.kind, row.table.name, row.column.name if row.column else "") for row in rows}


def test_first_census_records_tables_columns_and_keys(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    job = source.census()
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    assert sorted(Table.objects.values_list("name", flat=True)) == ["office", "person", "visit"]
    person = Table.objects.get(name="person")
    assert list(person.columns.order_by("position").values_list("name", "primary_key")) == [
        ("id", True), ("name", False), ("sfzh", False), ("birth", False),
    ]  # fmt: skip
    visit = Table.objects.get(name="visit")
    assert [key["ref_table"] for key in visit.foreign_keys] == ["person"]
    run = CensusRun.objects.get()
    assert (run.state, run.tables_seen, run.tables_created, run.columns_seen) == ("succeeded", 3, 3, 11)
    source.row.refresh_from_db()
    assert (source.row.state, source.row.table_count, source.row.column_count) == ("healthy", 3, 11)
    assert changes(run) == {("created", name, "") for name in ("person", "office", "visit")}


def test_second_census_of_an_unchanged_source_changes_nothing(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    first = Table.objects.get(name="person").last_seen_at
    source.census()
    assert CensusRun.objects.count() == 2
    assert SchemaChange.objects.filter(run=CensusRun.objects.latest("started_at")).count() == 0
    assert Table.objects.get(name="person").last_seen_at > first


def test_changes_of_structure_are_told_apart(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    annotations.annotate_table(actor=source.bureau.steward, table=Table.objects.get(name="office"), title="科室")
    source.run("""
        ALTER TABLE office RENAME TO bureau_office;
        ALTER TABLE person ADD COLUMN nation TEXT;
        ALTER TABLE person RENAME COLUMN birth TO csrq;
        DROP TABLE visit;
        CREATE TABLE permit (id INTEGER PRIMARY KEY, kind TEXT, due DATE);
    """)
    source.census()
    run = CensusRun.objects.latest("started_at")
    assert changes(run) == {
        ("renamed", "bureau_office", ""), ("created", "person", "nation"), ("renamed", "person", "csrq"),
        ("gone", "visit", ""), ("created", "permit", ""),
    }  # fmt: skip
    assert (run.tables_renamed, run.tables_changed, run.tables_gone, run.tables_created) == (1, 1, 1, 1)
    assert Table.objects.get(name="bureau_office").title == "科室"
    assert Table.objects.get(name="visit").state == ObjectState.GONE
    renamed = SchemaChange.objects.get(run=run, kind=ChangeKind.RENAMED, column=None)
    assert (renamed.before, renamed.after) == ({"name": "main.office"}, {"name": "main.bureau_office"})


def test_a_table_that_comes_back_is_the_same_table(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    source.census()
    visit = Table.objects.get(name="visit")
    annotations.annotate_table(actor=source.bureau.steward, table=visit, description="来访登记")
    source.run("DROP TABLE visit")
    source.census()
    source.run("CREATE TABLE visit (id INTEGER PRIMARY KEY, person_id INTEGER, day DATE, note TEXT)")
    source.census()
    again = Table.objects.get(name="visit")
    assert (again.pk, again.state, again.description) == (visit.pk, ObjectState.SEEN, "来访登记")
    kinds = SchemaChange.objects.filter(table=visit, column=None).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["created", "gone", "returned", "changed"]


def test_a_column_that_is_dropped_is_gone_and_its_type_is_remembered(
    sqlite_source: Callable[..., SqliteSource],
) -> None:
    source = sqlite_source()
    source.census()
    source.run("ALTER TABLE office DROP COLUMN phone")
    source.census()
    phone = Column.objects.get(name="phone")
    assert phone.state == ObjectState.GONE
    change = SchemaChange.objects.get(column=phone)
    assert (change.kind, change.before) == ("gone", {"name": "phone", "type": "TEXT"})


def test_a_file_that_is_no_database_fails_the_job_and_leaves_everything(
    sqlite_source: Callable[..., SqliteSource],
) -> None:
    source = sqlite_source()
    source.census()
    source.path.write_bytes(b"not a database" * 100)
    job = source.census()
    assert (job.state, job.error_code) == ("failed", "not_sqlite")
    assert str(source.path) in job.error_text
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.SEEN}
    assert CensusRun.objects.latest("started_at").state == "failed"
    source.row.refresh_from_db()
    assert (source.row.state, source.row.error_code) == ("failing", "not_sqlite")


def test_an_empty_database_is_a_census_of_nothing(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source("")
    source.path.unlink()
    source.run("CREATE TABLE once (id INTEGER); DROP TABLE once;")
    job = source.census()
    assert (job.state, job.partial) == ("succeeded", False)
    run = CensusRun.objects.get()
    assert (run.tables_seen, run.brake) == (0, "none")


def test_a_double_click_gives_one_job(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    first = requests.request_census(actor=source.bureau.manager, source=source.row)
    second = requests.request_census(actor=source.bureau.steward, source=source.row)
    assert first.pk == second.pk
    assert finished(first).state == "succeeded"


def test_the_number_of_statements_does_not_grow_with_unchanged_tables(
    sqlite_source: Callable[..., SqliteSource], django_assert_max_num_queries: Any
) -> None:
    script = "".join(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a TEXT, b TEXT);" for n in range(60))
    source = sqlite_source(script)
    source.census()
    requests.request_census(actor=source.bureau.manager, source=source.row)
    from core import jobs

    with django_assert_max_num_queries(60):
        jobs.drain(once=True)  # what follows a census (matching) is counted by its own tests


def test_what_is_known_of_a_column_takes_less_than_a_kilobyte(sqlite_source: Callable[..., SqliteSource]) -> None:
    """A large source has millions of columns: as rows of models they filled the memory of a worker."""
    columns = ", ".join(f"column_{n} VARCHAR(20)" for n in range(1_500))
    source = sqlite_source(f"CREATE TABLE wide ({columns});")
    assert source.census().state == "succeeded"
    load_known(source.row)  # what is loaded once for all
    tracemalloc.start()
    try:
        known = load_known(source.row)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert [len(found) for found in known.columns.values()] == [1_500]
    assert held / 1_500 < 1_000
