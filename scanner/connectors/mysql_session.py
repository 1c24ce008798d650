"""How a session with MySQL or MariaDB begins: no local files, no password in plain text, TLS as asked for."""

import importlib
import ssl
from collections.abc import Mapping
from typing import Any


def not_yet_open(pymysql: Any, values: Mapping[str, Any], password: str, **options: Any) -> Any:
    """A connection to be opened over a socket of ours: ``connect(socket)``."""
    return pymysql.connections.Connection(
        host=values["host"], port=values["port"], user=values["user"], password=password.encode(),
        database=values["database"] or None, charset="utf8mb4", autocommit=True, local_infile=False,
        defer_connect=True, program_name="datagene",
        auth_plugin_map=dict.fromkeys(("mysql_clear_password", "dialog", "mysql_old_password"), _NoPlainPassword),
        **_tls(values["tls"]), **options,
    )  # fmt: skip


def _tls(wish: str) -> dict[str, Any]:
    if wish == "disable":
        return {"ssl_disabled": True}
    if wish == "prefer":
        return {}
    context = ssl.create_default_context()
    if wish == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


class _NoPlainPassword:
    """Stands for the ways of signing in that would hand the password to whoever answers."""

    def __init__(self, connection: Any) -> None:
        pass

    def authenticate(self, packet: Any) -> Any:
        refused: Exception = importlib.import_module("pymysql").err.OperationalError(
            2059, "the server asks for the password in plain text"
        )
        raise refused
