"""People and sources of the asset tests, the shipped catalogue adopted, genes taking part in the readings."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from assets import contributors
from genes.contributor import GenesContributor
from standards.services.seed import adopt_shipped
from tests.assets.support import SqliteSource, city, own_files, sqlite_source  # noqa: F401  fixtures

REGISTER = """
CREATE TABLE ry_jbxx (id INTEGER PRIMARY KEY, xm TEXT, xb TEXT, gmsfhm TEXT, sjhm TEXT, zt TEXT, c7 TEXT);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59)
INSERT INTO ry_jbxx SELECT i, '王' || i, CASE i % 2 WHEN 0 THEN '1' ELSE '2' END,
    CASE i % 2 WHEN 0 THEN '11010519491231002X' ELSE '440524188001010014' END, '138' || printf('%08d', i * 7919), 'A',
    CASE i % 2 WHEN 0 THEN '11010519491231002X' ELSE '440524188001010014' END FROM n;
"""


@pytest.fixture(autouse=True)
def genes_take_part() -> Iterator[None]:
    others = contributors.all_contributors()
    for other in others:
        contributors.unregister(other.name)
    contributors.register(GenesContributor())
    yield
    contributors.unregister("genes")
    for other in others:
        contributors.register(other)


@pytest.fixture
def register(sqlite_source: Callable[..., SqliteSource], city: SimpleNamespace) -> SimpleNamespace:  # noqa: F811
    """A source of one table without comments, censused beside the shipped catalogue."""
    adopt_shipped(actor=None, agency=city.top, code_sets=("GB/T 2261.1", "GB/T 3304"))
    source = sqlite_source(REGISTER, name="人口登记库")
    source.census()
    return SimpleNamespace(source=source, steward=source.bureau.steward, city=city)
