"""Server URLs in every spelling an administrator may know."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from datagene import environment


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://u:p%40ss@db.example:5433/n", ("n", "u", "p@ss", "db.example", "5433")),
        ("postgres://u@db/n", ("n", "u", "", "db", "")),
        ("postgresql://u:p@%2FRun%2FPostgreSQL:5432/n", ("n", "u", "p", "/Run/PostgreSQL", "5432")),
        ("postgresql:///n?host=/run/postgresql&user=u", ("n", "u", "", "/run/postgresql", "")),
        ("postgresql://u:p@[::1]:5432/%E6%95%B0", ("数", "u", "p", "::1", "5432")),
    ],
)
def test_database_url(url: str, wanted: tuple[str, ...]) -> None:
    found = environment.postgres(url)
    assert tuple(found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == wanted
    assert environment.postgres(environment.database_url(found)) == found


def test_database_options_are_kept() -> None:
    found = environment.postgres("postgresql://h/n?sslmode=verify-full")
    assert found["OPTIONS"] == {"sslmode": "verify-full"}
    assert environment.postgres(environment.database_url(found)) == found


@pytest.mark.parametrize("url", ["mysql://h/n", "sqlite:///x", "n", "postgresql://h", "postgresql://h:port/n"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        environment.postgres(url)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://h:6379/2", "redis://h:6379/2"),
        ("rediss://:p@h/0", "rediss://:p@h/0"),
        ("unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
        ("unix:///run/v.sock?password=a%2Fb", "redis+socket://:a%2Fb@/run/v.sock?virtual_host=0"),
    ],
)
def test_broker_url(url: str, wanted: str) -> None:
    assert environment.broker(url) == wanted


def test_own_servers_are_named_by_host_and_port() -> None:
    urls = ("postgresql://u:p@DB:5433/n", "redis://cache/0", "unix:///run/v.sock", "")
    assert environment.own_servers(*urls) == (("db", 5433), ("cache", 6379))


def test_generated_secret_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    first = environment.generated(file, lambda: "one")
    assert (first, environment.generated(file, lambda: "two")) == ("one", "one")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
