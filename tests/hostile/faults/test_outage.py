"""The database goes away under a web that serves: everybody is told so, and it goes on by itself."""

import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from datagene.embedded.layout import PROJECT
from datagene.embedded.process import free_port
from datagene.embedded.supervisor import children
from tests.hostile.faults import stack
from tests.hostile.faults.stack import Celery, Stack, until

PERSON = """
from accounts.models import Grant
from accounts.services import create_agency, create_person, create_token
agency = create_agency(actor=None, code="330000", name="滨海市")
person = create_person(actor=None, username="chen", name="陈晨", agency=agency)
Grant.objects.create(person=person, role="source_manager", agency=agency)
person.password_must_change = False
person.save()
print("TOKEN", create_token(actor=person, name="t", scopes=["read", "write"], days=1)[1])
"""


@dataclass
class Web:
    """Gunicorn as the supervisor starts it, on servers of its own."""

    stack: Stack
    port: int
    token: str
    process: subprocess.Popen[bytes]

    def ask(self, path: str, *, body: dict[str, object] | None = None) -> tuple[int, str, str]:
        """Status, type of content, content. Pages are asked with a session's cookie, so that the database is too."""
        headers = {"Cookie": "sessionid=" + "a" * 32, "Accept-Language": "zh-hans"}
        if path.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            answer = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with stack.directory() as place:
        servers = Stack(place)
        port = free_port()
        environment = {**Celery(place, servers.url, servers.broker).environment, "WEB_WORKERS": "1"}
        environment |= {"DJANGO_SETTINGS_MODULE": "datagene.settings", "DATAGENE_DATA": str(servers.place.data)}
        stack.manage(environment, "migrate", "--verbosity", "0")
        told = subprocess.run(
            [*stack.MANAGE, "shell", "--no-imports", "-c", PERSON], cwd=PROJECT, env=environment, capture_output=True,
            text=True, check=True,
        ).stdout  # fmt: skip
        with (place / "web.log").open("wb") as log:
            process = subprocess.Popen(children(port)[0].command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        made = Web(servers, port, told.rpartition("TOKEN ")[2].strip(), process)
        until(lambda: process.poll() is None and _answers(made), what="the web answering")
        yield made
        process.terminate()
        process.wait(30)
        servers.stop()


def _answers(web: Web) -> bool:
    try:
        return web.ask("/healthz")[0] == 200
    except OSError:
        return False


def gunicorn(web: Web) -> list[int]:
    return [web.process.pid, *stack.children(web.process)]


API, PAGE = "/api/v1/sources/", "/sources/"
SYSTEM: dict[str, object] = {"code": "rk", "name": "人口系统"}


def test_everybody_is_told_and_the_web_goes_on_by_itself(web: Web) -> None:
    before = gunicorn(web)
    assert (web.ask(API)[0], web.ask(PAGE)[0], web.ask("/readyz")[0]) == (200, 200, 200)
    web.stack.kill_database(signal.SIGKILL)
    status, kind, body = web.ask(API)
    problem = json.loads(body)
    assert (status, kind, problem["type"]) == (503, "application/problem+json", "urn:datagene:problem:unavailable")
    assert (problem["status"], problem["instance"], bool(problem["traceId"])) == (503, API, True)
    assert web.ask(API, body=SYSTEM)[0] == 503
    status, kind, body = web.ask(PAGE)
    assert (status, kind) == (503, "text/html; charset=utf-8")
    assert "数据库没有响应" in body
    assert web.ask("/healthz")[0] == 200
    until(lambda: web.ask("/readyz")[0] == 503, what="the probe's answer of a second ago being old")
    web.stack.postgres.start()
    assert (web.ask(API)[0], web.ask(PAGE)[0]) == (200, 200)
    until(lambda: web.ask("/readyz")[0] == 200, what="the probe asking again")
    assert gunicorn(web) == before


def test_a_restart_between_two_requests_is_seen_by_nobody(web: Web) -> None:
    assert (web.ask(API)[0], web.ask(PAGE)[0]) == (200, 200)
    web.stack.postgres.stop()
    web.stack.postgres.start()
    assert [web.ask(path)[0] for path in (API, PAGE) * 4] == [200] * 8


def test_under_load_a_kill_is_answered_by_nothing_but_503(web: Web) -> None:
    """Requests that were at it when the database died included: no 500, no broken answer, none that hangs."""
    found: Counter[int] = Counter()
    stop, several = threading.Event(), 6

    def visit(path: str) -> None:
        while not stop.is_set():
            found[web.ask(path)[0]] += 1

    visitors = [threading.Thread(target=visit, args=(path,)) for path in (API, PAGE) * (several // 2)]
    for visitor in visitors:
        visitor.start()
    until(lambda: found[200] > 20)
    for number in (signal.SIGKILL, signal.SIGINT):  # dead, and shut down in order
        away = found[503]
        web.stack.kill_database(number)
        until(lambda away=away: found[503] > away)  # type: ignore[misc]
        web.stack.postgres.start()
        again = found[200]
        until(lambda again=again: found[200] > again + 20)  # type: ignore[misc]
    stop.set()
    for visitor in visitors:
        visitor.join()
    assert set(found) - {429} == {200, 503}  # 429: a fast machine runs into the limit of rates
    assert web.ask(API)[0] == 200


def test_limits_on_every_wait_are_set(web: Web) -> None:
    """On the connections that the web really has."""
    web.ask(API)
    environment = {**os.environ, "DATABASE_URL": web.stack.url, "DATAGENE_DATA": str(web.stack.place.data)}
    ask = "from django.db import connection as c; k = c.cursor(); k.execute('SHOW idle_in_transaction_session_timeout')"
    told = subprocess.run(
        [*stack.MANAGE, "shell", "--no-imports", "-c", f"{ask}; print(k.fetchone()[0], c.connection.info.dsn_parameters)"],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.startswith("1min ")
    for limit in ("'connect_timeout': '5'", "'tcp_user_timeout': '30000'", "'keepalives_idle': '15'"):
        assert limit in told
