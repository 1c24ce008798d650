"""What `python -m datagene.embedded` and `manage.py up` do, told in lines a person can act on."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import PROJECT, layout
from datagene.embedded.servers import running, say
from datagene.embedded.supervisor import Supervisor


def up(
    *, demo: bool = False, prepare: Callable[[], None] | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Run the whole platform until Ctrl-C: servers, migrations, `prepare`, web, worker and tick; `ready` when it answers.

    With `demo` the servers of the demo estate too.
    Raises EmbeddedError, having stopped what it started; subprocess.CalledProcessError when a migration fails.
    """
    port = _port()
    address = f"http://127.0.0.1:{port}"
    refuse_external_servers()

    def before() -> None:
        manage(["migrate", "--noinput", "--verbosity", "0"])
        if prepare is not None:
            prepare()

    def after() -> None:
        say(f"\n数据基因 Data Gene: {address}   (Ctrl-C stops it)")
        with contextlib.suppress(subprocess.CalledProcessError):  # stopped at once; the next start does it
            manage(["schedule_upkeep", "--verbosity", "0"])
        if ready is not None:
            ready()

    os.environ.setdefault("PUBLIC_URL", address)
    place = layout()
    say(f"data directory: {place.data}")
    Supervisor(place, port, demo=demo).run(before, after)


def run(command: Sequence[str]) -> int:
    """Run a management command against the embedded servers, those already running or our own; its exit code."""
    refuse_external_servers()
    with running(layout()):
        return subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT).returncode


def manage(command: Sequence[str]) -> None:
    """Run a management command in a process of its own. Raises subprocess.CalledProcessError.

    Not in ours: its settings read the database password before the first start has made it.
    """
    subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, check=True)


def refuse_external_servers() -> None:
    """Half embedded, half external would write to one database and dispatch through the other's broker."""
    named = [name for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)]
    if named:
        raise EmbeddedError(
            f"{' and '.join(named)} chooses an external server; this command runs the embedded ones. "
            f"Unset it, or start the processes of production yourself (docs/deploy.md)."
        )


def _port() -> int:
    given = os.environ.get("PORT", "") or "8000"
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 65536:
        raise EmbeddedError(f"PORT must be a number from 1 to 65535, not {given!r}")
    return int(given)
