"""A MariaDB of the operating system as one of the demo's sources. Only sources use it; the platform itself does not."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pymysql

from datagene.embedded import process
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import Layout, Owner, own_directory, write_private
from datagene.embedded.postgres import Tell

USER = "datagene"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def available() -> bool:
    """Whether the operating system has a MariaDB server."""
    return all(shutil.which(name, path=SYSTEM_PATH) for name in ("mariadbd", "mariadb-install-db"))


class MariaDB:
    """One MariaDB server in `place`/mariadb on 127.0.0.1:`port`, run as `owner`."""

    name = "MariaDB"

    def __init__(self, place: Layout, owner: Owner, tell: Tell, *, port: int) -> None:
        self.place, self.owner, self.tell, self.port = place, owner, tell, port
        self.data = place.data / "mariadb"
        self.log = place.logs / "mariadb.log"
        self.password_file = place.secrets / "mariadb_password"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the server's files if there are none, start, wait until a query succeeds. Raises EmbeddedError."""
        if not self.data.exists():
            self._initialise()
        own_directory(self.place.sockets, self.owner)
        process.stop_leftover(self.data / "mariadb.pid", self.data, signal.SIGTERM)
        command = [
            _program("mariadbd"),
            "--no-defaults",
            "--datadir=.",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
        ]
        command += [f"--socket={self.place.sockets}/mariadb.sock", "--pid-file=mariadb.pid", "--skip-name-resolve"]
        command += ["--innodb-buffer-pool-size=64M", "--character-set-server=utf8mb4", "--lc-messages=en_US"]
        with process.open_log(self.log) as log:
            self.child = process.spawn(command, owner=self.owner, log=log, cwd=self.data, environment={"LC_ALL": "C"})
        while self.child.poll() is None:
            try:
                pymysql.connect(**self.keywords()).close()
                return
            except pymysql.err.OperationalError:
                time.sleep(0.1)
        raise EmbeddedError(f"MariaDB does not start; its log {self.log} ends:\n{process.tail(self.log)}")

    def stop(self) -> None:
        if self.child is not None:
            process.stop(self.child, [(signal.SIGTERM, 30)])
            self.child = None

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def keywords(self) -> dict[str, object]:
        """The administrator, as PyMySQL takes it."""
        password = self.password_file.read_text(encoding="ascii").strip()
        return {"host": "127.0.0.1", "port": self.port, "user": USER, "password": password}

    def _initialise(self) -> None:
        """Install beside the place and rename; the accounts are made before the server first listens."""
        aside = self.place.data / "mariadb.tmp"
        shutil.rmtree(aside, ignore_errors=True)
        own_directory(aside, self.owner)
        install = [_program("mariadb-install-db"), "--no-defaults", "--datadir=.", "--skip-test-db"]
        self._run([*install, "--auth-root-authentication-method=socket"], aside)
        password = secrets.token_urlsafe(24)  # letters, digits, - and _: safe between quotes
        account = f"{USER}@127.0.0.1"
        accounts = (
            "FLUSH PRIVILEGES;\n"
            f"CREATE USER {account} IDENTIFIED BY '{password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
        )
        self._run([_program("mariadbd"), "--no-defaults", "--datadir=.", "--bootstrap"], aside, accounts)
        write_private(self.password_file, password)
        aside.rename(self.data)

    def _run(self, command: list[str], directory: Path, text: str = "") -> None:
        """Statements go through standard input: passwords stand in no argument."""
        environment = {"PATH": SYSTEM_PATH, "LC_ALL": "C", "HOME": os.fspath(directory)}
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace", cwd=directory, env=environment,
            **self.owner.popen(),
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedError(f"{Path(command[0]).name} failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")


def _program(name: str) -> str:
    found = shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise EmbeddedError(f"{name} is not on this machine: apt-get install -y mariadb-server")
    return found
