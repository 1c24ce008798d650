"""Two tables of one name, in two schemas and two sources of one name, are told apart wherever they stand."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.documents import of_column, of_table
from assets.models import Column, DataSource, Table
from core.search import index
from tests.accounts import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def namesakes(city: SimpleNamespace) -> list[Column]:
    """One column in each of three tables that all are called 人员表."""
    now = timezone.now() - timedelta(days=1)
    made = []
    for agency, schema in ((city.police, "live"), (city.police, "archive"), (city.civil, "live")):
        source, _new = DataSource.objects.get_or_create(agency=agency.agency, name="业务库", kind="postgresql")
        table = Table.objects.create(
            source=source, schema_name=schema, name="person", title="人员表", kind="table", column_count=1,
            first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
        column = Column(table=table, source=source, name="sfzh", title="证件号", type="text", position=1, nullable=True)
        column.first_seen_at = now
        column.save()
        made.append(column)
    index([document for column in made for document in (of_table(column.table), of_column(column))])
    return made


@pytest.fixture
def steward(city: SimpleNamespace) -> Client:
    """Somebody who sees both agencies."""
    return world.browser(world.person(city.top, "steward"))


def test_heads_and_the_way_to_a_table_and_a_column_name_schema_and_source(
    steward: Client, namesakes: list[Column]
) -> None:
    for column in namesakes:
        way = ["资产", column.source.agency.label, "业务库", column.table.schema_name, "人员表"]
        for page, crumbs in ((column.table, way), (column, [*way, "证件号"])):
            answer = steward.get(page.get_absolute_url())
            assert [str(label) for label, _url in answer.context["crumbs"]] == crumbs
            assert f'<li class="code">{page.label}</li>' in answer.content.decode()
        listed = steward.get(answer.context["crumbs"][3][1]).context["page"].object_list
        assert listed == [column.table]  # the schema of the way opens its tables


def test_lists_and_search_tell_namesakes_apart(steward: Client, namesakes: list[Column]) -> None:
    for address in (reverse("assets:table_list"), reverse("assets:column_list"), "/search/?q=人员表"):
        page = steward.get(address).content.decode().replace("<mark>", "").replace("</mark>", "")
        for column in namesakes:
            assert column.table.label in page, address
    listed = steward.get(reverse("assets:column_list")).content.decode()
    for agency in {column.source.agency.label for column in namesakes}:
        assert f"业务库 · {agency}" in listed
    chip = steward.get(reverse("assets:column_list"), {"table": str(namesakes[1].table_id)}).content.decode()
    assert "人员表 archive.person" in chip
