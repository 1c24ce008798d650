"""Two agencies with a row of every kind, built once a module; all apps take part, unlike in the tests of sources beside."""

import pytest

from tests.contracts.places import built, places

__all__ = ["built", "places"]


@pytest.fixture
def own_files() -> None:
    """What is built once is sealed and chained with one key file: the session's."""


@pytest.fixture
def assets_alone() -> None:
    """Nobody is left out of the readings."""
