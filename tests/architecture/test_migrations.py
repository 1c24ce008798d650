"""A release may be installed under running processes of the one before: its migrations only add (docs/deploy.md, 'Upgrading').

What is no longer used is removed one release later, by a migration that says so: ``contracts = "why nothing reads it"``.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from tests.architecture.source import APPS

FIRST = {  # what the first release starts with; there is nothing older to get along with
    "core": ("0001_initial", "0002_lease_sequence_and_audit_triggers"),
    "accounts": ("0001_initial",),
    "assets": ("0001_initial", "0002_initial"),
    "quality": ("0001_initial",),
    "quantity": ("0001_initial",),
}
REMOVES = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def later() -> list[Any]:
    loader = MigrationLoader(None)
    return [
        migration
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in ("core", *APPS) and name not in FIRST.get(app, ())
    ]


def faults(migration: Any) -> Iterator[str]:
    """What of a migration would break processes of the release before."""
    created: set[str] = set()
    contracts = bool(getattr(migration, "contracts", ""))
    for operation in migration.operations:
        what = f"{migration.app_label}.{migration.name}: {operation.describe()}"
        if isinstance(operation, migrations.CreateModel):
            created.add(operation.name_lower)
        elif isinstance(operation, REMOVES) and not contracts:
            yield f"{what}: removes what the release before uses"
        elif isinstance(operation, migrations.AddField):
            field = operation.field
            given = field.null or field.many_to_many or field.has_db_default() or getattr(field, "generated", False)
            if operation.model_name_lower not in created and not given:
                yield f"{what}: the release before inserts rows without it; give it a db_default or null"
        elif isinstance(operation, AddIndexConcurrently):
            continue
        elif isinstance(operation, migrations.AddIndex) and operation.model_name_lower not in created:
            yield f"{what}: locks the table for writing; use AddIndexConcurrently and atomic = False"


def test_migrations_get_along_with_the_release_before() -> None:
    assert [fault for migration in later() for fault in faults(migration)] == []


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        (migrations.AddField("job", "x", models.IntegerField(default=0)), True),
        (migrations.AddField("job", "x", models.IntegerField(default=0, db_default=0)), False),
        (migrations.AddField("job", "x", models.IntegerField(null=True)), False),
        (migrations.RemoveField("job", "x"), True),
        (migrations.RenameField("job", "x", "y"), True),
        (migrations.AddIndex("job", models.Index(fields=["kind"], name="x")), True),
        (AddIndexConcurrently("job", models.Index(fields=["kind"], name="x")), False),
    ],
)
def test_the_rule_tells_what_breaks_from_what_does_not(operation: Any, refused: bool) -> None:
    migration = SimpleNamespace(app_label="core", name="x", operations=[operation])
    assert bool(list(faults(migration))) is refused
