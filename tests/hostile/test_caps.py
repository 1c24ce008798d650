"""More than can be held is cut, and whatever was cut says so: tables, columns, comments, cells."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.test import Client

from assets.choices import ObjectState
from assets.models import CensusRun, Column, Table
from scanner.connectors.base import CUT, Connector
from scanner.model import Reading, Rule
from scanner.reading import read_table
from tests.contracts import sources
from tests.contracts.sources import Estate
from tests.flows.support import PostgresSource

Make = Callable[..., PostgresSource]


@pytest.fixture(scope="module", params=["postgresql", "mysql", "sqlite"])
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Five tables of three columns, the last with one giant value."""
    name = f"caps_{os.getpid()}"
    if request.param == "sqlite":
        made = sources.sqlite(tmp_path_factory.mktemp("caps"))
    elif request.param == "mysql":
        made = sources.mysql(request.getfixturevalue("mariadb_server"), name)
    else:
        made = sources.postgresql(request.getfixturevalue("postgres_server"), name)
    long = "longtext" if request.param == "mysql" else "text"
    with made as found:
        for number in range(4):
            found.create(f"t{number}", ["a int PRIMARY KEY", f"b {long}", f"c {long}"], [])
        rows = [(n, f"name {n}", "short") for n in range(50)]
        found.create("t9", ["a int PRIMARY KEY", f"b {long}", f"c {long}"], [*rows, (99, "last", "汉" * 70_000)])
        yield found


# -- tables and columns ------------------------------------------------------------------------------------------------


def test_the_first_tables_by_name_are_listed_and_the_rest_counted(estate: Estate) -> None:
    with estate.open() as connector:
        whole = connector.snapshot()
    with estate.open(tables=3) as connector:
        cut = connector.snapshot()
        assert connector.test().tables >= 3
    assert [table.name for table in cut.tables] == ["t0", "t1", "t2"]
    assert cut.tables == whole.tables[:3]
    assert (cut.cut, whole.cut) == (2, 0)
    assert cut.statements <= whole.statements + 1


def test_the_first_columns_are_listed_and_read_and_the_rest_counted(estate: Estate) -> None:
    with estate.open(columns=2) as connector:
        (table,) = [table for table in connector.snapshot().tables if table.name == "t9"]
        described = connector.describe(estate.schema, "t9")
        reading = read_table(connector, described)
    assert ([column.name for column in table.columns], table.cut) == (["a", "b"], 1)
    assert ([column.name for column in described.columns], described.cut) == (["a", "b"], 1)
    assert (reading.rows, [column.distinct for column in reading.columns]) == (51, [51, 51])


# -- cells -------------------------------------------------------------------------------------------------------------

RULES = (
    Rule("filled", "not_null", ("c",)),
    Rule("short", "length_between", ("c",), {"max": 5}),
    Rule("where", "not_null", ("a",), {}, where="c = 'short'"),
    Rule("other", "length_between", ("b",), {"max": 6}),
)


def read(connector: Connector, estate: Estate, plan: str, **options: Any) -> Reading:
    return read_table(connector, connector.describe(estate.schema, "t9"), plan=plan, rules=RULES, **options)


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_cell_that_fits_is_measured_whole(estate: Estate, plan: str) -> None:
    with estate.open() as connector:
        reading = read(connector, estate, plan)
    longest = reading.columns[2]
    assert longest.length == {"min": 5, "max": 70_000, "mean": (5 * 50 + 70_000) / 51}
    assert [(result.failed, result.error) for result in reading.results] == [
        (0, None),
        (1, None),
        (0, None),
        (40, None),
    ]
    assert len(str(longest.max)) == 1_001  # what is shown of it is short
    assert len(str(longest.as_json())) < 20_000


@pytest.mark.parametrize("plan", ["pull", "push"])
@pytest.mark.parametrize("profile", [True, False])
def test_a_cell_beyond_the_limit_is_cut_at_the_source_and_marked(estate: Estate, plan: str, profile: bool) -> None:
    with estate.open(row_bytes=100_000, cell=1_000) as connector:
        reading = read(connector, estate, plan, profile=profile)
        assert not connector.cutting
        again = read_table(connector, connector.describe(estate.schema, "t1"))
    filled, short, where, other = reading.results
    assert (filled.evaluated, filled.failed, filled.error) == (51, 0, None)
    for touched in (short, where):
        assert touched.error == "c has values of more than 1000 characters, which were cut"
        assert not touched.passed
    assert (other.evaluated, other.failed, other.error) == (51, 40, None)
    assert [column.length and column.length.get("cut") for column in again.columns] == [None, None, None]
    if profile:
        assert reading.columns[2].length == {"min": 5, "max": 1_000, "cut": 1_000, "mean": (5 * 50 + 1_001) / 51}
        assert "cut" not in (reading.columns[1].length or {})
    else:
        assert reading.columns == ()


def test_values_that_do_not_fit_the_memory_are_cut_too(postgres_server: str) -> None:
    """Each row is allowed, all of them together are not: 200 distinct values of a megabyte."""
    name = f"memory_{os.getpid()}"
    with sources.postgresql(postgres_server, name) as estate:
        estate.create("t9", ["a int PRIMARY KEY", "b text", "c text"], [])
        with closing(psycopg2.connect(urlsplit(postgres_server)._replace(path=f"/{name}").geturl())) as admin:
            admin.cursor().execute(
                "INSERT INTO t9 SELECT n, 'b', n || repeat('x', 1000000) FROM generate_series(1, 200) n"
            )
            admin.commit()
        with estate.open() as connector:
            (_, _, long) = read_table(connector, connector.describe("public", "t9"), plan="push").columns
    assert (long.distinct, long.length) == (200, {"min": 65_537, "max": 65_536, "cut": 65_536, "mean": 65_537})


# -- comments ----------------------------------------------------------------------------------------------------------


def test_a_comment_is_kept_to_65536_characters_and_says_when_it_was_longer(postgres_server: str) -> None:
    name = f"comments_{os.getpid()}"
    with sources.postgresql(postgres_server, name) as estate:
        estate.create("t", ["a text", f"b text DEFAULT '{'y' * 70_000}'"], [])
        with closing(psycopg2.connect(urlsplit(postgres_server)._replace(path=f"/{name}").geturl())) as admin:
            admin.cursor().execute(
                f"COMMENT ON TABLE t IS '{'汉' * 65_536}'; COMMENT ON COLUMN t.a IS '{'字' * 70_000}'"
            )
            admin.commit()
        with estate.open() as connector:
            (table,) = connector.snapshot().tables
    assert table.comment == "汉" * 65_536
    assert table.columns[0].comment == "字" * (65_536 - len(CUT)) + CUT
    assert (table.columns[1].default or "").endswith(CUT)


# -- through the platform ----------------------------------------------------------------------------------------------


def page(person: Any, url: str, **query: Any) -> str:
    client = Client()
    client.force_login(person)
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_a_source_with_too_many_tables_says_what_is_not_listed(
    postgres_source: Make, city: SimpleNamespace, settings: Any
) -> None:
    settings.SOURCE_MAX_TABLES = 3
    source = postgres_source("".join(f"CREATE TABLE t{n} (a int);" for n in range(1, 6)))
    job = source.census()
    assert (job.state, job.partial) == ("succeeded", True)
    run = CensusRun.objects.get()
    assert (run.tables_seen, run.state) == (3, "partial")
    said = "数据源共有 5 张表，按名称只登记前 3 张"
    assert said in page(city.police.viewer, run.get_absolute_url())
    client = Client()
    client.force_login(city.police.viewer)
    assert said in client.get(f"/api/v1/census-runs/{run.pk}/").content.decode()
    # what the next look does not list may be there all the same
    source.run("CREATE TABLE t0 (a int)")
    source.admin.cursor().execute(f"GRANT SELECT ON t0 TO {source.reader}")
    source.census()
    assert dict(Table.objects.values_list("name", "state")) == {
        "t0": ObjectState.SEEN, "t1": ObjectState.SEEN, "t2": ObjectState.SEEN, "t3": ObjectState.UNREADABLE,
    }  # fmt: skip
    assert Table.objects.get(name="t3").state_code == "not_listed"
    assert "public.t3 不在已登记的前 3 张表之内" in page(
        city.police.viewer, Table.objects.get(name="t3").get_absolute_url()
    )


@pytest.mark.django_db
def test_a_table_with_too_many_columns_says_what_is_not_listed(
    postgres_source: Make, city: SimpleNamespace, settings: Any
) -> None:
    settings.SOURCE_MAX_COLUMNS = 4
    source = postgres_source("CREATE TABLE wide (" + ", ".join(f"c{n} int" for n in range(7)) + ")")
    source.census()
    source.scan()
    table = Table.objects.get()
    assert (table.state, table.state_code, table.column_count) == (ObjectState.SEEN, "columns_cut", 4)
    assert "public.wide.* 共有 7 个字段，只登记前 4 个" in page(city.police.viewer, table.get_absolute_url())
    settings.SOURCE_MAX_COLUMNS = 2
    assert source.census().partial
    assert Column.objects.filter(state=ObjectState.SEEN).count() == 4  # not gone: not listed
    settings.SOURCE_MAX_COLUMNS = 7
    assert not source.census().partial
    assert (Table.objects.get().state_code, Column.objects.count()) == ("", 7)


@pytest.mark.django_db
def test_comments_of_65536_characters_are_kept_searched_and_shown_in_part(
    postgres_source: Make, city: SimpleNamespace
) -> None:
    chance = random.Random(7)
    comments = ["".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(65_536)) for _ in range(3)]
    source = postgres_source(
        "CREATE TABLE t (a int, b int);"
        f"COMMENT ON TABLE t IS '{comments[0]}'; COMMENT ON COLUMN t.a IS '{comments[1]}'; COMMENT ON COLUMN t.b IS '{comments[2]}'"
    )
    job = source.census()
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    assert list(Column.objects.order_by("name").values_list("comment", flat=True)) == comments[1:]
    table = Table.objects.get()
    assert table.comment == comments[0]
    for url in (table.get_absolute_url(), "/assets/", "/columns/", Column.objects.get(name="a").get_absolute_url()):
        assert len(page(city.police.viewer, url)) < 200_000
    assert table.name in page(city.police.viewer, "/search/", q=comments[0][:12])


@pytest.mark.django_db
def test_a_giant_cell_is_measured_in_part_and_the_page_says_so(postgres_source: Make, city: SimpleNamespace) -> None:
    source = postgres_source(
        "CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TABLE u (a text); INSERT INTO u VALUES ('x');"
        "INSERT INTO t VALUES (1, 'x'), (2, repeat('ab', 20 << 20))"
    )
    source.census()
    job = source.scan()
    assert (job.state, job.partial) == ("succeeded", False)
    column = Column.objects.get(name="b")
    assert "超过 65,536 字的值只按前 65,536 字计量" in page(city.police.viewer, column.get_absolute_url())
    client = Client()
    client.force_login(city.police.viewer)
    answer = client.get(f"/api/v1/columns/{column.pk}/")
    assert answer.status_code == 200
    assert answer.json()["profile"]["length"]["cut"] == 65_536
    assert len(answer.content) < 20_000
