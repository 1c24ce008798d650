"""The air-gap bundle: what is carried over is what was made, and it says what is in it."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from datagene.embedded.layout import PROJECT
from deploy import bundle


def wheel(folder: Path, name: str, *lines: str) -> None:
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/vendored-2.0.dist-info/METADATA", "Name: vendored\n")
        text = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", "Summary: 数据", *lines])
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"{text}\n\nlong text\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout's Makefile and requirements with a bundle of three wheels beside them."""
    made = tmp_path / "气 隙" / "bundle"
    made.mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(PROJECT / name, made.parent)
    needs = ["Requires-Dist: Second_Part>=1", "Requires-Dist: third; extra == 'more'", "Requires-Dist: absent"]
    wheel(made, "first", "License-Expression: Apache-2.0 OR BSD-2-Clause", *needs)
    wheel(made, "second.part", "Classifier: License :: OSI Approved :: BSD License", "License: a very long text")
    wheel(made, "third", "License: MIT")
    bundle.describe(made)
    return made


def intact(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "bundle-intact"], cwd=folder.parent, capture_output=True, text=True)


def test_the_bill_of_materials_names_licence_digest_and_needs_of_each_wheel(folder: Path) -> None:
    bill: dict[str, Any] = json.loads((folder / bundle.SBOM).read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = {part["name"]: part for part in bill["components"]}
    assert {name: part["licenses"] for name, part in parts.items()} == {
        "first": [{"expression": "Apache-2.0 OR BSD-2-Clause"}],
        "second.part": [{"license": {"name": "BSD License"}}],
        "third": [{"license": {"name": "MIT"}}],
    }
    assert parts["second.part"]["purl"] == "pkg:pypi/second-part@1.0"
    needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert needs["pkg:pypi/first@1.0"] == ["pkg:pypi/second-part@1.0"]
    listed = dict(reversed(line.split("  ")) for line in (folder / bundle.SUMS).read_text().splitlines())
    for path in folder.glob("*.whl"):
        part = parts[path.name.partition("-")[0]]
        assert part["hashes"] == [{"alg": "SHA-256", "content": listed[path.name]}]


def test_an_untouched_bundle_is_installed_from_and_a_touched_one_is_not(folder: Path) -> None:
    assert intact(folder).returncode == 0
    with (folder / "third-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"x")
    done = intact(folder)
    assert (done.returncode, "copy it again" in done.stderr) == (2, True)
    recipe = subprocess.run(["make", "-n", ".venv/runtime"], cwd=folder.parent, capture_output=True, text=True).stdout
    assert recipe.index("bundle-intact") < recipe.index("install --no-index --find-links bundle")


def test_a_wheel_that_is_missing_is_noticed(folder: Path) -> None:
    (folder / "third-1.0-py3-none-any.whl").unlink()
    assert intact(folder).returncode == 2
