"""`POST /api/v1/gene-suggestions/` of a running web process, over the database that libpq's variables name.

New columns, one by one, half of them with values; then one more after the registry has changed. Prints JSON: the processor
milliseconds of the web process and of its database for each question, and those and the wall clock of the question after.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from benchmarks.data import province
from benchmarks.data.catalogue import READER
from benchmarks.programs.make_columns import OBJECTS, PROPERTIES, ROLES
from datagene.embedded.process import free_port

ASKED = 400
SAMPLES = [f"138{number * 7919:08d}" for number in range(500)]


def main() -> None:
    province.start()
    token, port = _token(), free_port()
    with _web(port) as web, psycopg2.connect("") as database:
        database.autocommit = True
        line, backends = http.client.HTTPConnection("127.0.0.1", port, timeout=60), database.cursor()
        for number in range(20):  # every thread of the process has its connection
            _ask(line, token, number)
        taken = [_measured(web, backends, line, token, number)[0] for number in range(ASKED)]
        learned = _learn()
        anew, wall = _measured(web, backends, line, token, 1)
        learned.delete()
    print(json.dumps({"taken": taken, "anew": anew, "wall": wall}))


def _learn() -> Any:
    """One more name in the registry."""
    from standards.models import DataElement, ElementName  # slow import

    element = DataElement.objects.order_by("code")[0]
    return ElementName.objects.create(element=element, kind="synonym", text="新名", origin="person")


def _token() -> str:
    from accounts.models import Person  # slow import
    from accounts.services.tokens import create_token  # slow import

    reader = Person.objects.get(username=READER)
    reader.tokens.all().delete()
    _kept, secret = create_token(actor=reader, name="bench", scopes=("read",), days=1)
    return secret


@contextmanager
def _web(port: int) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "gunicorn", "-c", "python:datagene.gunicorn", "-b", f"127.0.0.1:{port}"]
    given = {"WEB_WORKERS": "1", "API_CALLS_PER_MINUTE": "1000000"}
    server = subprocess.Popen(command, env=os.environ | given, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            time.sleep(0.1)
        while not (workers := psutil.Process(server.pid).children()):
            time.sleep(0.1)
        yield workers[0]
    finally:
        server.terminate()
        server.wait(30)


def _ask(line: http.client.HTTPConnection, token: str, number: int) -> Any:
    comment = ROLES[number % len(ROLES)] + OBJECTS[number * 7 % len(OBJECTS)] + PROPERTIES[number * 3 % len(PROPERTIES)]
    body = {
        "name": f"col_{number}", "type": "varchar(40)", "comment": comment if number % 4 else "", "table": f"t_{number}",
        "values": SAMPLES if number % 2 else [],
    }  # fmt: skip
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    line.request("POST", "/api/v1/gene-suggestions/", json.dumps(body), head)
    answer = line.getresponse()
    told = json.loads(answer.read())
    if answer.status != 200 or "candidates" not in told:
        raise SystemExit(f"no suggestion: {told}")
    return told


def _measured(web: psutil.Process, backends: Any, line: Any, token: str, number: int) -> tuple[float, float]:
    """(processor ms of the web process and its database, wall ms)."""
    before, started = _spent(web, backends), time.perf_counter()
    _ask(line, token, number)
    wall = 1000 * (time.perf_counter() - started)
    return sum(spent - before.get(pid, 0) for pid, spent in _spent(web, backends).items()) / 1e6, wall


def _spent(web: psutil.Process, backends: Any) -> dict[int, int]:
    """Processor nanoseconds by process: the web process with its threads, and those of the database that serve it."""
    backends.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    found = {}
    for pid in (web.pid, *(row[0] for row in backends.fetchall())):
        with suppress(FileNotFoundError):
            threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
            found[pid] = sum(int(path.read_text().split()[0]) for path in threads)
    return found


if __name__ == "__main__":
    main()
