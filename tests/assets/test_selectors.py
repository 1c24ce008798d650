"""What pages read: numbers that equal their lists, search within one's agency, references, history."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from assets.indicators import INDICATORS
from assets.models import CensusRun, ScanRun, Table
from assets.selectors import catalogue, register, runs
from assets.services import annotations, requests, sources, systems
from core import indicators, jobs
from core.jobs import request_cancel
from core.models import Job, Schedule
from core.search import search
from scanner.model import Reading, Rule
from tests.assets.support import SqliteSource, finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate(city: SimpleNamespace, sqlite_source: Callable[..., SqliteSource]) -> SimpleNamespace:
    ours, theirs = sqlite_source(), sqlite_source(name="婚姻库", bureau=city.civil)
    for source in (ours, theirs):
        source.census()
        source.scan()
    systems.create_system(actor=city.police.manager, agency=city.police.agency, code="S1", name="户籍系统")
    return SimpleNamespace(city=city, ours=ours, theirs=theirs)


def test_every_number_is_the_length_or_sum_of_its_list(estate: SimpleNamespace) -> None:
    for person in (estate.city.police.viewer, estate.city.police.steward, estate.city.civil.viewer):
        values = indicators.read([item.key for item in INDICATORS], person)
        for item in INDICATORS:
            rows = item.queryset(person)
            wanted = sum(getattr(row, item.total) or 0 for row in rows) if item.total else len(rows)
            assert values[item.key].value == wanted, item.key
    police = indicators.read([item.key for item in INDICATORS], estate.city.police.viewer)
    assert [police[f"assets.{name}"].value for name in ("systems", "sources", "tables", "columns", "rows")] == [
        1, 1, 3, 11, 5,
    ]  # fmt: skip


def test_search_finds_by_any_name_and_only_ones_own(estate: SimpleNamespace) -> None:
    annotations.annotate_table(
        actor=estate.city.police.steward,
        table=Table.objects.get(source=estate.ours.row, name="office"),
        title="办事科室",
    )
    for text in ("办事科室", "bsks", "office"):
        assert [hit.url for group in search(estate.city.police.viewer, text).groups for hit in group.hits], text
    assert search(estate.city.civil.viewer, "办事科室").total == 0
    assert search(estate.city.civil.viewer, "户籍系统").total == 0
    assert search(estate.city.police.viewer, "户籍系统").total == 1


def test_references_are_seen_from_both_sides(estate: SimpleNamespace) -> None:
    tables = {table.name: table for table in catalogue.tables_visible_to(estate.city.police.viewer)}
    (pointing,) = catalogue.references_from(tables["visit"])
    assert (pointing.target, pointing.columns) == (tables["person"], ("person_id",))
    (pointed,) = catalogue.references_to(tables["person"])
    assert pointed.table == tables["visit"]


def test_schemas_and_systems_add_up(estate: SimpleNamespace) -> None:
    (schema,) = catalogue.schemas_of(estate.ours.row)
    assert (schema.name, schema.tables, schema.rows, schema.unreadable) == ("main", 3, 5, 0)
    (system,) = register.systems_visible_to(estate.city.police.viewer)
    assert (system.source_count, system.table_total) == (0, 0)


def test_a_run_whose_job_died_does_not_seem_to_go_on(estate: SimpleNamespace) -> None:
    run = CensusRun.objects.filter(source=estate.ours.row).latest("started_at")
    CensusRun.objects.filter(pk=run.pk).update(state="running")
    Job.objects.filter(pk=run.job_id).update(state="failed", error_code="worker_lost")
    assert runs.census_runs_visible_to(estate.city.police.viewer).get(pk=run.pk).shown_state == "failed"
    estate.ours.census()
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "worker_lost")


class Cancelling:
    """A contributor that sees the second table and has the job cancelled there."""

    name = "cancelling"

    def __init__(self, actor: Any) -> None:
        self.actor, self.seen = actor, 0

    def rules_for(self, table: Table) -> Sequence[Rule]:
        self.seen += 1
        if self.seen == 2:
            request_cancel(actor=self.actor, job=Job.objects.get(kind="assets.scan", state="running"))
        return []

    def store(self, *, table: Table, reading: Reading, run: ScanRun) -> None:
        pass

    def finish(self, *, run: ScanRun) -> None:
        raise AssertionError("a cancelled scan has no end to celebrate")


def test_a_cancelled_scan_keeps_what_it_has(
    sqlite_source: Callable[..., SqliteSource], contributor: Callable[[Any], None]
) -> None:
    source = sqlite_source()
    source.census()
    contributor(Cancelling(source.bureau.manager))
    job = source.scan()
    assert (job.state, job.partial) == ("cancelled", True)
    read = Table.objects.exclude(profiled_at=None).count()
    assert 0 < read < 3
    assert (ScanRun.objects.get().state, ScanRun.objects.get().tables_done) == ("cancelled", read)


def test_a_schedule_takes_the_census(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    sources.update_source(actor=source.bureau.manager, source=source.row, census_cron="0 2 * * *")
    Schedule.objects.update(next_at=timezone.now())
    jobs.tick()
    job = Job.objects.get(kind="assets.census")
    assert job.actor_id is None
    assert finished(job).state == "succeeded"
    assert CensusRun.objects.get().tables_seen == 3


def test_a_disabled_source_is_left_alone(sqlite_source: Callable[..., SqliteSource]) -> None:
    source = sqlite_source()
    job = requests.request_census(actor=source.bureau.manager, source=source.row)
    sources.disable_source(actor=source.bureau.manager, source=source.row)
    assert (finished(job).state, job.error_code) == ("failed", "source_inactive")
    assert "人口库" in job.error_text
