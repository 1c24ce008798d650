"""Two agencies that hold the same people: built once, in a transaction that is never committed."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from accounts.models import Person
from assets import contributors
from core import jobs, keys
from genes.contributor import GenesContributor
from standards.services.seed import adopt_shipped
from tests.assets.support import SqliteSource, bureaus
from tests.genes.relations.made import same_people


@pytest.fixture(autouse=True)
def own_files() -> None:
    """The key file of `built`: what was sketched when the agencies were built compares with what a test reads."""


@pytest.fixture(scope="package")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("bureaus")
    others = contributors.all_contributors()
    for other in others:
        contributors.unregister(other.name)
    contributors.register(GenesContributor())
    key_file = folder / "platform" / "keys"
    keys.create(key_file)
    own = override_settings(SOURCE_REFUSED=(), DATA_DIR=folder / "platform", KEY_FILE=str(key_file))
    with own, django_db_blocker.unblock(), transaction.atomic():
        city = bureaus()
        adopt_shipped(actor=None, agency=city.top, code_sets=("GB/T 2261.1",))
        made = same_people(lambda script, name, bureau: SqliteSource(folder / f"{name}.db", bureau, name, script), city)
        jobs.drain()
        yield made
        transaction.set_rollback(True)
    for other in others:
        contributors.register(other)


@pytest.fixture
def people(built: SimpleNamespace, db: None) -> Iterator[SimpleNamespace]:
    """The two agencies; what a test does to them is undone, in their databases too."""
    kept = {source.path: source.path.read_bytes() for source in (built.police, built.civil)}
    for person in (
        built.chief,
        *(one for bureau in (built.city.police, built.city.civil) for one in vars(bureau).values()),
    ):
        person.__dict__.pop("_datagene_scope", None)  # what was remembered of a person in another test
    assert Person.objects.filter(pk=built.chief.pk).exists()
    yield built
    for path, content in kept.items():
        path.write_bytes(content)
