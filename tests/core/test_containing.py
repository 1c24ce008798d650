"""The index of pairs leaves out nothing: a filter by a part of a text finds exactly what the plain comparison finds."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from assets.models import Column, DataSource, Table
from core.containing import containing, reached
from tests.accounts import world

NAMES = (
    "T_RK_DJXX", "t_rk", "人口登记", "人口", "口人", "登记人口信息表", "a", "A", "ß", "Straße", "STRASSE", "İstanbul", "ﬁle", "100%", "100", "a_b",
    "axb", "back\\slash", "it's", '"quoted"', "two  blanks", "tab\there", "line\nbreak", "𠮷野", "😀😀", "é", "e\u0301", "&|!():*", "'':*", "库",
)  # fmt: skip
ASKED = (
    "人", "口", "人口", "口登", "登记人口", "吉", "𠮷", "t", "T", "rk", "RK_", "_", "%", "0%", "a_b", "\\", "k\\s", "'", "t's", '"', " ", "  b", "\t",
    "e\nb", "ß", "ss", "STRASSE", "i", "İ", "ﬁ", "fi", "😀", "é", "e\u0301", "\u0301", "&|", "!", "):", ":*", "'':*", "nothing", "T_RK_DJXX", "x" * 300,
)  # fmt: skip


@pytest.fixture
def tables(db: None) -> Any:
    source = DataSource.objects.create(agency=world.agency(), name="库", kind="postgresql")
    now = timezone.now()
    Table.objects.bulk_create(
        Table(
            source=source, name=f"{number}", comment=name, title=name[::-1][:50], schema_name=name[:1],
            kind="table", first_seen_at=now, last_seen_at=now,
        )
        for number, name in enumerate(NAMES)
    )  # fmt: skip
    Table.objects.create(
        source=source,
        name="long",
        comment="长" * 2100 + "尾巴在两千字之后的这里",
        kind="table",
        first_seen_at=now,
        last_seen_at=now,
    )
    for table in Table.objects.all():
        Column.objects.create(
            table=table, source=source, name=f"c{table.name}", position=1, type="text", value_class="text", first_seen_at=now
        )  # fmt: skip
    return Table.objects.order_by("pk")


def plainly(rows: Any, text: str) -> list[Any]:
    condition = Q()
    for field in rows.model.contained:
        condition |= Q(**{f"{field}__icontains": text})
    return list(rows.filter(condition))


@pytest.mark.parametrize("scans", ["seq", "index"])
def test_it_finds_what_the_plain_comparison_finds(tables: Any, scans: str) -> None:
    """Word for word, with one character and with two, in Chinese, with wildcards that stand for themselves."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_seqscan = {'on' if scans == 'seq' else 'off'}")
    found = {text: list(containing(tables, text)) for text in ASKED}
    assert found == {text: plainly(tables, text) for text in ASKED}
    assert [table.comment for table in found["%"]] == ["100%"]
    assert list(containing(tables, "尾巴")) == []  # beyond the 2,000 characters that are indexed
    assert {table.comment for table in found["人"]} == {"人口登记", "人口", "口人", "登记人口信息表"}


def test_the_index_serves_it(tables: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")  # a handful needs neither
    assert "assets_table_containing" in containing(tables, "人口").explain()
    assert "assets_table_containing" in containing(tables, "人").explain()


def test_a_row_is_reached_by_its_own_names_and_by_those_it_hangs_on(tables: Any) -> None:
    columns = Column.objects.order_by("pk")
    for text in ("人口", "c1", "%", "t_rk"):
        own = [column.pk for column in plainly(columns, text)]
        expected = columns.filter(Q(pk__in=own) | Q(table__in=plainly(tables, text)))
        assert list(reached(columns, ("", "table"), text)) == list(expected)
    assert list(reached(columns, ("table",), "c1")) == []
