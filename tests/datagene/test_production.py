"""Production starts fully configured or not at all, and says everything that is missing at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import keys
from datagene.embedded.layout import PROJECT

SECRET = "k7Q-wz_3vB9nT5xLr8mC2yHd6PfJ4gSa0eUiOq1ZtRbXcVnMlKj"


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, str]:
    """An environment that production accepts."""
    keys.create(tmp_path / "keys")
    return {
        "PATH": os.environ["PATH"],
        "DATAGENE_ENV": "production",
        "SECRET_KEY": SECRET,
        "KEY_FILE": str(tmp_path / "keys"),
        "DATABASE_URL": "postgresql://u:planted-password@127.0.0.1:1/name",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PUBLIC_URL": "https://data.example.gov.cn",
        "SOURCE_NETWORKS": "10.20.0.0/16",
        "DATAGENE_DATA": str(tmp_path / "data"),
        "STATIC_ROOT": str(tmp_path / "static"),
    }


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], env=environment, cwd=PROJECT, capture_output=True, text=True
    )


def test_deployment_checks_are_clean(whole: dict[str, str]) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **whole)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (2 silenced).\n"), done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "a" * 80}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY is a default"),
        ({"DEBUG": "1"}, "DEBUG is on"),
        ({"KEY_FILE": ""}, "KEY_FILE is missing"),
        ({"KEY_FILE": "/nowhere/keys"}, "KEY_FILE /nowhere/keys cannot be read"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        ({"REDIS_URL": ""}, "REDIS_URL is missing"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"DATAGENE_ENV": "prod"}, "DATAGENE_ENV must be one of development, production"),
        ({"DEBUG": "maybe"}, "DEBUG must be 1 or 0"),
    ],
)
def test_half_configured_start_is_refused(whole: dict[str, str], change: dict[str, str], message: str) -> None:
    done = manage("check", **{**whole, **change})
    assert done.returncode == 1
    assert message in done.stderr
    assert "planted-password" not in done.stderr


def test_every_fault_is_named_at_once_and_no_secret_is(whole: dict[str, str]) -> None:
    done = manage("check", **{**whole, "SECRET_KEY": "planted-secret", "DEBUG": "1", "REDIS_URL": ""})
    named = [word for word in ("SECRET_KEY", "DEBUG", "REDIS_URL") if f"- {word} is" in done.stderr]
    assert named == ["SECRET_KEY", "DEBUG", "REDIS_URL"]
    assert "planted" not in done.stderr


def test_key_file_open_to_everybody_is_refused(whole: dict[str, str]) -> None:
    os.chmod(whole["KEY_FILE"], 0o644)
    assert "is open to everybody" in manage("check", **whole).stderr


def test_plain_http_and_open_networks_fail_the_deployment_check(whole: dict[str, str]) -> None:
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING", **{**whole, "PUBLIC_URL": "http://h.cn", "SOURCE_NETWORKS": "*"}
    )
    assert done.returncode == 1
    assert "datagene.W001" in done.stderr
    assert "datagene.W002" in done.stderr


def test_development_makes_its_own_secrets_once(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATAGENE_DATA": str(tmp_path / "数据 目录")}
    code = "from django.conf import settings; print(settings.SECRET_KEY, settings.KEY_FILE)"
    first, second = (manage("shell", "--no-imports", "-v0", "-c", code, **environment).stdout for _ in range(2))
    assert first == second
    assert len(first.split()[0]) >= 64
    kept = list((tmp_path / "数据 目录" / "secrets").iterdir())
    assert {file.name: file.stat().st_mode & 0o777 for file in kept} == {"secret_key": 0o600, "key_file": 0o600}


def test_collected_files_are_those_that_production_names(whole: dict[str, str], tmp_path: Path) -> None:
    """As the Dockerfile does it: collected without secrets, then served by the names of the manifest."""
    environment = {name: whole[name] for name in ("PATH", "STATIC_ROOT", "DATAGENE_DATA")}
    collected = manage("collectstatic", "--noinput", "-v0", **environment)
    assert collected.returncode == 0, collected.stderr
    code = "from django.templatetags.static import static; print(static('dg/base.css'))"
    done = manage("shell", "--no-imports", "-v0", "-c", code, **whole)
    name = done.stdout.strip().removeprefix("/static/")
    assert name.startswith("dg/base."), done.stderr
    assert name != "dg/base.css"
    assert (Path(whole["STATIC_ROOT"]) / name).is_file()
