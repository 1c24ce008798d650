"""Two agencies with people of all trades, and real sources that a test may change under the census."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Agency, Grant, Person
from accounts.services import create_agency, create_person
from assets import contributors
from assets.models import DataSource
from assets.services import requests, sources
from core import jobs, keys
from core.models import Job

PEOPLE = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sfzh TEXT, birth DATE);
INSERT INTO person VALUES (1, '王晓岚', '11010519491231002X', '1949-12-31'), (2, '李敏', '440524188001010014', NULL),
    (3, '王晓岚', NULL, '1980-05-01');
CREATE TABLE office (code TEXT PRIMARY KEY, title TEXT, phone TEXT);
INSERT INTO office VALUES ('A1', '办事一科', '13800138000'), ('A2', '办事二科', '13900139000');
CREATE TABLE visit (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id), day DATE, note TEXT);
"""


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    """Keys and audit head of this test alone. Its sources may stand on the server of the test session."""
    settings.SOURCE_REFUSED = ()
    settings.DATA_DIR = tmp_path / "platform"
    settings.KEY_FILE = str(tmp_path / "platform" / "keys")
    keys.create(Path(settings.KEY_FILE))


@pytest.fixture
def city(db: None) -> SimpleNamespace:
    """市 above 公安局 and 民政局; ``police`` and ``civil`` hold an agency, a manager, a steward and a viewer each."""
    return bureaus()


def bureaus() -> SimpleNamespace:
    """The agencies and people of ``city``."""
    top = create_agency(actor=None, code="330000", name="滨海市")
    return SimpleNamespace(top=top, police=_bureau(top, "ga", "市公安局"), civil=_bureau(top, "mz", "市民政局"))


def _bureau(parent: Agency, code: str, name: str) -> SimpleNamespace:
    agency = create_agency(actor=None, code=code, name=name, parent=parent)
    roles = {"manager": "source_manager", "steward": "steward", "viewer": "viewer"}
    people = {trade: _person(agency, f"{code}_{trade}", role) for trade, role in roles.items()}
    return SimpleNamespace(agency=agency, **people)


def _person(agency: Agency, username: str, role: str) -> Person:
    person = create_person(actor=None, username=username, name=username, agency=agency)
    Grant.objects.create(person=person, role=role, agency=agency)
    return person


class SqliteSource:
    """A SQLite database on disk, registered as a source."""

    def __init__(self, path: Path, bureau: SimpleNamespace, name: str, script: str) -> None:
        self.path, self.bureau = path, bureau
        path.touch()
        self.run(script)
        self.row: DataSource = sources.register_source(
            actor=bureau.manager, agency=bureau.agency, kind="sqlite", name=name, parameters={"path": str(path)}
        )

    def run(self, script: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(script)

    def census(self) -> Job:
        return finished(requests.request_census(actor=self.bureau.manager, source=self.row))

    def scan(self, *tables: Any) -> Job:
        return finished(requests.request_scan(actor=self.bureau.manager, source=self.row, tables=tables))


@pytest.fixture
def sqlite_source(city: SimpleNamespace, tmp_path: Path) -> Callable[..., SqliteSource]:
    """``sqlite_source(script, name=…, bureau=…)``: a registered SQLite source of the police unless told otherwise."""

    def make(script: str = PEOPLE, name: str = "人口库", bureau: SimpleNamespace | None = None) -> SqliteSource:
        return SqliteSource(tmp_path / f"{name}.db", bureau or city.police, name, script)

    return make


def finished(job: Job) -> Job:
    """Run what is queued, as a worker would, and answer the job as it ended."""
    jobs.drain()
    job.refresh_from_db()
    return job


@pytest.fixture(autouse=True)
def assets_alone() -> Iterator[None]:
    """Higher apps do not take part in the readings of these tests; tests/flows has them all."""
    others = contributors.all_contributors()
    for other in others:
        contributors.unregister(other.name)
    yield
    for other in others:
        contributors.register(other)


@pytest.fixture
def contributor(assets_alone: None) -> Iterator[Callable[[Any], None]]:
    """Register a contributor for this test."""
    added: list[str] = []

    def register(one: Any) -> None:
        contributors.register(one)
        added.append(one.name)

    yield register
    for name in added:
        contributors.unregister(name)
