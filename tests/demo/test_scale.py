"""The made-up province: as large as asked, as consistent as what censuses and scans leave, and never beside real data unasked."""

from datetime import datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import Agency, Person
from assets.models import Column, DataSource, Table
from core import audit
from core.models import Job, SearchDocument
from demo.scale.load import load
from demo.scale.shape import sources
from genes.models import Binding, MapPlace, Match
from standards.models import DataElement
from tests.accounts import world
from tests.conftest import as_owner

SIZE = {"tables": 60, "columns": 700}


def loaded(tables: int, columns: int) -> dict[str, int]:
    day = timezone.make_aware(datetime(2026, 3, 2, 8))
    with as_owner():  # as `seed_scale` does: indexes go and come
        return load(
            tables=tables, columns=columns, day=day, password=lambda: world.PASSWORD, say=lambda text: None
        ).rows


def indexes() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'")
        return set(cursor.fetchall())


@pytest.mark.django_db
def test_the_province_is_as_large_as_asked_and_its_counters_are_true(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    before = indexes()
    rows = loaded(**SIZE)
    assert (rows["assets.Table"], rows["assets.Column"]) == (60, 700)
    assert indexes() == before
    there, live = Table.objects.exclude(state="gone"), Column.objects.exclude(state="gone")
    counted = dict(live.values_list("table").annotate(Count("pk")))
    assert {table.pk: table.column_count for table in there} == {table.pk: counted[table.pk] for table in there}
    totals = there.values_list("source").annotate(Count("pk"), Sum("column_count"))
    kept = DataSource.objects.values_list("pk", "table_count", "column_count")
    assert sorted(totals) == sorted(kept)
    named = there.count() + live.exclude(table__state="gone").count()
    assert SearchDocument.objects.filter(kind__in=("table", "column")).count() == named
    assert audit.verify().fault is None
    carried = Binding.objects.values_list("column", "element")
    assert rows["genes.Gene"] == Column.objects.filter(state="seen").count() > rows["genes.Binding"] > 100
    assert set(carried) == set(Match.objects.filter(state="accepted").values_list("column", "element"))
    assert MapPlace.objects.count() == DataElement.objects.filter(bindings__isnull=False).distinct().count() > 50
    client = world.browser(Person.objects.get(username="scale_all"))
    assert client.get("/api/v1/tables/").json()["count"] == there.count()


def test_shapes_add_up_to_what_was_asked() -> None:
    for tables, columns in ((1, 1), (7, 7), (60, 700), (1000, 20_000)):
        made = sources(tables, columns)
        assert (sum(len(item.columns) for item in made), sum(sum(item.columns) for item in made)) == (tables, columns)
        assert min(width for item in made for width in item.columns) >= 1
    with pytest.raises(ValueError, match="one column at least"):
        sources(10, 9)


@pytest.mark.django_db
def test_it_is_not_loaded_beside_real_sources_or_twice() -> None:
    DataSource.objects.create(agency=world.agency("市公安局"), name="人口库", kind="postgresql")
    rows = {model: model.objects.count() for model in (Agency, Person, DataSource, Job)}  # type: ignore[attr-defined]
    with pytest.raises(
        CommandError, match="this platform has 1 data sources, and made-up metadata cannot be taken out"
    ):
        call_command("seed_scale", **SIZE)
    DataSource.objects.all().delete()
    with pytest.raises(CommandError, match="one column at least"):
        call_command("seed_scale", tables=10, columns=9)
    assert {model: model.objects.count() for model in rows} == {**rows, DataSource: 0}  # type: ignore[attr-defined]
    world.agency("云川省")
    Agency.objects.filter(name="云川省").update(code="YC")
    with pytest.raises(CommandError, match="in this database already"):
        call_command("seed_scale", beside=True, **SIZE)
