"""The story of a source, on real servers: registered, tested, censused, scanned, changed, and everything that goes wrong."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from assets.choices import ObjectState
from assets.models import CensusRun, Column, ScanRun, SchemaChange, Table
from assets.services import requests, sources
from core.models import JobItem
from core.search import search
from quantity.models import VolumeSample
from tests.assets.support import finished
from tests.flows.support import PASSWORD, PostgresSource, Proxy

pytestmark = pytest.mark.django_db

REGISTER = """
CREATE TABLE rk_jbxx (gmsfhm char(18) PRIMARY KEY, xm text NOT NULL, csrq text, lxdh text);
COMMENT ON TABLE rk_jbxx IS '人口基本信息';
COMMENT ON COLUMN rk_jbxx.gmsfhm IS '公民身份号码';
INSERT INTO rk_jbxx VALUES ('11010519491231002X', '王晓岚', '19491231', '13800138000'),
    ('440524188001010014', '李敏', '18800101', NULL);
CREATE TABLE hukou (id int PRIMARY KEY, gmsfhm char(18) REFERENCES rk_jbxx, address text);
INSERT INTO hukou SELECT n, '11010519491231002X', '滨海市' || n FROM generate_series(1, 200) n;
CREATE TABLE permit (id int PRIMARY KEY, kind text, due date);
"""


def test_register_test_census_scan_and_find(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    report = source.test()
    assert (report.state, report.error_text) == ("succeeded", "")
    assert (report.result["tables"], report.result["superuser"], report.result["can_write"]) == (3, False, False)
    assert source.census().state == "succeeded"
    job = source.scan()
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    people = Table.objects.get(name="rk_jbxx")
    assert (people.display_name, people.row_count, people.personal_count) == ("人口基本信息", 2, 4)
    assert Table.objects.get(name="hukou").row_count == 200
    assert VolumeSample.objects.filter(table=None).latest("at").rows == 202
    found = search(source.bureau.viewer, "renkou")
    assert [group.kind.kind for group in found.groups] == ["table"]


def test_what_changed_is_told_and_what_is_denied_is_not_gone(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    source.census()
    source.run(f"""
        REVOKE SELECT ON hukou FROM {source.reader};
        ALTER TABLE rk_jbxx ADD COLUMN mz text;
        GRANT SELECT ON rk_jbxx TO {source.reader};
        ALTER TABLE permit RENAME TO licence;
        CREATE TABLE visit (id int PRIMARY KEY, day date);
        GRANT SELECT ON visit TO {source.reader};
    """)
    job = source.census()
    assert (job.state, job.partial) == ("succeeded", True)
    run = CensusRun.objects.latest("started_at")
    rows = SchemaChange.objects.filter(run=run).select_related("table", "column")
    assert {(row.kind, row.table.name, row.column.name if row.column else "") for row in rows} == {
        ("unreadable", "hukou", ""), ("created", "rk_jbxx", "mz"), ("renamed", "licence", ""), ("created", "visit", ""),
    }  # fmt: skip
    hukou = Table.objects.get(name="hukou")
    assert (hukou.state, hukou.state_code, hukou.columns.count()) == (ObjectState.UNREADABLE, "no_permission", 3)
    assert (run.state, run.tables_unreadable, run.tables_gone) == ("partial", 1, 0)
    assert "public.hukou" in JobItem.objects.get(job=job, state="failed").error_text
    source.run(f"GRANT SELECT ON hukou TO {source.reader}; DROP TABLE visit;")
    assert source.census().partial is False
    states = dict(Table.objects.values_list("name", "state"))
    assert (states["hukou"], states["visit"]) == (ObjectState.SEEN, ObjectState.GONE)


def test_a_revoked_column_is_not_gone(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    source.census()
    source.run(
        f"REVOKE SELECT ON rk_jbxx FROM {source.reader}; GRANT SELECT (gmsfhm, xm) ON rk_jbxx TO {source.reader}"
    )
    job = source.census()
    assert (job.state, job.partial) == ("succeeded", True)
    states = dict(Column.objects.filter(table__name="rk_jbxx").values_list("name", "state"))
    assert states == {"gmsfhm": "seen", "xm": "seen", "csrq": "unreadable", "lxdh": "unreadable"}


def test_a_wrong_password_says_who_and_where(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    source.census()
    sources.update_source(actor=source.bureau.manager, source=source.row, secrets={"password": "wrong"})
    job = source.census()
    assert (job.state, job.error_code) == ("failed", "wrong_password")
    assert source.reader in job.error_text
    assert PASSWORD not in job.error_text + str(job.error_params)
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.SEEN}
    source.row.refresh_from_db()
    assert (source.row.state, source.row.error_code) == ("failing", "wrong_password")
    sources.update_source(actor=source.bureau.manager, source=source.row, secrets={"password": PASSWORD})
    assert source.census().state == "succeeded"
    source.row.refresh_from_db()
    assert (source.row.state, source.row.error_code) == ("healthy", "")


def test_a_write_capable_account_is_flagged(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    source.run(f"GRANT INSERT ON permit TO {source.reader}")
    source.census()
    source.row.refresh_from_db()
    assert (source.row.can_write, source.row.superuser) == (True, False)


def test_a_port_nobody_listens_at(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    moved = {**source.row.parameters, "port": port}
    sources.update_source(
        actor=source.bureau.manager, source=source.row, parameters=moved, secrets={"password": PASSWORD}
    )
    for job in (source.test(), source.census()):
        assert (job.state, job.error_code) == ("failed", "unreachable")
        assert str(port) in job.error_text


def test_a_silent_server_ends_as_a_timeout(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        moved = {**source.row.parameters, "port": silent.getsockname()[1]}
        sources.update_source(
            actor=source.bureau.manager, source=source.row, parameters=moved, secrets={"password": PASSWORD}
        )
        job = source.test()
    assert (job.state, job.error_code) == ("failed", "source_timeout")


def test_a_line_cut_in_the_census_leaves_everything(
    postgres_source: Callable[..., PostgresSource], proxy: Proxy
) -> None:
    source = postgres_source(REGISTER, port=proxy.port)
    source.census()
    source.run("DROP TABLE permit")
    proxy.cut_after(1200, times=9)
    job = source.census()
    assert (job.state, job.error_code) == ("failed", "connection_lost")
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.SEEN}
    assert SchemaChange.objects.exclude(kind="created").count() == 0
    proxy.cut_after(0, times=0)
    assert source.census().state == "succeeded"
    assert Table.objects.get(name="permit").state == ObjectState.GONE


def test_a_line_cut_in_the_scan_is_taken_up_again(postgres_source: Callable[..., PostgresSource], proxy: Proxy) -> None:
    source = postgres_source(REGISTER, port=proxy.port)
    source.census()
    proxy.cut_after(4000, times=1)
    job = source.scan()
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    assert proxy.cuts == 0
    assert ScanRun.objects.get().tables_done == 3


def test_a_source_that_is_gone_for_good_fails_the_scan_and_keeps_what_was_read(
    postgres_source: Callable[..., PostgresSource], proxy: Proxy
) -> None:
    source = postgres_source(REGISTER, port=proxy.port)
    source.census()
    source.scan()
    proxy.cut_after(0, times=99)
    job = source.scan()
    assert job.state == "failed"
    assert job.error_code in ("connection_lost", "unreachable")
    assert set(Table.objects.values_list("row_count", flat=True)) == {0, 2, 200}
    source.row.refresh_from_db()
    assert source.row.state == "failing"


def test_an_empty_database(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source("SELECT 1")
    assert (source.census().state, source.scan().state) == ("succeeded", "succeeded")
    assert Table.objects.count() == 0


def test_everything_revoked_is_unreadable_and_needs_no_brake(postgres_source: Callable[..., PostgresSource]) -> None:
    source = postgres_source(REGISTER)
    source.census()
    source.run(f"REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {source.reader}")
    job = source.census()
    assert (job.state, job.partial) == ("succeeded", True)
    assert set(Table.objects.values_list("state", flat=True)) == {ObjectState.UNREADABLE}
    assert CensusRun.objects.latest("started_at").brake == "none"


def test_a_folder_of_files(city: SimpleNamespace, tmp_path: Path) -> None:
    folder = tmp_path / "报送"
    (folder / "2026").mkdir(parents=True)
    (folder / "企业.csv").write_bytes("名称,信用代码\n滨海一厂,91330100MA27XL2P6T\n".encode("gb18030"))
    (folder / "2026" / "投诉.tsv").write_text("编号\t内容\n1\t噪音\n2\t占道\n", encoding="utf-8")
    (folder / "假.xlsx").write_bytes(b"this is no workbook")
    source = sources.register_source(
        actor=city.police.manager,
        agency=city.police.agency,
        kind="files",
        name="报送文件",
        parameters={"path": str(folder)},
    )
    job = finished(requests.request_census(actor=city.police.manager, source=source))
    assert (job.state, job.partial) == ("succeeded", True)
    assert set(Table.objects.values_list("schema_name", "name")) == {("", "企业"), ("2026", "投诉")}
    bad = JobItem.objects.get(job=job, state="failed")
    assert "假.xlsx" in bad.error_text
    job = finished(requests.request_scan(actor=city.police.manager, source=source))
    assert (job.state, job.partial) == ("succeeded", False)
    assert Table.objects.get(name="投诉").row_count == 2
    (folder / "企业.csv").write_bytes(b"a,b\n\x80\xff,1\n")
    finished(requests.request_census(actor=city.police.manager, source=source))
    assert Table.objects.get(name="企业").state == ObjectState.UNREADABLE
    (folder / "2026" / "投诉.tsv").unlink()
    finished(requests.request_census(actor=city.police.manager, source=source))
    assert Table.objects.get(name="投诉").state == ObjectState.GONE
    with suppress(FileNotFoundError):
        (folder / "假.xlsx").unlink()
