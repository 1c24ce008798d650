"""Pages of census and scan runs while they go on and after: steps by table, what could not be read, numbers that lead to rows."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.models import CensusRun, ScanRun, SchemaChange, Table, TableProfile
from assets.services import requests, sources
from core.models import Job, JobItem
from tests.accounts.world import browser
from tests.assets.support import SqliteSource, finished
from tests.assets.test_pages import queries, text

pytestmark = pytest.mark.django_db


def fragment(client: Client, address: str, target: str) -> Any:
    """What htmx gets when the block with the id `target` asks for itself."""
    return client.get(address, headers={"HX-Request": "true", "HX-Target": target})


def reopen(run: CensusRun | ScanRun) -> Job:
    """The run and its job as they stood while a worker was at them."""
    now = timezone.now()
    Job.objects.filter(pk=run.job_id).update(
        state="running", finished_at=None, lease_token=9, lease_until=now + timedelta(hours=1), partial=False,
        progress_done=2, progress_total=3, phase="assets.read", started_at=now - timedelta(seconds=40),
    )  # fmt: skip
    type(run).objects.filter(pk=run.pk).update(state="running", finished_at=None)
    return Job.objects.get(pk=run.job_id)


@pytest.fixture
def scan(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> SimpleNamespace:
    """A scanned source of three tables, with a steward's browser."""
    source = sqlite_source()
    source.census()
    source.scan()
    return SimpleNamespace(source=source, run=ScanRun.objects.get(), client=browser(city.police.manager))


def test_a_running_scan_follows_itself_and_fetches_the_page_at_its_end(scan: SimpleNamespace) -> None:
    address = scan.run.get_absolute_url()
    TableProfile.objects.get(table__name="visit").delete()
    job = reopen(scan.run)
    page = text(scan.client, address)
    assert 'id="run-live" hx-get="' in page
    assert "逐表读取 2 / 3" in page
    part = fragment(scan.client, address, "run-live").content.decode()
    assert part.lstrip().startswith("<div")
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part
    assert [name in part for name in ("person", "office", "visit")] == [True, True, False]

    Job.objects.filter(pk=job.pk).update(
        state="succeeded", finished_at=timezone.now(), lease_until=None, lease_token=None
    )
    last = fragment(scan.client, address, "run-live")
    assert last.headers["HX-Trigger"] == "jobs-changed"
    assert 'hx-trigger="load" hx-target="#main" hx-select="#main"' in last.content.decode()
    assert "every 2s" not in last.content.decode()
    assert "hx-trigger" not in text(scan.client, address).partition('id="main"')[2].partition("</main>")[0]


def test_a_scan_lists_what_failed_first_and_says_why(scan: SimpleNamespace) -> None:
    scan.source.run("DROP TABLE office")
    job = scan.source.scan()
    assert job.partial
    run = ScanRun.objects.latest("started_at")
    page = text(scan.client, run.get_absolute_url())
    steps = page[page.index('id="run-steps"') :]
    assert steps.index("main.office") < steps.index("main.person")
    assert "表 main.office 不存在" in steps
    assert "1 张表没有读到" in page


def test_the_source_page_follows_its_running_scan(scan: SimpleNamespace) -> None:
    reopen(scan.run)
    address = reverse("assets:source_detail", args=[scan.source.row.pk, "tables"])
    page = text(scan.client, address)
    assert f'id="source-live" hx-get="{address}" hx-trigger="every 2s"' in page
    assert f'href="{scan.run.get_absolute_url()}"' in page
    part = fragment(scan.client, address, "source-live").content.decode()
    assert "最近完成的表" in part
    assert "3 行" in part
    Job.objects.update(state="succeeded", finished_at=timezone.now(), lease_until=None, lease_token=None)
    assert 'hx-select="#main"' in fragment(scan.client, address, "source-live").content.decode()


def test_pages_of_runs_ask_as_much_for_many_tables_as_for_one(
    sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace
) -> None:
    client = browser(city.police.manager)
    counts = {}
    for name, script in (
        ("甲", "CREATE TABLE t (a TEXT);"),
        ("乙", "".join(f"CREATE TABLE t{n} (a TEXT);" for n in range(9))),
    ):
        source = sqlite_source(script, name=name)
        source.census()
        source.scan()
        for run in (CensusRun.objects.get(source=source.row), ScanRun.objects.get(source=source.row)):
            address = run.get_absolute_url()
            client.get(address)
            counts.setdefault(type(run), set()).add(queries(client, address))
    assert {model: len(found) for model, found in counts.items()} == {CensusRun: 1, ScanRun: 1}


def test_steps_of_a_census_link_to_their_tables(scan: SimpleNamespace) -> None:
    page = text(scan.client, CensusRun.objects.get().get_absolute_url())
    for table in Table.objects.all():
        assert f'href="{table.get_absolute_url()}" id="step-{table.pk}"' in page


def test_numbers_of_a_census_open_the_rows_they_count(scan: SimpleNamespace) -> None:
    scan.source.run(
        "ALTER TABLE office ADD COLUMN fax TEXT; ALTER TABLE office ADD COLUMN room TEXT; CREATE TABLE more (a TEXT)"
    )
    scan.source.census()
    run = CensusRun.objects.latest("started_at")
    assert (run.tables_created, run.tables_changed) == (1, 1)
    assert SchemaChange.objects.filter(run=run, kind="created").count() == 3
    page = text(scan.client, run.get_absolute_url())
    created = f"{reverse('assets:change_list')}?census={run.pk}&amp;kind=created&amp;of_table=yes"
    changed = f"{reverse('assets:table_list')}?changed_in={run.pk}"
    assert f'href="{created}"' in page
    assert f'href="{changed}"' in page
    assert "共 1 处变更" in text(scan.client, created.replace("&amp;", "&"))
    assert "共 1 张表" in text(scan.client, changed)


def test_what_could_never_be_read_is_found_from_the_source(city: SimpleNamespace, tmp_path: Any) -> None:
    """Of files: one that is no workbook was never on the register, one that was readable before is."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "bad.xlsx").write_bytes(b"no workbook at all")
    row = sources.register_source(
        actor=city.police.manager,
        agency=city.police.agency,
        kind="files",
        name="报表",
        parameters={"path": str(folder)},
    )

    def census() -> Job:
        return finished(requests.request_census(actor=city.police.manager, source=row))

    assert census().partial
    (folder / "good.csv").write_bytes(b"a,b\n\xff\xff,2\n")
    census()
    client = browser(city.police.viewer)
    page = text(client, row.get_absolute_url())
    tab = reverse("assets:source_detail", args=[row.pk, "unreadable"])
    assert f'<a href="{tab}">2</a>' in page
    listed = text(client, tab)
    assert "文件 bad.xlsx 不是 Excel 工作簿" in listed
    assert "从未读到，尚未登记" in listed
    assert "第 2 行既不是 UTF-8 也不是 GB18030 编码" in listed
    assert Table.objects.get(name="good").get_absolute_url() in listed
    (folder / "bad.xlsx").unlink()
    (folder / "good.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    census()
    assert tab not in text(client, row.get_absolute_url())
    assert "没有无法读取的对象" in text(client, tab)


def test_an_unfinished_item_that_names_no_table_is_shown_as_text(scan: SimpleNamespace) -> None:
    run = CensusRun.objects.get()
    JobItem.objects.create(
        job_id=run.job_id, key="unreadable:<b>x</b>", label="<b>x</b>", state="failed",
        detail={"code": "no_permission", "params": {"object": "<b>x</b>"}},
    )  # fmt: skip
    page = text(scan.client, run.get_absolute_url())
    assert "<b>x</b>" not in page
    assert "账号无权读取 &lt;b&gt;x&lt;/b&gt;" in page


def test_a_stranger_gets_no_part_of_a_run(scan: SimpleNamespace, city: SimpleNamespace) -> None:
    stranger = browser(city.civil.steward)
    assert fragment(stranger, scan.run.get_absolute_url(), "run-live").status_code == 404
    assert fragment(stranger, scan.source.row.get_absolute_url(), "source-live").status_code == 404


def test_profiles_are_read_on_the_tab_that_shows_them(scan: SimpleNamespace) -> None:
    table = Table.objects.get(name="person")

    def reads_profiles(*tab: str) -> bool:
        with CaptureQueriesContext(connection) as captured:
            text(scan.client, reverse("assets:table_detail", args=[table.pk, *tab]))
        return any('FROM "assets_columnprofile"' in query["sql"] for query in captured)

    assert (reads_profiles("columns"), reads_profiles(), reads_profiles("changes")) == (True, False, False)


def test_the_columns_of_a_table_are_narrowed_by_text_and_by_kind(scan: SimpleNamespace) -> None:
    address = reverse("assets:table_detail", args=[Table.objects.get(name="person").pk, "columns"])
    page = text(scan.client, f"{address}?q=SFZ")
    assert ("sfzh" in page, ">birth<" in page) == (True, False)
    page = text(scan.client, f"{address}?show=gaps")
    assert (">sfzh<" in page, ">name<" in page) == (True, False)
    assert "没有符合条件的字段" in text(scan.client, f"{address}?q=nothing-like-it")
    assert "没有符合条件的字段" in text(scan.client, f"{address}?show=unprofiled")


def test_jobs_that_ended_leave_no_polling_behind(scan: SimpleNamespace) -> None:
    assert finished(Job.objects.latest("created_at")).state == "succeeded"
    assert "every 2s" not in text(scan.client, scan.source.row.get_absolute_url())
