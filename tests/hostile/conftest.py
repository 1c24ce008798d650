"""Real engines to stand behind the rogue ones; the two agencies of the asset tests."""

from tests.assets.support import assets_alone, city, contributor, own_files, sqlite_source
from tests.contracts.conftest import mariadb_server
from tests.flows.conftest import postgres_source

__all__ = ["assets_alone", "city", "contributor", "mariadb_server", "own_files", "postgres_source", "sqlite_source"]
