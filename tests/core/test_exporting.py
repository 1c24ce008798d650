"""Lists as files: every page, the filters and the visibility of the list, no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.models import Table
from core import exporting
from core.models import AuditEntry
from tests.accounts.world import browser
from tests.assets.support import SqliteSource, city, own_files, sqlite_source  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def csv_rows(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    content = body(answer)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheet_rows(client: Client, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(body(answer)))
    head, *lines = book.active.iter_rows(values_only=True)
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_text_that_begins_like_a_formula_is_no_formula(mark: str) -> None:
    text = f"{mark}HYPERLINK(0)"
    assert exporting.cell(text) == f"'{text}"
    assert exporting.cell(f"a{text}") == f"a{text}"


def test_cells_hold_what_a_spreadsheet_keeps_exactly() -> None:
    moment = timezone.make_aware(datetime(2026, 11, 25, 9, 14, 2))
    given = [None, True, 0, -7, Decimal("87.50"), 1.5, 10**15, float("nan"), moment, ["a", "b"], "a\0b\x1b\n"]
    assert list(map(exporting.cell, given)) == [
        None, "是", 0, -7, Decimal("87.50"), 1.5, "1000000000000000", "nan", "2026-11-25 09:14:02", "a、b",
        "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}\n",
    ]  # fmt: skip
    assert len(exporting.cell("=" * 40_000)) == exporting.CELL


@pytest.fixture
def hostile(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> SimpleNamespace:  # noqa: F811
    """60 tables of the police, one of them with a name and a column that are formulas; one table of the civil agency."""
    many = "".join(f"CREATE TABLE t{n:03} (a TEXT);" for n in range(59))
    source = sqlite_source(f'{many} CREATE TABLE "=cmd" ("@sum" TEXT); INSERT INTO "=cmd" VALUES (\'=1+1\');')
    source.census()
    source.scan(Table.objects.get(name="=cmd"))
    other = sqlite_source("CREATE TABLE secret (a TEXT);", name="民政库", bureau=city.civil)
    other.census()
    return SimpleNamespace(source=source, client=browser(city.police.manager))


def test_a_list_is_taken_away_whole_with_its_filters_sorting_and_visibility(hostile: SimpleNamespace) -> None:
    address = reverse("assets:table_list")
    every = csv_rows(hostile.client, f"{address}?export=csv&page=2")
    assert [row["表名"] for row in every] == ["'=cmd", *(f"t{n:03}" for n in range(59))]
    found = csv_rows(hostile.client, f"{address}?export=csv&q=t01&sort=-name")
    assert [row["表名"] for row in found] == [f"t{n:03}" for n in range(19, 9, -1)]
    assert {row["数据源"] for row in every} == {hostile.source.row.name}
    assert csv_rows(hostile.client, f"{address}?export=csv&q=nothing-like-it") == []


def test_a_workbook_holds_the_same_and_no_formula(hostile: SimpleNamespace) -> None:
    address = reverse("assets:table_list")
    rows = sheet_rows(hostile.client, f"{address}?export=xlsx")
    assert len(rows) == 60
    assert rows[0]["表名"] == "'=cmd"
    assert (rows[0]["行数"], rows[0]["计量方法"]) == (1, "精确计数")


def test_columns_are_exported_with_their_profiles_masked_as_on_the_page(
    sqlite_source: Callable[..., SqliteSource],  # noqa: F811
    city: SimpleNamespace,  # noqa: F811
) -> None:
    source = sqlite_source()
    source.census()
    source.scan()
    client, table = browser(city.police.viewer), Table.objects.get(name="person")
    of_table = reverse("assets:table_detail", args=[table.pk, "columns"])
    for address in (f"{of_table}?export=csv", f"{reverse('assets:column_list')}?export=csv&table={table.pk}"):
        rows = {row["字段名"]: row for row in csv_rows(client, address)}
        assert list(rows["sfzh"].values())[:5] == ["市公安局", "人口库", "main", "person", ""]
        assert (rows["sfzh"]["空值"], rows["sfzh"]["不同值"], rows["id"]["主键"]) == ("1", "2", "是")
        assert "110*************2X" in rows["sfzh"]["高频值，前 5"]
        assert "11010519491231002X" not in str(rows)
    narrowed = csv_rows(client, f"{of_table}?export=csv&show=gaps&q=b")
    assert [row["字段名"] for row in narrowed] == ["birth"]
    assert sheet_rows(client, f"{of_table}?export=xlsx&q=birth")[0]["空值"] == 1


@pytest.mark.parametrize("format_", exporting.FORMATS)
def test_who_took_what_away_is_written_down(hostile: SimpleNamespace, format_: str) -> None:
    body(hostile.client.get(f"{reverse('assets:table_list')}?export={format_}&q=t01"))
    entry = AuditEntry.objects.get(verb="list.export")
    assert (entry.actor_name, entry.target_label) == ("ga_manager", "数据资产")
    assert entry.changes == {"format": format_, "rows": 10, "query": "q=t01"}


def test_a_workbook_that_would_be_too_long_is_refused_with_a_way_out(
    hostile: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "EXCEL_ROWS", 59)
    answer = hostile.client.get(f"{reverse('assets:table_list')}?export=xlsx&sort=name", follow=True)
    assert answer.redirect_chain == [(f"{reverse('assets:table_list')}?sort=name", 302)]
    assert "共 60 行，超过 Excel 导出的上限 59 行" in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="list.export").exists()


def test_the_menu_follows_the_filters(hostile: SimpleNamespace) -> None:
    address = reverse("assets:table_list")
    page = hostile.client.get(f"{address}?q=t01&page=1").content.decode()
    assert f'href="{address}?q=t01&amp;export=csv" download' in page
    part = hostile.client.get(f"{address}?q=t02", headers={"HX-Request": "true", "HX-Target": "list-results"})
    assert 'id="list-export" hx-swap-oob="true"' in part.content.decode()
    assert f'href="{address}?q=t02&amp;export=xlsx" download' in part.content.decode()
    assert "export=csv" not in hostile.client.get(f"{address}?q=nothing-like-it").content.decode()


LISTS = (
    "assets:source_list", "assets:change_list", "quality:rule_list", "quality:result_list", "quality:finding_list",
    "core:job_list", "quantity:sample_list",
)  # fmt: skip


def test_the_other_lists_give_their_rows_too(
    sqlite_source: Callable[..., SqliteSource],  # noqa: F811
    city: SimpleNamespace,  # noqa: F811
) -> None:
    """As many lines as the page says, and none of it to another agency."""
    source = sqlite_source()
    source.census()
    source.scan()
    own, other = browser(city.police.manager), browser(city.civil.steward)
    for name in LISTS:
        total = own.get(reverse(name)).context["total"]
        assert len(csv_rows(own, f"{reverse(name)}?export=csv")) == total, name
        assert csv_rows(other, f"{reverse(name)}?export=csv") == [], name


def test_nobody_exports_what_the_page_refuses(city: SimpleNamespace) -> None:  # noqa: F811
    assert browser(city.police.viewer).get("/audit/?export=csv").status_code == 403
    assert Client().get(f"{reverse('assets:table_list')}?export=csv").status_code == 302
