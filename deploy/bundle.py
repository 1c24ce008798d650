"""The air-gap bundle: every wheel that the platform needs, with a list of digests and a bill of materials.

python deploy/bundle.py [--dev] [--platform manylinux_2_28_aarch64 …] [--python-version 3.11]     makes bundle/
python deploy/bundle.py --check [--dev]                                                           installs from it, offline

`make demo` and `make test` install from bundle/ when it is there. Only the standard library is used, and pip's own reader
of requirement lines.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import uuid
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parent.parent
BUNDLE = PROJECT / "bundle"
SUMS, SBOM = "SHA256SUMS", "sbom.cdx.json"


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of the bundle and what it says of itself."""

    path: Path
    digest: str
    metadata: Message

    @property
    def name(self) -> str:
        return re.sub(r"[-_.]+", "-", str(self.metadata["Name"])).lower()

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.metadata['Version']}"

    def needs(self) -> Iterator[str]:
        """Names of the distributions it requires on this machine, without extras."""
        for line in self.metadata.get_all("Requires-Dist") or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                yield re.sub(r"[-_.]+", "-", requirement.name).lower()


def read(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        inside = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        metadata = BytesParser().parsebytes(archive.read(inside))
    return Wheel(path, hashlib.sha256(path.read_bytes()).hexdigest(), metadata)


def describe(folder: Path) -> list[Wheel]:
    """Write SHA256SUMS and the CycloneDX bill of materials beside the wheels."""
    wheels = [read(path) for path in sorted(folder.glob("*.whl"))]
    (folder / SBOM).write_text(json.dumps(bill(wheels), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [f"{wheel.digest}  {wheel.path.name}" for wheel in wheels]
    lines.append(f"{hashlib.sha256((folder / SBOM).read_bytes()).hexdigest()}  {SBOM}")
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return wheels


def bill(wheels: list[Wheel]) -> dict[str, Any]:
    """CycloneDX 1.6: each wheel with version, licence, digest and what it needs of the others."""
    with (PROJECT / "pyproject.toml").open("rb") as file:
        release = tomllib.load(file)["project"]["version"]
    here = {wheel.name: wheel.purl for wheel in wheels}
    platform = f"pkg:generic/datagene@{release}"
    content = "".join(wheel.digest for wheel in wheels)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, platform + content)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "component": {"type": "application", "bom-ref": platform, "name": "datagene", "version": release},
        },
        "components": [_component(wheel) for wheel in wheels],
        "dependencies": [
            {"ref": platform, "dependsOn": sorted(here.values())},
            *(
                {"ref": wheel.purl, "dependsOn": sorted({here[name] for name in wheel.needs() if name in here})}
                for wheel in wheels
            ),
        ],
    }


def _component(wheel: Wheel) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": wheel.purl,
        "name": str(wheel.metadata["Name"]),
        "version": str(wheel.metadata["Version"]),
        "description": str(wheel.metadata.get("Summary", "")),
        "purl": wheel.purl,
        "hashes": [{"alg": "SHA-256", "content": wheel.digest}],
        "licenses": _licences(wheel.metadata),
    }


def _licences(metadata: Message) -> list[dict[str, Any]]:
    """The expression where there is one, else what the classifiers or the licence's first line say."""
    if metadata["License-Expression"]:
        return [{"expression": str(metadata["License-Expression"])}]
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or () if "License ::" in line]
    named = [name for name in classifiers if name != "OSI Approved"]
    first = str(metadata.get("License") or "").strip().splitlines()[:1]
    return [{"license": {"name": name}} for name in named or first or ["not stated by the package"]]


def make(requirements: str, platforms: list[str], python: str) -> None:
    """Download, describe, and only then put it where installations look."""
    aside = BUNDLE.with_name("bundle.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "download"]
    command += ["--only-binary", ":all:", "--dest", str(aside), "--requirement", requirements]
    for platform in platforms:
        command += ["--platform", platform]
    command += ["--python-version", python] if python else []
    subprocess.run(command, cwd=PROJECT, check=True)
    wheels = describe(aside)
    size = sum(wheel.path.stat().st_size for wheel in wheels) >> 20
    shutil.rmtree(BUNDLE, ignore_errors=True)
    aside.rename(BUNDLE)
    print(f"bundle/: {len(wheels)} wheels, {size} MB, {SUMS}, {SBOM}")


def check(requirements: str) -> None:
    """Verify the digests, install into a new environment without a network, and ask it whether it is whole."""
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", SUMS], cwd=BUNDLE, check=True)
    with tempfile.TemporaryDirectory(prefix="datagene-bundle-") as place:
        venv.create(Path(place) / "venv", with_pip=True)
        python = str(Path(place) / "venv" / "bin" / "python")
        offline = ["unshare", "--map-root-user", "--net"]  # a network namespace of its own: nothing but a dead loopback
        if subprocess.run([*offline, "true"], capture_output=True, check=False).returncode != 0:
            offline = []
        pip = [*offline, python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
        install = ["install", "--no-index", "--find-links", str(BUNDLE), "--requirement", requirements]
        subprocess.run([*pip, *install], cwd=PROJECT, check=True)
        subprocess.run([*pip, "check"], check=True)
        environment = {"PATH": "/usr/bin:/bin", "DATAGENE_DATA": f"{place}/data"}
        subprocess.run([*offline, python, "manage.py", "check"], cwd=PROJECT, env=environment, check=True)
    print(f"installed and checked {'without a network' if offline else 'with --no-index'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--dev", action="store_true", help="test tools too")
    parser.add_argument("--platform", nargs="+", default=[], help="wheel platforms of another machine")
    parser.add_argument("--python-version", default="", help="its Python, such as 3.11")
    given = parser.parse_args()
    requirements = "requirements-dev.txt" if given.dev else "requirements.txt"
    if given.check:
        check(requirements)
    else:
        make(requirements, given.platform, given.python_version)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed: {' '.join(map(str, error.cmd))}")
