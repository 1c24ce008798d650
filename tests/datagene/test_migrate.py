"""Migrating under a running platform: nobody waits long behind the migration, and it comes through when it can."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from datagene.environment import database_url
from datagene.management.commands import migrate
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A release before the app quantity, and somebody who holds the table that its migration refers to."""
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(migrate, "PAUSE", 0.1)
    with as_owner():
        call_command("migrate", "quantity", "zero", verbosity=0)
        holder = psycopg2.connect(database_url(connection.settings_dict))
        holder.cursor().execute("LOCK TABLE assets_datasource IN ACCESS SHARE MODE")
        holder.cursor().execute("LOCK TABLE assets_datasource IN ROW EXCLUSIVE MODE")
        yield holder
        holder.close()
        call_command("migrate", verbosity=0)


def applied() -> bool:
    return ("quantity", "0001_initial") in MigrationRecorder(connection).applied_migrations()


def test_a_table_in_use_stops_the_migration_not_the_platform(busy: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="in use at each of 3 tries"):
        call_command("migrate", verbosity=0, tries=3)
    assert capsys.readouterr().err.count("trying again") == 2
    assert not applied()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_the_migration_comes_through_once_the_table_is_free(busy: Any) -> None:
    release = threading.Timer(0.5, busy.rollback)
    release.start()
    call_command("migrate", verbosity=0, tries=100)
    release.join()
    assert applied()
