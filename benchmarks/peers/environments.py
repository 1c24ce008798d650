"""Virtual environments of the peers, in the cache folder, made when they are first asked for."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stage import Stage


class PeerMissing(Exception):
    """A peer that cannot be installed here; the message says what pip said."""


@dataclass(frozen=True, slots=True)
class Peer:
    label: str
    requirements: tuple[str, ...]


PEERS: dict[str, Peer] = {
    "datahub": Peer("DataHub 1.7.0.17", ("acryl-datahub[postgres]==1.7.0.17",)),
    "soda": Peer("Soda Core 3.5.6", ("soda-core-postgres==3.5.6", "setuptools<81")),  # it needs distutils
    "gx": Peer("Great Expectations 1.24.1", ("great-expectations==1.24.1", "sqlalchemy<2.2", "psycopg2-binary")),
}


def python(stage: Stage, name: str) -> Path:
    """The interpreter of a peer's environment. Raises PeerMissing."""
    peer = PEERS[name]
    mark = hashlib.sha256(" ".join(peer.requirements).encode()).hexdigest()[:8]
    folder = stage.place.data / "environments" / f"{name}-{mark}"
    ready = folder / "ready"
    if not ready.exists():
        stage.tell(f"installing {peer.label} (once; a few minutes)")
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], peer)
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
        pip += ["--disable-pip-version-check", "--no-input", "--quiet"]
        _run([*pip, "install", *peer.requirements], peer)
        ready.touch()
    return folder / "bin" / "python"


def _run(command: list[str], peer: Peer) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise PeerMissing(f"{peer.label} could not be installed here and was not measured: {' '.join(said[:2])}")
