"""Documentation names everything it must."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from core import job_kinds
from scanner.connectors.registry import KINDS
from scanner.rules import RULE_KINDS
from tests.architecture.source import ROOT, files, functions, product
from tests.contracts.places import routes

DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    names: set[str] = set()
    pattern = re.compile(r'(?:environment\.\w+|os\.environ\.get)\(\s*"([A-Z][A-Z_]+)"')
    for path in product():
        if path.parts[0] in ("datagene", "scanner", "core", "accounts"):
            names |= set(pattern.findall((ROOT / path).read_text(encoding="utf-8")))
    described = set(re.findall(r"`([A-Z][A-Z_]+)`", text("settings.md")))
    assert names - described == set()


def test_every_command_is_described() -> None:
    commands = {path.stem for path in product() if "commands" in path.parts and path.stem != "__init__"}
    documents = text("deploy.md") + text("operations.md") + text("jobs.md") + text("audit-and-keys.md")
    assert {name for name in commands if f"`{name}" not in documents} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_every_connector_is_described(kind: str) -> None:
    assert kind in text("connectors.md")


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_rule_kind_is_described(kind: str) -> None:
    assert f"`{kind}`" in text("rules.md") or kind in re.findall(r"^#+ .*$", text("rules.md"), re.M).__str__()


def test_every_job_kind_is_described() -> None:
    documents = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert {kind.kind for kind in job_kinds.all_kinds() if kind.kind not in documents} == set()


def test_every_collection_of_the_interface_is_described() -> None:
    collections = {route.text.split("/")[3] for route in routes() if route.text.startswith("/api/v1/")}
    assert len(collections) > 35
    assert {name for name in collections if name and f"`{name}/" not in text("api.md")} == set()


def test_tests_that_documents_name_exist() -> None:
    """`path::name` anywhere in docs/ is a test of today; the lessons of others each name one (docs/security.md)."""
    documents = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", documents))
    missing = {
        (path, name) for path, name in named
        if Path(path) not in files() or name not in {one.name for one in functions(Path(path))}
    }  # fmt: skip
    assert missing == set()
    lessons = [line for line in text("security.md").partition("## Lessons")[2].splitlines() if line.startswith("| ")]
    assert len(lessons) >= 28
    assert [line for line in lessons[1:] if "::test_" not in line] == []


def test_every_metric_is_described_and_none_is_invented() -> None:
    source = "".join((ROOT / path).read_text(encoding="utf-8") for path in product() if path.parts[0] == "datagene")
    told = set(re.findall(r'"(datagene_[a-z_]+)",', source))
    described = {name.removesuffix("_total") for name in re.findall(r"`(datagene_[a-z_]+)`", text("operations.md"))}
    assert told == described


def test_every_app_has_the_files_that_a_reader_expects() -> None:
    for app in ("accounts", "assets", "quality", "quantity"):
        folder = Path(apps.get_app_config(app).path)
        for name in ("apps.py", "choices.py"):
            assert (folder / name).is_file()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
