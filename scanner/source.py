"""A source as one line of the command line: ``postgresql://user@host:5432/db``, ``sqlite:///path``, ``files:///folder``.

Only the command line takes a URL, and only these parts of it; everything else passes typed fields. A password in the
URL would be seen by every user of the machine (``ps``), so it is refused and comes from the environment.
"""

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from scanner.errors import SourceError

_PORTS = {"postgresql": 5432, "mysql": 3306}
_SPELLINGS = {"postgres": "postgresql", "mariadb": "mysql", "file": "files", "sqlite3": "sqlite"}


def parse_source(url: str, password: str | None = None) -> tuple[str, dict[str, Any], dict[str, str]]:
    """(kind, parameters, secrets) of a source URL; SourceError bad_parameter names the part at fault."""
    scheme, separator, rest = url.partition("://")
    kind = _SPELLINGS.get(scheme.lower(), scheme.lower())
    if not separator:
        raise _bad("source", "must be a URL such as postgresql://user@host:5432/database")
    if kind in _PORTS:
        return _server(kind, url, password)
    if kind in ("sqlite", "files"):
        return kind, {"path": _path(kind, rest)}, {}
    raise _bad("source", f"unknown kind {scheme!r}; known are postgresql, mysql, sqlite, files")


def _server(kind: str, url: str, password: str | None) -> tuple[str, dict[str, Any], dict[str, str]]:
    parts = _split(url)
    if parts.password is not None:
        raise _bad("password", "does not belong in the URL; put it into the environment variable SCANNER_PASSWORD")
    if parts.query or parts.fragment:
        raise _bad("source", "takes no parameters after ? or #")
    try:
        port = _PORTS[kind] if parts.port is None else parts.port
    except ValueError:
        raise _bad("port", "must be a whole number from 1 to 65535") from None
    if not parts.hostname:
        raise _bad("host", "is required")
    if not parts.username:
        raise _bad("user", "is required")
    database = _decoded("database", parts.path.removeprefix("/"))
    if kind == "postgresql" and not database:
        raise _bad("database", "is required")
    found = {"host": unquote(parts.hostname), "port": port, "user": _decoded("user", parts.username)}
    return kind, found | {"database": database}, {"password": password} if password else {}


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise _bad("source", "is not a well-formed URL") from None


def _path(kind: str, rest: str) -> str:
    """The absolute path after ``kind://``; a ``?`` in a name is written %3F."""
    if "?" in rest:
        raise _bad("source", "takes no parameters after ? (a ? in a file name is written %3F)")
    path = _decoded("path", rest)
    if not path.startswith("/") or not path.strip("/"):
        raise _bad("path", f"must be absolute, as in {kind}:///srv/data")
    return "/" + path.lstrip("/")  # sqlite:////srv/data, as SQLAlchemy writes it, means the same


def _decoded(name: str, text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _bad(name, "is not UTF-8 after percent decoding") from None


def _bad(name: str, reason: str) -> SourceError:
    return SourceError("bad_parameter", name=name, reason=reason)
