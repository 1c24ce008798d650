"""Rows about a column keep its source: filled in by the database, whoever writes them."""

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F

from assets.models import Column
from genes.models import Binding, Decision, Gene, Match
from genes.models.kept import OfColumn
from genes.services.decisions import accept
from standards.models import DataElement

pytestmark = pytest.mark.django_db


def test_every_table_of_rows_about_a_column_has_the_trigger() -> None:
    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, OfColumn | Decision)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'genes_keep_source'")
        assert {name for (name,) in cursor.fetchall()} == tables


def test_the_source_is_that_of_the_column(register: SimpleNamespace) -> None:
    element = DataElement.objects.get(name="公民身份号码")
    accept(actor=register.steward, column=Column.objects.get(name="gmsfhm"), element=element)
    for model in (Gene, Match, Binding, Decision):
        rows = model.objects.filter(column__isnull=False)  # type: ignore[attr-defined]
        assert rows.exists()
        assert not rows.exclude(source=F("column__source")).exists()
    Decision.objects.update(column=None)
    assert not Decision.objects.filter(source__isnull=False).exists()
