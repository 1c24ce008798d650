"""MariaDB as a source, where one is installed: its catalogue hides what one may not read, which is not gone."""

from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pymysql
import pytest

from assets.choices import ObjectState
from assets.models import DataSource, Table
from assets.services import requests, sources
from tests.assets.support import finished

pytestmark = pytest.mark.django_db
PASSWORD = "reader-pass-1"


@pytest.fixture
def server(mariadb_server: str) -> Iterator[pymysql.Connection]:
    parts = urlsplit(mariadb_server)
    connection = pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username or "", password=unquote(parts.password or ""),
        autocommit=True,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE flow_estate CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE USER flow_reader@localhost IDENTIFIED BY '{PASSWORD}'")
    yield connection
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE flow_estate")
        cursor.execute("DROP USER flow_reader@localhost")
    connection.close()


def run(connection: pymysql.Connection, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_revoked_table_is_unreadable_and_a_dropped_one_gone(
    city: SimpleNamespace, server: pymysql.Connection
) -> None:
    run(
        server,
        "CREATE TABLE flow_estate.marriage (id int PRIMARY KEY, xm varchar(40)) COMMENT '婚姻登记'",
        "INSERT INTO flow_estate.marriage VALUES (1, '王晓岚'), (2, '李敏')",
        "CREATE TABLE flow_estate.charity (id int PRIMARY KEY)",
        "CREATE TABLE flow_estate.old (id int PRIMARY KEY, a int)",
        *(f"GRANT SELECT ON flow_estate.{name} TO flow_reader@localhost" for name in ("marriage", "charity", "old")),
    )
    source = _register(city, server)
    for request in (requests.request_census, requests.request_scan):
        job = finished(request(actor=city.civil.manager, source=source))
        assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    marriage = Table.objects.get(name="marriage")
    assert (marriage.display_name, marriage.row_count) == ("婚姻登记", 2)
    run(server, "REVOKE SELECT ON flow_estate.charity FROM flow_reader@localhost", "DROP TABLE flow_estate.old")
    job = finished(requests.request_census(actor=city.civil.manager, source=source))
    assert (job.state, job.partial) == ("succeeded", True)
    states = dict(Table.objects.values_list("name", "state"))
    assert states == {"marriage": ObjectState.SEEN, "charity": ObjectState.UNREADABLE, "old": ObjectState.GONE}


def _register(city: SimpleNamespace, server: pymysql.Connection) -> DataSource:
    where = {"host": server.host, "port": server.port, "user": "flow_reader", "database": "flow_estate"}
    return sources.register_source(
        actor=city.civil.manager, agency=city.civil.agency, kind="mysql", name="婚姻库", parameters=where,
        secrets={"password": PASSWORD},
    )  # fmt: skip
