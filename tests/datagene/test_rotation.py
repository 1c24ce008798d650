"""Rotating keys killed half-way: every password opens all along, the rest is finished later, and the old keys can go."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from assets.models import DataSource
from core import crypto, keys
from core.models import KeyRecord
from datagene.environment import database_url

pytestmark = pytest.mark.django_db(transaction=True)
SOURCES = 600
FIELD = "sealed_secrets"


@pytest.fixture
def key_file(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR, settings.KEY_FILE = tmp_path, str(tmp_path / "keys")
    keys.create(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def sources(key_file: Path, city: SimpleNamespace) -> None:
    made = [DataSource(agency=city.police, name=f"库 {number}", kind="mysql") for number in range(SOURCES)]
    for number, source in enumerate(made):
        source.sealed_secrets = crypto.seal(f"secret {number}", crypto.aad(source, FIELD))
    DataSource.objects.bulk_create(made)


def opened() -> set[str]:
    return {crypto.unseal(row.sealed_secrets, crypto.aad(row, FIELD)) for row in DataSource.objects.all()}


def sealed_by() -> dict[str, int]:
    """{data key: number of passwords}."""
    count: dict[str, int] = {}
    for token in DataSource.objects.values_list(FIELD, flat=True):
        kid = token.split(":")[1]
        count[kid] = count.get(kid, 0) + 1
    return count


def test_a_killed_rotation_loses_nothing_and_is_finished_later(sources: None, key_file: Path, settings: Any) -> None:
    everything = {f"secret {number}" for number in range(SOURCES)}
    old_line = key_file.read_text()
    keys.create(key_file.with_name("new"))
    key_file.write_text(key_file.with_name("new").read_text() + old_line)

    given = {
        "DATABASE_URL": database_url(connection.settings_dict), "KEY_FILE": str(key_file),
        "DATAGENE_DATA": str(settings.DATA_DIR),
    }  # fmt: skip
    command = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "rotate_keys", "--batch", "1"]
    rotation = subprocess.Popen(command, env=os.environ | given, stdout=subprocess.DEVNULL)
    while len(sealed_by()) < 2:
        assert rotation.poll() is None, "it was over before it could be killed"
        time.sleep(0.005)
    rotation.kill()
    rotation.wait()
    half = sealed_by()
    assert len(half) == 2, "it was over before it could be killed"
    assert opened() == everything

    call_command("rotate_keys", resume=True)
    active = KeyRecord.objects.get(state="active")
    assert sealed_by() == {active.kid: SOURCES}
    assert set(half) == set(KeyRecord.objects.values_list("kid", flat=True)), "finishing made another key"

    key_file.write_text(key_file.with_name("new").read_text())
    assert crypto.remove_retired(timedelta()) == 1
    crypto._opened.clear()  # what a process that starts now would know
    assert opened() == everything
