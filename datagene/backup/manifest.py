"""The manifest of a backup: what it holds and what a restored platform must be found to hold."""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import keys
from datagene.backup.errors import BackupError

FORMAT = 1
FILE = "manifest.json"
DATABASE, UPLOADS = "database", "uploads"
NAME = re.compile(r"datagene-\d{8}T\d{6}Z-[0-9a-f]{4}\Z")


@dataclass(frozen=True, slots=True)
class Manifest:
    """``rows`` by table are exact, of the very snapshot that was dumped; ``audit`` is the newest entry in it."""

    name: str
    made_at: str
    kid: str  # the line of the key file that seals it
    salt: str
    release: str
    postgres: int  # major version
    migrations: list[str]  # "app.name"
    rows: dict[str, int]
    audit: dict[str, Any] | None  # {"id", "digest"}
    uploads: dict[str, Any]  # {"folder", "files", "bytes"}
    format: int = FORMAT
    parts: dict[str, int] = field(default_factory=dict)  # bytes on disk

    def key(self, part: str) -> bytes:
        """The key of a part. Raises BackupError wrong_key."""
        try:
            master = keys.by_id(self.kid)
        except keys.KeyFileError:
            raise BackupError("backup.wrong_key", backup=self.name, kid=self.kid) from None
        return master.derive(f"datagene backup {self.salt} {part}".encode())


def new_name() -> str:
    return f"datagene-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def write(folder: Path, manifest: Manifest) -> None:
    content = asdict(manifest)
    signed = {**content, "signature": _signature(content, manifest.key(FILE))}
    (folder / FILE).write_text(json.dumps(signed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a backup, its signature and the sizes of its parts checked. Raises BackupError."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        signature = content.pop("signature")
        manifest = Manifest(**content)
    except OSError as error:
        raise BackupError("backup.not_one", folder=folder, reason=f"{FILE}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError("backup.not_one", folder=folder, reason=FILE) from None
    if manifest.format != FORMAT:
        raise BackupError("backup.not_one", folder=folder, reason=f"format {manifest.format}")
    if not hmac.compare_digest(str(signature), _signature(content, manifest.key(FILE))):
        raise BackupError("backup.altered", backup=manifest.name, part=FILE)
    for part, size in manifest.parts.items():
        path = folder / part
        if not path.is_file() or path.stat().st_size != size:
            raise BackupError("backup.altered", backup=manifest.name, part=part)
    return manifest


def all_in(folder: Path) -> list[Path]:
    """The finished backups in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if NAME.match(path.name) and (path / FILE).is_file())


def newest(folder: Path) -> Path:
    """Raises BackupError none."""
    found = all_in(folder)
    if not found:
        raise BackupError("backup.none", folder=folder)
    return found[-1]


def _signature(content: dict[str, Any], key: bytes) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
