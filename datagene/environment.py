"""Reading the environment: typed values, server URLs, and the secrets a development machine makes for itself."""

import base64
import ipaddress
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured

from datagene.embedded.layout import Layout

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"", "0", "false", "no", "off"})


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off. Raises ImproperlyConfigured for anything else: a misspelt switch is no switch."""
    value = text(name, "1" if default else "0").lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")
    return value in TRUE


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def networks(name: str) -> list[str]:
    """CIDR ranges. Raises ImproperlyConfigured for one that is none: it would open or close the wrong door."""
    found = words(name)
    for word in found:
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}") from None
    return found


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def language(name: str) -> str:
    """zh-hans or en. LANGUAGE is gettext's own variable too ("zh_CN:en"), so other spellings fall to the default."""
    return "en" if text(name).lower() == "en" else "zh-hans"


def postgres(url: str, name: str = "DATABASE_URL") -> dict[str, object]:
    """Django's database entry for `postgresql://user:password@host:port/name?option=…`.

    A unix socket is written as libpq writes it: `postgresql://user@%2Frun%2Fpostgresql/name` or `postgresql:///name?host=/run/postgresql`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not a URL: {error}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(f"{name} must begin with postgresql://")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    if (
        parts.netloc.rpartition("@")[2].lower().startswith("%2f")
    ):  # urlsplit lower-cases host names; a path keeps its case
        host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": options.pop("user", "") or unquote(parts.username or ""),
        "PASSWORD": options.pop("password", "") or unquote(parts.password or ""),
        "HOST": host,
        "PORT": options.pop("port", "") or (str(port) if port else ""),
        "OPTIONS": options,
    }


def database_url(entry: Mapping[str, Any]) -> str:
    """The DATABASE_URL that `postgres` reads as this entry. It holds the password: for environments, never for arguments."""
    password = f":{quote(entry['PASSWORD'], safe='')}" if entry["PASSWORD"] else ""
    account = f"{quote(entry['USER'], safe='')}{password}@" if entry["USER"] else ""
    port = f":{entry['PORT']}" if entry["PORT"] else ""
    host, options = str(entry["HOST"]), dict(entry["OPTIONS"])
    if ":" in host:  # an address of IPv6
        host = f"[{host}]"
    elif "/" in host or not host:  # a socket's directory keeps its case only where it is no host name
        options, host = {**options, **({"host": host} if host else {})}, ""
    query = f"?{urlencode(options)}" if options else ""
    return f"postgresql://{account}{host}{port}/{quote(entry['NAME'], safe='')}{query}"


def embedded_postgres(place: Layout, *, as_owner: bool = False) -> dict[str, object]:
    """Django's database entry for the embedded server of this data directory (running or not).

    As the application's role, which a server that an earlier release has started does not know yet.
    """
    apart = not as_owner and place.application_password_file.exists()
    file = place.application_password_file if apart else place.password_file
    try:
        password = file.read_text(encoding="ascii").strip()
    except OSError:
        password = ""  # not initialised yet, or another account's: connecting will say so
    return {
        "NAME": "datagene",
        "USER": "datagene_app" if apart else "datagene",
        "PASSWORD": password,
        "HOST": str(place.sockets),
        "PORT": "5432",
        "OPTIONS": {},
    }


def with_limits(database: dict[str, object]) -> dict[str, object]:
    """``database`` with limits on every wait; options that its URL names win.

    A server that is gone without a word is noticed within half a minute. A process that is frozen in the middle of a
    transaction loses it, and with it the rows and the audit lock that everybody else would wait for.
    """
    options: dict[str, object] = {
        "connect_timeout": 5, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3,
        "tcp_user_timeout": 30_000, "options": "-c idle_in_transaction_session_timeout=60s",
    }  # fmt: skip
    given = database.get("OPTIONS")
    return {**database, "OPTIONS": {**options, **(given if isinstance(given, dict) else {})}}


def broker(url: str) -> str:
    """The same Redis for Celery, which spells a unix socket `redis+socket://` and the database number `virtual_host`."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    options = dict(parse_qsl(parts.query))
    password = f":{quote(options['password'], safe='')}@" if options.get("password") else ""
    return f"redis+socket://{password}{parts.path}?virtual_host={options.get('db', '0')}"


def generated(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in `path`, made on first use; readable by its owner alone, and never replaced.

    Written aside and linked into place, so that two processes starting at once end with the same secret.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make() + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # the other process was first
    finally:
        aside.unlink()
    return path.read_text(encoding="ascii").strip()


def random_text() -> str:
    return secrets.token_urlsafe(64)


def key_line() -> str:
    """One line of a key file as core.keys reads it: 32 random bytes in URL base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def own_servers(*urls: str) -> tuple[tuple[str, int], ...]:
    """(host, port) of the TCP servers among `urls`."""
    usual = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379}
    found = [urlsplit(url) for url in urls]
    return tuple(
        (parts.hostname, parts.port or usual[parts.scheme])
        for parts in found
        if parts.hostname and parts.scheme in usual
    )
