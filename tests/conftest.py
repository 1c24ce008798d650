"""What every test stands on: a real PostgreSQL, a network that ends at this machine, and an honest list of what was left out.

`DATABASE_URL` (a superuser's) and `REDIS_URL` choose servers; without them embedded ones live as long as the session.
"""

import contextlib
import ipaddress
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from playwright.sync_api import Browser, Playwright, sync_playwright

from core import jobs
from datagene import environment, ownership
from datagene.embedded import layout as layouts
from datagene.embedded.layout import Layout
from datagene.embedded.postgres import Postgres
from datagene.embedded.process import free_port
from datagene.embedded.valkey import Valkey

APPLICATION = f"datagene_test_app_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"  # whose rights the tests have


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


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Playwright's sync interface runs an event loop in this thread; Django would refuse the database there otherwise.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def server_place() -> Iterator[Layout]:
    """A data directory that the servers' account can enter; pytest's own temporary directories are closed to others."""
    directory = Path(tempfile.mkdtemp(prefix="datagene-test-"))
    place = Layout(directory / "data")
    directory.chmod(0o711)
    layouts.prepare(place)
    place.binaries.mkdir(mode=0o755)
    yield place
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(place.sockets)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a superuser on the PostgreSQL server of this session (for tests that make their own databases and roles)."""
    if os.environ.get("DATABASE_URL"):
        yield os.environ["DATABASE_URL"]
        return
    place = request.getfixturevalue("server_place")
    server = Postgres(place, layouts.owner(), print, tcp_port=free_port())
    server.start()
    yield server.url()
    server.stop()


@pytest.fixture(scope="session")
def redis_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a Redis or Valkey that tests may fill and wipe."""
    if os.environ.get("REDIS_URL"):
        yield os.environ["REDIS_URL"]
        return
    server = Valkey(request.getfixturevalue("server_place"), layouts.owner(), print)
    server.start()
    yield server.url()
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: str) -> None:
    """pytest-django asks before it makes the test database: on the server of this session."""
    connections.settings["default"].update(environment.postgres(postgres_server))
    settings.DATABASE_OWNER = None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests have the rights of the application (ADR 0012): what works only for the owner of the tables fails here too.

    Transactional tests empty every table; the audit trail refuses that, so this one trigger is off.
    """
    with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_truncate")
        cursor.execute(f"DROP ROLE IF EXISTS {APPLICATION}; CREATE ROLE {APPLICATION} CREATEDB")
        _give_rights(cursor)
    connection_created.connect(_take_role)
    yield
    connection_created.disconnect(_take_role)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
        cursor.execute("RESET ROLE")  # threads of served pages may still be connected to what is dropped now
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


def _give_rights(cursor: Any) -> None:
    cursor.execute(ownership.GRANTS.format(role=APPLICATION))
    cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {APPLICATION}")
    cursor.execute(f"SET ROLE {APPLICATION}")


def _take_role(connection: Any, **_kwargs: Any) -> None:
    if str(connection.settings_dict["NAME"]).startswith("test_"):
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {APPLICATION}")


@contextlib.contextmanager
def as_owner() -> Iterator[Any]:
    """A cursor that may do anything to the platform's tables, which every new connection may too meanwhile."""
    connection_created.disconnect(_take_role)
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("RESET ROLE")
            yield cursor
    finally:
        with connections["default"].cursor() as cursor:
            _give_rights(cursor)
        connection_created.connect(_take_role)


@pytest.fixture(scope="session", autouse=True)
def nobody_is_told_of_jobs() -> None:
    """Jobs of tests wait in the ledger: a broker of this machine must not hand them to somebody's worker."""
    jobs.register_dispatcher(None)


# What this machine lacks: the name people know, whether it is here, and what brings it.
def _has_chinese_font() -> bool:
    try:
        return bool(subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, check=False).stdout.strip())
    except FileNotFoundError:
        return False


def _has(*programs: str) -> bool:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return any(shutil.which(program, path=path) for program in programs)


def left_out() -> dict[str, str]:
    """What could not be tested here → the Debian package that would enable it."""
    needs = {
        "MariaDB as a source": (_has("mariadbd"), "mariadb-server"),
        "pages in a browser": (_has("chromium", "chromium-browser", "google-chrome"), "chromium"),
        "pictures of Chinese text": (_has_chinese_font(), "fonts-noto-cjk"),
        "compiling translations": (_has("msgfmt"), "gettext"),
        "workers with a wrong clock": (_has("faketime"), "faketime"),
    }
    return {what: package for what, (here, package) in needs.items() if not here}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    missing = left_out()
    if missing:
        terminalreporter.section("left out on this machine")
        for what, package in missing.items():
            terminalreporter.line(f"{what}: needs {package}")
        terminalreporter.line(f"to run all of it: apt-get install -y {' '.join(sorted(missing.values()))}")


# One browser for all tests: a second Playwright in the same thread refuses to start.
@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    # Root may not use Chromium's sandbox; the pages are our own.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    yield chromium
    chromium.close()
