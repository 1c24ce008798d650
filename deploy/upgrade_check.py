"""Upgrades a running platform from an earlier commit and shows that nobody noticed: `make upgrade-check [REV=…]`.

1. The earlier commit (REV, else the one before HEAD) runs `manage.py demo` from a worktree: servers, web, worker, a city.
2. This release's web is started beside it: it must say that migrations are pending, if any are.
3. This release migrates, while the old web is asked all the time.
4. Old web and old worker go on with the new schema (what a release removes is not yet removed: expand, then contract).
5. The new release takes over the data directory: the same pages and endpoints answer, no row is missing, jobs run.
"""

import argparse
import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from datagene.embedded import postgres  # noqa: E402  the path is set above
from datagene.embedded.layout import Layout  # noqa: E402
from datagene.embedded.process import free_port  # noqa: E402

LINK = re.compile(r'href="(/[^"#?]*)')
SAME = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")  # two addresses that differ in these are the same page
LEFT_OUT = ("/static/", "/sign-", "/i18n/", "/password")
PAGES = 120  # of a crawl at most
KEPT = ("accounts_agency", "accounts_person", "accounts_grant", "assets_informationsystem", "assets_datasource")
# Written anew by matching and relating whenever a census or scan ends: their number is a result, not a promise.
RECOMPUTED = re.compile(r"genes_(?!decision|binding|ruling|recogniser)")
BUSY = "SELECT count(*) FROM core_job WHERE state IN ('queued', 'running')"
ROWS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"


class Visitor:
    """A signed-in steward of the demo city."""

    def __init__(self, port: int, person: dict[str, str]) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._cookies = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies)).open
        self.get("/sign-in/")
        form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/sign-in/")[1])
        assert form, "the sign-in page has no form"
        fields = {"csrfmiddlewaretoken": form[1], "username": person["username"], "password": person["password"]}
        status, _text = self.post("/sign-in/", fields)
        assert status == 200, f"signing in answered {status}"

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(urllib.request.Request(self.base + path))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str]:
        body = urllib.parse.urlencode(fields).encode()
        return self._ask(urllib.request.Request(self.base + path, body, {"Referer": self.base, **headers}))

    def form_token(self) -> str:
        return next(cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken")

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._open(request, timeout=60) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, ""

    def crawl(self) -> dict[str, int]:
        """{page or endpoint: status}, one of each kind, found by following links and reading the API's own document."""
        schema = json.loads(self.get("/api/schema.json")[1])
        waiting = ["/", *sorted(path for path, verbs in schema["paths"].items() if "get" in verbs and "{" not in path)]
        seen: dict[str, int] = {}
        while waiting and len(seen) < PAGES:
            path = waiting.pop(0)
            kind = SAME.sub("*", path)
            if kind in seen or path.startswith(LEFT_OUT):
                continue
            seen[kind], text = self.get(path)
            if not path.startswith("/api/"):
                waiting += LINK.findall(text)
        return seen


class Stage:
    """The data directory, the earlier commit's tree, and the processes on them."""

    def __init__(self, place: Path, revision: str) -> None:
        self.old, self.layout = place / "old", Layout(place / "data")
        self.layout.data.mkdir(mode=0o711)
        self.revision = revision

    def environment(self, port: int) -> dict[str, str]:
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        given = {"DATAGENE_DATA": str(self.layout.data), "PORT": str(port), "LOG_LEVEL": "WARNING"}
        return {**plain, **given, "PYTHONDONTWRITEBYTECODE": "1"}

    @contextmanager
    def running(self, tree: Path, command: list[str], port: int, log: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.layout.data.parent / log).open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=tree, env=self.environment(port), stdout=said, stderr=said
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)

    def manage(self, *command: str) -> None:
        subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, env=self.environment(0), check=True)

    def person(self) -> dict[str, str]:
        people = json.loads((self.layout.secrets / "demo_people.json").read_text(encoding="utf-8"))
        return next(person for person in people if "数据管理员" in person["role"])

    def rows(self) -> dict[str, int]:
        held = postgres.connect(self.layout)
        try:
            with held.cursor() as cursor:
                cursor.execute(ROWS)
                tables = [name for (name,) in cursor.fetchall()]
                return {name: _count(cursor, name) for name in tables}
        finally:
            held.close()

    def ask(self, statement: str) -> Any:
        held = postgres.connect(self.layout)
        try:
            with held.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0]
        finally:
            held.close()


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f'SELECT count(*) FROM "{table}"')
    return int(cursor.fetchone()[0])


def ready(port: int) -> dict[str, Any]:
    """What /readyz says; {} while nobody answers. Releases before it was JSON say it in words."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode()
    except OSError:
        return {}
    return dict(json.loads(text)) if text.startswith("{") else {"status": "ready" if "database ok" in text else "no"}


def wait(what: str, fact: Callable[[], Any], seconds: float = 600) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.5)
    return found


def settled(stage: Stage) -> dict[str, int]:
    """The rows, counted while no job writes any."""
    wait("no job is left", lambda: stage.ask(BUSY) == 0, 900)
    return stage.rows()


def census_is_taken(stage: Stage, visitor: Visitor, who: str) -> None:
    """A job asked for over this web is carried out by the workers that run now."""
    source = stage.ask(
        "SELECT id FROM assets_datasource WHERE kind = 'sqlite' AND state <> 'removed' ORDER BY name LIMIT 1"
    )
    status, text = visitor.post(f"/api/v1/sources/{source}/census/", {}, **{"X-CSRFToken": visitor.form_token()})
    assert status == 202, f"asking for a census answered {status}"
    job = json.loads(text)["id"]
    ended = "SELECT state FROM core_job WHERE id = '{}' AND state NOT IN ('queued', 'running')"
    state = wait(f"{who} takes a census", lambda: _final(stage, ended.format(job)), 300)
    assert state == "succeeded", f"{who}: the census {state}"
    print(f"  {who}: a census asked for and taken")


def _final(stage: Stage, statement: str) -> Any:
    return stage.ask(f"SELECT coalesce(({statement}), '')")


def pages_answer(visitor: Visitor, who: str) -> dict[str, int]:
    seen = visitor.crawl()
    broken = {path: status for path, status in seen.items() if status >= 500 or status == 404}
    assert not broken, f"{who}: {broken}"
    print(f"  {who}: {len(seen)} kinds of pages and endpoints answer")
    return seen


@contextmanager
def asked_all_the_time(visitor: Visitor) -> Iterator[list[tuple[str, int]]]:
    """Somebody who opens pages without a pause; what he was answered."""
    answers: list[tuple[str, int]] = []
    leaving = threading.Event()

    def ask() -> None:
        while not leaving.is_set():
            for path in ("/", "/jobs/", "/assets/", "/api/v1/tables/"):
                answers.append((path, visitor.get(path)[0]))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        leaving.set()
        asking.join()


def check(stage: Stage) -> None:
    old_port, new_port = free_port(), free_port()
    print(f"the platform of {stage.revision} starts and fills itself")
    with stage.running(stage.old, ["manage.py", "demo"], old_port, "old.log"):
        wait("the old platform answers", lambda: ready(old_port).get("status") == "ready", 900)
        wait("its first census", lambda: stage.ask("SELECT count(*) FROM core_job WHERE state = 'succeeded'") >= 8, 900)
        visitor = Visitor(old_port, stage.person())
        before = pages_answer(visitor, "old web, old schema")
        rows = settled(stage)
        migrate_under_it(stage, visitor, new_port)
        after = pages_answer(visitor, "old web, new schema")
        lost = {path for path, status in before.items() if status == 200 and after.get(path, 200) != 200}
        assert not lost, f"the old web lost {lost}"
        census_is_taken(stage, visitor, "old web and worker, new schema")
    print("the new release takes over")
    with stage.running(PROJECT, ["manage.py", "up"], new_port, "new.log"):
        wait("the new platform is ready", lambda: ready(new_port).get("status") == "ready")
        visitor = Visitor(new_port, stage.person())
        now = pages_answer(visitor, "new web, new schema")
        gone = {path for path, status in before.items() if status == 200 and now.get(path, 200) != 200}
        assert not gone, f"the new web does not answer {gone}"
        census_is_taken(stage, visitor, "new web and worker")
        compare(rows, settled(stage))


def migrate_under_it(stage: Stage, visitor: Visitor, port: int) -> None:
    web = ["-m", "gunicorn", "datagene.wsgi:application", "-c", "python:datagene.gunicorn", "-b", f"127.0.0.1:{port}"]
    with stage.running(PROJECT, web, port, "new-web.log"):
        told = wait("the new web reads the schema", lambda: _read(ready(port)))
        print(f"  new web, old schema: {told}")
        pending = told["migrations"] == "pending"
        assert told["status"] == ("unavailable" if pending else "ready"), told
        with asked_all_the_time(visitor) as answers:
            started = time.monotonic()
            stage.manage("migrate", "--noinput", "--verbosity", "0")
            seconds = time.monotonic() - started
        refused = [answer for answer in answers if answer[1] != 200]
        assert not refused, f"while migrating the old web answered {refused}"
        print(
            f"  migrated in {seconds:.0f} s{'' if pending else ' (nothing to do)'}; {len(answers)} requests meanwhile, all answered"
        )
        wait("the new web is ready", lambda: ready(port).get("status") == "ready", 60)


def _read(told: dict[str, Any]) -> dict[str, Any]:
    """What /readyz says once the database has answered it: on a busy machine it may say first that it was kept waiting."""
    return told if told.get("migrations", "unknown") != "unknown" else {}


def compare(before: dict[str, int], after: dict[str, int]) -> None:
    changed = {name: (before[name], after.get(name)) for name in KEPT if before[name] != after.get(name)}
    fewer = {}
    for name, number in before.items():
        least = min(number, 1) if RECOMPUTED.match(name) else number
        if name not in ("django_session", "core_worker") and after.get(name, -1) < least:
            fewer[name] = (number, after.get(name))
    assert not changed, f"rows changed: {changed}"
    assert not fewer, f"rows are missing: {fewer}"
    print(f"  rows: {sum(before.values())} in {len(before)} tables before, none is missing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", default="HEAD~1")
    git = ["git", "-C", str(PROJECT)]
    command = [*git, "rev-parse", "--short", f"{parser.parse_args().revision}^{{commit}}"]
    revision = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    place = Path(tempfile.mkdtemp(prefix="datagene-upgrade-"))
    place.chmod(0o711)
    stage = Stage(place, revision)
    try:
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(stage.old), revision], check=True)
        check(stage)
        print("upgraded")
    except AssertionError as error:
        for log in sorted(place.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
        sys.exit(f"not upgraded: {error}")
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(stage.old)], check=False)
        shutil.rmtree(stage.layout.sockets, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
