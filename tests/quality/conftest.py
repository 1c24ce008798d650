"""People and sources of the asset tests, here with quality taking part in the readings."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from assets.models import Column, Table
from quality.models import Rule
from quality.services.rules import create_rule
from tests.assets.support import SqliteSource, city, own_files, sqlite_source  # noqa: F401  fixtures

STAFF = """
CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT, sfzh TEXT, level TEXT, day TEXT, fee NUMERIC, seen DATE);
INSERT INTO staff VALUES
    (1, '王晓岚', '11010519491231002X', 'A', '20240131', 5, '2024-01-31'), (2, '李敏', '440524188001010014', 'B', '20240230', -1, '2024-01-31'),
    (3, NULL, '110105194912310021', 'A', '20240301', 7.5, '2024-02-01'), (4, '赵一', NULL, 'Z', '2024-03-01', 7.50, '2024-02-02');
CREATE TABLE dept (code TEXT PRIMARY KEY);
INSERT INTO dept VALUES ('A'), ('B');
"""


@pytest.fixture
def staff(sqlite_source: Callable[..., SqliteSource]) -> SimpleNamespace:  # noqa: F811
    """A censused source with one small table; ``rule(kind, columns, **parameters)`` binds a rule to it."""
    source = sqlite_source(STAFF, name="人事库")
    source.census()
    table = Table.objects.get(name="staff")

    def rule(kind: str, *columns: str, **parameters: Any) -> Rule:
        chosen = [Column.objects.get(table=table, name=name) for name in columns]
        return create_rule(actor=source.bureau.steward, table=table, columns=chosen, kind=kind, parameters=parameters)

    return SimpleNamespace(source=source, table=table, rule=rule, steward=source.bureau.steward, bureau=source.bureau)
