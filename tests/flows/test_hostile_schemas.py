"""Schemas with hostile names from census to page: each is counted, shown as it is called, and nothing of it runs."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils.html import escape

from assets.models import Column, Table
from quality.models import CheckResult
from quality.services.rules import create_rule
from tests.flows.support import PostgresSource

pytestmark = pytest.mark.django_db
NAMES = ["a.b", 'x"; DROP TABLE public.canary; --', "100% {x} %s", "<script>alert(1)</script>", " both ", "x" * 63]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_from_census_to_page(postgres_source: Callable[..., PostgresSource], city: SimpleNamespace) -> None:
    source = postgres_source("CREATE TABLE public.canary (a text); INSERT INTO canary VALUES ('alive')")
    for name in NAMES:
        source.run(
            f"CREATE SCHEMA {quoted(name)}; CREATE TABLE {quoted(name)}.t (id int PRIMARY KEY, a text);"
            f"INSERT INTO {quoted(name)}.t VALUES (1, 'x'), (2, 'y'), (3, NULL), (4, 'x');"
            f"GRANT USAGE ON SCHEMA {quoted(name)} TO {source.reader};"
            f"GRANT SELECT ON {quoted(name)}.t TO {source.reader}"
        )
    job = source.census()
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    tables = list(Table.objects.filter(name="t"))
    assert sorted(table.schema_name for table in tables) == sorted(NAMES)
    for table in tables:
        column = Column.objects.get(table=table, name="a")
        create_rule(actor=city.police.steward, table=table, columns=[column], kind="not_null", parameters={})
    job = source.scan()
    assert (job.state, job.partial, job.result["tables"]) == ("succeeded", False, len(NAMES) + 1)
    results = CheckResult.objects.filter(rule__table__in=tables)
    assert sorted(results.values_list("evaluated", "failed")) == [(4, 1)] * len(NAMES)
    client = Client()
    client.force_login(city.police.steward)
    for table in Table.objects.filter(name="t"):
        assert table.row_count == 4
        for shown in (table, table.columns.get(name="a")):
            answer = client.get(shown.get_absolute_url())
            assert answer.status_code == 200
            assert "<script>alert" not in answer.content.decode()
        assert escape(table.schema_name).strip() in client.get(table.get_absolute_url()).content.decode()
        assert table.schema_name in client.get(f"/api/v1/tables/{table.pk}/").json().values()
    assert "<script>alert" not in client.get("/assets/").content.decode()
    with source.admin.cursor() as cursor:
        cursor.execute("SELECT a FROM public.canary")
        assert cursor.fetchall() == [("alive",)]
    assert (source.census().result["tables"]["gone"], Table.objects.count()) == (0, len(NAMES) + 1)
