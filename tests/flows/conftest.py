"""The people and sources of the asset tests, here with every app taking part."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest

from tests.assets.support import city, own_files, sqlite_source  # noqa: F401  fixtures
from tests.contracts.conftest import mariadb_server  # noqa: F401  fixture
from tests.flows.support import PostgresSource, Proxy, make_postgres


@pytest.fixture
def postgres_source(city: SimpleNamespace, postgres_server: str) -> Iterator[Callable[..., PostgresSource]]:  # noqa: F811
    """``postgres_source(script)``: a database of its own on the test server, registered with a reader's account."""
    made: list[PostgresSource] = []

    def make(script: str, **options: Any) -> PostgresSource:
        made.append(make_postgres(postgres_server, city.police, script, number=len(made), **options))
        return made[-1]

    yield make
    admin = psycopg2.connect(postgres_server)
    admin.autocommit = True
    for source in made:
        source.admin.close()
        with admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {source.database} WITH (FORCE)")
            cursor.execute(f"DROP ROLE {source.reader}")
    admin.close()


@pytest.fixture
def proxy(postgres_server: str) -> Iterator[Proxy]:
    """A way to the test server that can be cut."""
    with Proxy(postgres_server) as made:
        yield made
