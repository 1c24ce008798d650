"""The people and sources of the asset tests, here with every app taking part."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.assets.support import city, own_files, sqlite_source  # noqa: F401  fixtures
from tests.contracts.conftest import mariadb_server  # noqa: F401  fixture
from tests.flows.support import PostgresSource, Proxy, drop_postgres, make_postgres


@pytest.fixture
def postgres_source(city: SimpleNamespace, postgres_server: str) -> Iterator[Callable[..., PostgresSource]]:  # noqa: F811
    """``postgres_source(script)``: a database of its own on the test server, registered with a reader's account."""
    made: list[PostgresSource] = []

    def make(script: str, **options: Any) -> PostgresSource:
        made.append(make_postgres(postgres_server, city.police, script, number=len(made), **options))
        return made[-1]

    yield make
    for source in made:
        drop_postgres(postgres_server, source)


@pytest.fixture
def proxy(postgres_server: str) -> Iterator[Proxy]:
    """A way to the test server that can be cut."""
    with Proxy(postgres_server) as made:
        yield made
