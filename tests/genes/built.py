"""A city with the shipped catalogue, built once for a module of tests, in a transaction that is never committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.test import override_settings

from accounts.scope import forget
from core import keys
from genes.selectors.catalogue import matcher
from standards.services.seed import adopt_shipped
from tests.assets.support import SqliteSource, bureaus


@contextmanager
def catalogue(folder: Path, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """``city`` as of ``bureaus``; ``source(script, name, bureau)`` registers a SQLite source of the police."""
    key_file = folder / "platform" / "keys"
    keys.create(key_file)
    own = override_settings(SOURCE_REFUSED=(), DATA_DIR=folder / "platform", KEY_FILE=str(key_file))
    with own, django_db_blocker.unblock(), transaction.atomic():
        city = bureaus()
        adopt_shipped(actor=None, agency=city.top, code_sets=("GB/T 2261.1", "GB/T 3304"))
        matcher()

        def source(script: str, name: str, bureau: SimpleNamespace | None = None) -> SqliteSource:
            return SqliteSource(folder / f"{name}.db", bureau or city.police, name, script)

        yield SimpleNamespace(city=city, steward=city.police.steward, source=source)
        transaction.set_rollback(True)


def as_new(built: SimpleNamespace) -> SimpleNamespace:
    """What was remembered of its people in another test of the module is not true in this one."""
    for bureau in (built.city.police, built.city.civil):
        for person in (bureau.manager, bureau.steward, bureau.viewer):
            forget(person)
    return built
