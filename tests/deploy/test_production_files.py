"""Units and compose file: confined, with the commands that we run ourselves, and understood by the tools that read them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from datagene.embedded.layout import PROJECT
from datagene.embedded.supervisor import children

UNITS = sorted((PROJECT / "deploy" / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
OURS = ("migrate", "web", "worker", "beat")
MOST_EXPOSED = 20  # tenths, of systemd's own 100

systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a Python that is there, as an administrator would have one."""
    shutil.copytree(PROJECT / "deploy" / "systemd", tmp_path / "units")
    for unit in (tmp_path / "units").glob("*.service"):
        unit.write_text(unit.read_text().replace("/opt/datagene/.venv/bin/python", "/usr/bin/env"))
    return tmp_path / "units"


@systemd
@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_a_unit_is_understood_and_confined(units: Path, name: str) -> None:
    verified = subprocess.run(["systemd-analyze", "verify", units / name], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / name]
    confined = subprocess.run(command, capture_output=True, text=True)
    assert confined.returncode == 0, confined.stdout


def test_units_run_what_the_supervisor_runs() -> None:
    assert [unit.stem for unit in UNITS] == ["datagene-beat", "datagene-web", "datagene-worker"]
    ours = {child.name: child.command for child in children(8000)}
    for unit in UNITS:
        text = unit.read_text()
        (command,) = re.findall(r"^ExecStart=\S+/python (.*)$", text, re.M)
        program = "gunicorn" if unit.stem == "datagene-web" else "celery"
        assert command.split()[:2] == ["-m", program]
        assert "MemoryMax=" in text
        assert program in ours[unit.stem.removeprefix("datagene-")]


def test_every_container_is_unprivileged_and_cannot_write_its_root() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["user"] not in ("root", "0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "pid", "network_mode"} & set(service), name
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_containers_wait_for_what_they_need_and_the_web_is_asked_whether_it_is_ready() -> None:
    services = COMPOSE["services"]
    assert "/readyz" in services["web"]["healthcheck"]["test"][-1]
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    for name in services["migrate"]["depends_on"]:
        assert services["migrate"]["depends_on"][name] == {"condition": "service_healthy"}
        assert "healthcheck" in services[name]


def test_settings_of_the_containers_exist_and_secrets_come_from_outside() -> None:
    described = set(re.findall(r"`([A-Z][A-Z_]+)`", (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")))
    for name in OURS:
        environment = COMPOSE["services"][name]["environment"]
        assert set(environment) <= described
        assert environment["DATAGENE_ENV"] == "production"
        for secret in ("SECRET_KEY", "METRICS_TOKEN"):
            assert environment[secret].startswith("${")
        assert re.search(r":\$\{POSTGRES_APP_PASSWORD[:}]", environment["DATABASE_URL"])
        assert ("DATABASE_OWNER_URL" in environment) is (name == "migrate"), "what visitors reach owns no table"
    named = set(COMPOSE["volumes"])
    mounted = {
        volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service.get("volumes", ())
    }
    assert {volume for volume in mounted if not volume.startswith(".")} == named


def _has_compose() -> bool:
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    )


@pytest.mark.skipif(not _has_compose(), reason="docker compose is not installed")
def test_the_compose_file_is_understood() -> None:
    variables = {
        "SECRET_KEY": "x",
        "POSTGRES_PASSWORD": "x",
        "POSTGRES_APP_PASSWORD": "y",
        "PUBLIC_URL": "https://x",
        "ALLOWED_HOSTS": "x",
    }
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"], cwd=PROJECT, env={"PATH": "/usr/bin:/usr/local/bin", **variables},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
