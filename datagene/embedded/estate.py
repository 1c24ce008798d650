"""The servers that play the city's databases in the demo: sources to be read, apart from the platform's own.

They listen on 127.0.0.1, because a source is registered by host and port like any other.
"""

import json
from typing import Any

from datagene.embedded import layout as layouts
from datagene.embedded import mariadb
from datagene.embedded.layout import Layout, write_private
from datagene.embedded.mariadb import MariaDB
from datagene.embedded.postgres import DATABASE, USER, Postgres, Tell, password
from datagene.embedded.process import free_port


class Estate:
    """PostgreSQL, and MariaDB when this machine has one, in `<data>/estate`."""

    def __init__(self, place: Layout, tell: Tell) -> None:
        self.place = Layout(place.data / "estate")
        layouts.prepare(self.place)
        owner = layouts.owner()
        ports = _ports(self.place)
        self.servers: list[Postgres | MariaDB] = [
            Postgres(self.place, owner, tell, tcp_port=ports["postgresql"], binaries=place.binaries, application=False)
        ]
        if mariadb.available():
            self.servers.append(MariaDB(self.place, owner, tell, port=ports["mysql"]))


def administrators(place: Layout) -> dict[str, dict[str, Any] | None]:
    """Driver keywords of an administrator: "postgresql" for psycopg2, "mysql" for PyMySQL (None without MariaDB)."""
    estate = Layout(place.data / "estate")
    ports = _ports(estate)
    found: dict[str, dict[str, Any] | None] = {
        "postgresql": {
            "host": "127.0.0.1",
            "port": ports["postgresql"],
            "user": USER,
            "password": password(estate),
            "dbname": DATABASE,
        },
        "mysql": None,
    }
    secret = estate.secrets / "mariadb_password"
    if secret.exists():
        account = {"user": mariadb.USER, "password": secret.read_text(encoding="ascii").strip()}
        found["mysql"] = {"host": "127.0.0.1", "port": ports["mysql"], **account}
    return found


def _ports(place: Layout) -> dict[str, int]:
    """Chosen free once and kept: registered sources name them."""
    file = place.data / "ports.json"
    try:
        kept = json.loads(file.read_text(encoding="ascii"))
    except FileNotFoundError:
        kept = {}
    if set(kept) != {"postgresql", "mysql"}:
        first = free_port()
        second = free_port()
        while second == first:
            second = free_port()
        kept = {"postgresql": first, "mysql": second}
        write_private(file, json.dumps(kept))
    return {name: int(port) for name, port in kept.items()}
