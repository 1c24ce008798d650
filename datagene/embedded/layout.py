"""Where the embedded platform keeps its data, and as whom its servers run."""

import hashlib
import os
import pwd
import re
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datagene.embedded.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVICE_USER = "datagene"
ROOT_HOME = Path("/var/lib/datagene")
LONGEST_SOCKET = 107  # bytes, sun_path of a unix socket
SOCKET_SAFE = re.compile(r"[A-Za-z0-9/._-]+\Z")  # survives configuration lists and broker URLs unquoted


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one data directory."""

    data: Path

    @property
    def binaries(self) -> Path:
        return self.data / "bin"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def password_file(self) -> Path:
        return self.secrets / "postgres_password"

    @property
    def application_password_file(self) -> Path:
        return self.secrets / "postgres_application_password"

    @property
    def sockets(self) -> Path:
        """The directory of the unix sockets: in the data directory if the path is short and plain, else in /tmp."""
        inside = self.data / "run"
        longest = inside / ".s.PGSQL.5432.lock"
        if SOCKET_SAFE.match(str(inside)) and len(os.fsencode(longest)) < LONGEST_SOCKET:
            return inside
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"datagene-{os.geteuid()}-{name}"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"


@dataclass(frozen=True, slots=True)
class Owner:
    """The account the servers run as: the caller, or the service user when the caller is root."""

    uid: int
    gid: int
    switch: bool

    def popen(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that make a child run as this account."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def data_directory() -> Path:
    """`DATAGENE_DATA`, else `<project>/var`; as root a place outside the checkout, which may lie below a closed home."""
    chosen = os.environ.get("DATAGENE_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return ROOT_HOME / f"project-{hashlib.sha256(os.fsencode(PROJECT)).hexdigest()[:12]}"
    return PROJECT / "var"


def layout() -> Layout:
    """The layout of this process, by environment."""
    return Layout(data_directory())


def prepare(place: Layout) -> None:
    """Make the data directory and its private part. Raises EmbeddedError when that is not possible."""
    try:
        place.data.parent.mkdir(parents=True, exist_ok=True)
        # Root's servers run as another account and must pass through; nobody may list.
        place.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
        place.secrets.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"the data directory {place.data} cannot be made: {error.strerror}. "
            "Set DATAGENE_DATA to a directory you may write to."
        ) from None


def owner() -> Owner:
    """The account of the servers. As root a nologin system user, made when missing. Raises EmbeddedError."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), switch=False)
    try:
        account = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        _add_service_user()
        account = pwd.getpwnam(SERVICE_USER)
    if account.pw_uid == 0:
        raise EmbeddedError(f"the account {SERVICE_USER} is root by another name; PostgreSQL refuses to run as root")
    return Owner(account.pw_uid, account.pw_gid, switch=True)


def _add_service_user() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and the service user could not be made. Run: {' '.join(command)}"
        ) from error


def check_reachable(place: Layout, account: Owner) -> None:
    """The servers' account must be able to enter the data directory; parents are never opened for it."""
    if not account.switch:
        return
    tried = subprocess.run(["/bin/sh", "-c", 'cd "$0"', str(place.data)], capture_output=True, **account.popen())
    if tried.returncode != 0:
        raise EmbeddedError(
            f"the service user {SERVICE_USER} cannot enter {place.data}: a parent directory is closed to it. "
            "Set DATAGENE_DATA to a directory outside, such as /var/lib/datagene/mine."
        )


def own_directory(path: Path, account: Owner, mode: int = 0o700) -> None:
    """Make `path` a directory of the account. Raises EmbeddedError when somebody else put something there."""
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
            raise EmbeddedError(f"{path} belongs to somebody else; remove it or choose another DATAGENE_DATA") from None
    if account.switch:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    os.chmod(path, mode)


def write_private(path: Path, content: str) -> None:
    """Write one line to a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content + "\n")
