"""What every test stands on: a real PostgreSQL, a network that ends at this machine, and an honest list of what was left out."""

import ipaddress
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection


def _stay_on_this_machine(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: a test that talks to another host fails at once and by name (unix sockets and loopback pass)."""
    if event != "socket.connect":
        return
    address = arguments[1]
    if not isinstance(address, tuple) or address[0] in ("localhost", ""):
        return
    try:
        local = ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        raise RuntimeError(f"a test tried to reach {address[0]!r}; tests stay on this machine")


sys.addaudithook(_stay_on_this_machine)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a superuser on the PostgreSQL server of this test session (for tests that make their own databases and roles)."""
    yield os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Transactional tests empty every table; the audit trail refuses that, so this one trigger is off here."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_truncate")
