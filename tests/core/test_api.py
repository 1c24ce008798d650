"""The REST interface as such: problems, paging, conditional requests, bodies, permissions. Agencies stand in for any app."""

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from accounts import services
from accounts.models import Agency, Person
from core.models import Job
from core.problems import TITLES, TYPE
from datagene.openapi import _problem_schema
from tests.accounts import world

pytestmark = pytest.mark.django_db
AGENCIES = "/api/v1/agencies/"
JSON = "application/json"


@pytest.fixture
def city() -> Agency:
    return world.agency("滨海市")


@pytest.fixture
def admin(city: Agency) -> Person:
    return world.person(city, "system_admin")


@pytest.fixture
def api(admin: Person) -> Client:
    return world.browser(admin)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check the whole shape of an error and give its body."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    body: dict[str, Any] = response.json()
    Draft202012Validator(_problem_schema()).validate(body)
    assert (body["type"], body["status"]) == (TYPE + code, status)
    assert body["instance"] == response.wsgi_request.path
    assert "Traceback" not in response.content.decode()
    return body


# Problems


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/nothing",
        "/api/v1/nothing/",
        "/api/v2/agencies/",
        "/api/v1/agencies/nothing/here/",
        "/api/v1;v1/agencies/",
        "/api//v1/agencies/",
        "/api/v1/agencies/;/",
        "/api/v1/%61gencies;x/",
        "/api/v1/Agencies/",
        "/api/v1/agencies./",
        "/api/v1/agencies/../../../etc/passwd",
        "/api/v1/agencies/%2e%2e/",
        "/api/v1/sign-in/../agencies/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "put"])
def test_odd_paths_open_nothing(api: Client, path: str, method: str) -> None:
    for client in (Client(), api):
        response = getattr(client, method)(path)
        assert response.status_code in (401, 404, 405), (path, response.status_code)
        assert response["Content-Type"] == "application/problem+json"


def test_missing_slash_is_pointed_out(api: Client) -> None:
    response = api.get("/api/v1/agencies?limit=3")
    assert (response.status_code, response["Location"]) == (308, "http://testserver/api/v1/agencies/?limit=3")


def test_errors_are_problems(api: Client, city: Agency) -> None:
    item = f"{AGENCIES}{city.pk}/"
    problem(Client().get(AGENCIES), 401, "not_authenticated")
    problem(api.get(f"{AGENCIES}00000000-0000-4000-8000-000000000000/"), 404, "not_found")
    problem(api.get(f"{AGENCIES}no-id/"), 404, "not_found")
    problem(api.put(item), 405, "method_not_allowed")
    problem(api.delete(item), 405, "method_not_allowed")
    problem(api.get(item, headers={"accept": "text/html"}), 406, "not_acceptable")
    problem(api.post(AGENCIES, "a=1", content_type="application/x-www-form-urlencoded"), 415, "unsupported_media_type")
    problem(api.post(AGENCIES, "<a/>", content_type="application/xml"), 415, "unsupported_media_type")
    problem(api.post(AGENCIES, "{", content_type=JSON), 400, "parse_error")
    problem(world.browser(world.person(city)).post(AGENCIES, "{", content_type=JSON), 403, "permission_denied")


def test_detail_follows_the_language_asked_for(api: Client) -> None:
    for language, text in (("zh-CN", "取值为 1 至 200 的整数。"), ("en", None)):
        body = problem(api.get(f"{AGENCIES}?limit=0", headers={"accept-language": language}), 400, "bad_parameter")
        if text:
            assert body["errors"] == [{"parameter": "limit", "detail": text}]


def test_unforeseen_error_says_nothing_but_its_trace(api: Client, city: Agency) -> None:
    secret = "postgresql://user:hunter2@db/prod"
    api.raise_request_exception = False
    with mock.patch("accounts.selectors.agencies_visible_to", side_effect=RuntimeError(secret)):
        response = api.get(AGENCIES)
    body = problem(response, 500, "error")
    assert "hunter2" not in response.content.decode()
    assert body["traceId"] == response["X-Request-ID"]


def test_rate_limit_answers_429_with_retry_after(api: Client, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "rate"}}
    settings.API_CALLS_PER_MINUTE = 3
    answers = [api.get("/api/v1/me/") for _count in range(8)]  # a minute may turn over in between
    limited = next(answer for answer in answers if answer.status_code == 429)
    problem(limited, 429, "throttled")
    assert 0 < int(limited["Retry-After"]) <= 61


def test_calls_pass_when_the_cache_is_gone(api: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }
    assert api.get("/api/v1/me/").status_code == 200


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": 1e999}',
        b'{"name": "a\\u0000b"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}',
        b"[" * 100_000,
        b"[" * 40 + b"]" * 40,
        b'{"name": ' + b"9" * 10_000 + b"}",
        b"nothing",
        b"'name'",
    ],
)
def test_impossible_json_is_refused_before_anything_is_written(api: Client, body: bytes) -> None:
    before = Agency.objects.count()
    problem(api.post(AGENCIES, body, content_type=JSON), 400, "parse_error")
    assert Agency.objects.count() == before


@pytest.mark.parametrize(
    "body", ["[]", '"text"', "1", "null", "true", "", "{}", '{"name": [1]}', '{"name": {"$gt": ""}}']
)
def test_wrong_shapes_are_named(api: Client, body: str) -> None:
    problem(api.post(AGENCIES, body, content_type=JSON), 400, "invalid")


def test_large_body_is_413(api: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem(api.post(AGENCIES, json.dumps({"name": "x" * 2000}), content_type=JSON), 413, "too_large")


def test_invalid_fields_are_named_by_pointer(api: Client, city: Agency) -> None:
    body = problem(api.post(AGENCIES, {"code": "a b", "parent": str(city.pk)}, content_type=JSON), 400, "invalid")
    assert sorted(error["pointer"] for error in body["errors"]) == ["/code", "/name"]


def test_service_refusals_are_named_by_pointer(api: Client, city: Agency) -> None:
    again = {"code": city.code, "name": "另一个", "parent": str(city.pk)}
    body = problem(api.post(AGENCIES, again, content_type=JSON), 400, "invalid")
    assert [error["pointer"] for error in body["errors"]] == ["/code"]


def test_rights_are_asked_before_the_body_is_read(city: Agency) -> None:
    viewer = world.browser(world.person(city, "viewer"))
    problem(viewer.post(AGENCIES, b"{" * 10_000, content_type=JSON), 403, "permission_denied")


def test_body_cannot_set_what_is_not_its_to_set(api: Client, city: Agency) -> None:
    extra = {"id": str(city.pk), "path": "/", "level": 1, "people_count": 9, "created_at": "2000-01-01T00:00:00Z"}
    body = {"code": "X1", "name": "新", "parent": str(city.pk), **extra}
    made = Agency.objects.get(pk=api.post(AGENCIES, body, content_type=JSON).json()["id"])
    assert (made.pk != city.pk, made.level, made.created_at.date()) == (True, 2, timezone.now().date())
    person = {
        "username": "newone",
        "name": "新人",
        "agency": str(city.pk),
        "is_superuser": True,
        "is_active": False,
        "must_change_password": False,
        "rights": [{"role": "system_admin"}],
        "password_changed_at": "2000-01-01T00:00:00Z",
    }
    answer = api.post("/api/v1/people/", person, content_type=JSON)
    someone = Person.objects.get(pk=answer.json()["id"])
    assert (someone.is_active, someone.grants.count(), someone.has_usable_password()) == (True, 0, False)


def test_session_calls_need_the_csrf_token_and_token_calls_do_not(admin: Person, city: Agency) -> None:
    body = {"code": "X1", "name": "新", "parent": str(city.pk)}
    problem(
        world.browser(admin, enforce_csrf_checks=True).post(AGENCIES, body, content_type=JSON), 403, "permission_denied"
    )
    program = world.program(admin)
    program.handler.enforce_csrf_checks = True
    assert program.post(AGENCIES, body, content_type=JSON).status_code == 201
    # The exemption of one call does not stick to the next.
    problem(
        world.browser(admin, enforce_csrf_checks=True).post(AGENCIES, body, content_type=JSON), 403, "permission_denied"
    )


# Paging


def pages(client: Client, url: str) -> Iterator[dict[str, Any]]:
    address: str | None = url
    while address:
        response = client.get(address)
        assert response.status_code == 200, response.content
        assert ('rel="next"' in response["Link"]) is bool(response.json()["next"])
        yield response.json()
        address = response.json()["next"]


def names(client: Client, url: str) -> list[str]:
    return [row["name"] for page in pages(client, url) for row in page["results"]]


@pytest.fixture
def many(city: Agency) -> list[str]:
    made = [world.agency(f"机构 {number:02}", city).name for number in range(11)]
    return [city.name, *made]


@pytest.mark.parametrize("limit", [1, 3, 11, 12, 13, 200])
@pytest.mark.parametrize("ordering", ["name", "-name", "code", "-code", "tree", "-tree", "updated", "-updated"])
def test_pages_hold_every_row_once_in_order(api: Client, many: list[str], limit: int, ordering: str) -> None:
    whole = [row["name"] for row in api.get(f"{AGENCIES}?ordering={ordering}").json()["results"]]
    assert names(api, f"{AGENCIES}?ordering={ordering}&limit={limit}") == whole
    assert sorted(whole) == sorted(many)
    turned = ordering[1:] if ordering[0] == "-" else f"-{ordering}"
    assert names(api, f"{AGENCIES}?ordering={turned}&limit={limit}") == whole[::-1]


def test_previous_links_walk_back_the_same_way(api: Client, many: list[str]) -> None:
    forward = list(pages(api, f"{AGENCIES}?ordering=name&limit=5"))
    assert (forward[0]["previous"], forward[-1]["next"]) == (None, None)
    address, back = forward[-1]["previous"], []
    while address:
        page = api.get(address).json()
        back.append([row["name"] for row in page["results"]])
        address = page["previous"]
    assert back == [[row["name"] for row in page["results"]] for page in forward[:-1]][::-1]


def test_nulls_stand_last_and_are_paged_over(city: Agency) -> None:
    viewer = world.browser(world.person(city, "viewer"))
    now = timezone.now()
    for number in range(7):
        done = {"state": "succeeded", "finished_at": now - timezone.timedelta(minutes=number)} if number % 2 else {}
        Job.objects.create(kind="x", target=f"t{number}", scope_id=city.pk, **done)
    for ordering in ("finished", "-finished"):
        rows = [row for page in pages(viewer, f"/api/v1/jobs/?ordering={ordering}&limit=2") for row in page["results"]]
        assert len({row["id"] for row in rows}) == 7
        assert [row["finished_at"] is None for row in rows] == [False] * 3 + [True] * 4
        walked = list(pages(viewer, f"/api/v1/jobs/?ordering={ordering}&limit=2"))
        again = viewer.get(walked[-1]["previous"]).json()["results"]
        assert again == walked[-2]["results"]


def test_rows_added_while_paging_neither_repeat_nor_hide(api: Client, many: list[str], city: Agency) -> None:
    seen: list[str] = []
    for number, page in enumerate(pages(api, f"{AGENCIES}?ordering=name&limit=3")):
        seen += [row["name"] for row in page["results"]]
        world.agency(f"啊 {number}", city)  # sorts before everything already read
    assert seen == [row for row in seen if not row.startswith("啊")]
    assert sorted(seen) == sorted(many)


def test_links_keep_the_filter_and_counts_tell_the_whole(api: Client, many: list[str]) -> None:
    response = api.get(f"{AGENCIES}?q=机构&limit=4")
    assert (response.json()["count"], response["X-Total-Count"]) == (11, "11")
    assert len(names(api, f"{AGENCIES}?q=机构&limit=4")) == 11
    assert 'rel="first"' in response["Link"]
    assert "q=%E6%9C%BA%E6%9E%84" in response.json()["next"]
    assert "prev" not in response["Link"]
    assert "count" not in api.get(f"{AGENCIES}?count=false").json()


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1e9", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=٣", "limit"),
        ("ordering=password", "ordering"),
        ("ordering=--name", "ordering"),
        ("ordering=name,code", "ordering"),
        ("ordering=parent__name", "ordering"),
        ("ordering=(select 1)", "ordering"),
        ("ordering=", "ordering"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=é", "cursor"),
        ("cursor=WyJuYW1lIiwwLFtd", "cursor"),
        ("cursor=bnVsbA", "cursor"),
        ("count=yes", "count"),
        ("page=2", "page"),
        ("offset=9", "offset"),
        ("id__in=1", "id__in"),
        ("people__password__startswith=a", "people__password__startswith"),
        ("format=xml", "format"),
        ("parent=1' OR '1'='1", "parent"),
        ("q=%00", "q"),
        ("active=perhaps", "active"),
        ("active=1", "active"),
    ],
)
def test_impossible_parameters_are_named(api: Client, many: list[str], query: str, parameter: str) -> None:
    body = problem(api.get(f"{AGENCIES}?{query}"), 400, "bad_parameter")
    assert [error["parameter"] for error in body["errors"]] == [parameter]


def test_cursor_of_another_order_is_refused(api: Client, many: list[str]) -> None:
    cursor = api.get(f"{AGENCIES}?ordering=name&limit=2").json()["next"].partition("cursor=")[2].partition("&")[0]
    problem(api.get(f"{AGENCIES}?ordering=code&limit=2&cursor={cursor}"), 400, "bad_parameter")


@pytest.mark.parametrize("text", ["'; DROP TABLE accounts_agency; --", "%", "_", "\\", "1 OR 1=1", "$(id)", "{{7*7}}"])
def test_search_text_is_only_text(api: Client, many: list[str], text: str) -> None:
    assert api.get(AGENCIES, {"q": text}).json()["count"] == 0


def test_list_costs_the_same_for_one_and_for_many(api: Client, city: Agency) -> None:
    counts = []
    for count in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(AGENCIES).json()["results"]) == 1 + count
        counts.append(len(queries))
        world.agency(f"机构 {count}", city)
    assert counts == [counts[0]] * 3


@pytest.mark.parametrize("path", ["/api/v1/agencies%2f", "/api/v1/%61gencies/", "/api/v1/agencie%73/"])
def test_encoded_path_is_the_same_path_with_the_same_guard(path: str) -> None:
    problem(Client().get(path), 401, "not_authenticated")


# Conditional requests


@pytest.mark.parametrize("url", [AGENCIES, AGENCIES + "{pk}/"])
def test_unchanged_is_304_with_the_same_headers(api: Client, city: Agency, url: str) -> None:
    url = url.format(pk=city.pk)
    first = api.get(url)
    again = api.get(url, headers={"if-none-match": f'"other", W/{first["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control"):
        assert again[name] == first[name]
    assert first["Cache-Control"] == "private, no-cache"
    for part in ("Accept", "Accept-Language", "Authorization", "Cookie"):
        assert part in first["Vary"]
    services.update_agency(actor=None, agency=city, short_name="滨海")
    changed = api.get(url, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_head_is_get_without_body(api: Client, city: Agency) -> None:
    for url in (AGENCIES, f"{AGENCIES}{city.pk}/"):
        get, head = api.get(url), api.head(url)
        assert (head.status_code, head.content, head["ETag"]) == (200, b"", get["ETag"])


def test_two_people_share_no_etag(api: Client, city: Agency) -> None:
    other = world.browser(world.person(city, "viewer"))
    url = f"{AGENCIES}{city.pk}/"
    first, second = api.get(url), other.get(url)
    assert first["ETag"] != second["ETag"]


def test_change_needs_the_present_etag(api: Client, city: Agency) -> None:
    url = f"{AGENCIES}{city.pk}/"
    problem(api.patch(url, {"short_name": "一"}, content_type=JSON), 428, "precondition_required")
    etag = api.get(url)["ETag"]
    answer = api.patch(url, {"short_name": "一"}, content_type=JSON, headers={"if-match": etag})
    assert (answer.status_code, answer.json()["short_name"]) == (200, "一")
    assert answer["ETag"] == api.get(url)["ETag"]
    problem(
        api.patch(url, {"short_name": "二"}, content_type=JSON, headers={"if-match": etag}), 412, "precondition_failed"
    )
    city.refresh_from_db()
    assert city.short_name == "一"


def test_creation_answers_201_with_the_place(api: Client, city: Agency) -> None:
    answer = api.post(AGENCIES, {"code": "X1", "name": "新机构", "parent": str(city.pk)}, content_type=JSON)
    assert answer.status_code == 201
    assert api.get(answer["Location"]).json() == answer.json()
    assert answer["ETag"] == api.get(answer["Location"])["ETag"]


# The document


def test_openapi_document_is_valid_and_complete() -> None:
    document = Client().get("/api/schema").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    operations = [
        operation
        for path in document["paths"].values()
        for key, operation in path.items()
        if key in ("get", "post", "patch", "put", "delete")
    ]
    identifiers = [operation["operationId"] for operation in operations]
    assert len(identifiers) == len(set(identifiers))
    for operation in operations:
        assert operation["responses"]["401"] == {"$ref": "#/components/responses/Problem401"}
        assert operation["security"] == [{"token": []}, {"session": []}]
    for name in ("agencies", "people", "jobs", "search", "indicators"):
        assert f"/api/v1/{name}/" in document["paths"]


@pytest.mark.parametrize(
    ("url", "accept", "kind"),
    [
        ("/api/schema", "*/*", "application/json"),
        ("/api/schema/", "application/yaml", "application/yaml"),
        ("/api/schema?format=yaml", "*/*", "application/yaml"),
        ("/api/schema?format=json", "*/*", "application/json"),
        ("/api/schema.yaml", "*/*", "application/yaml"),
        ("/api/schema.json", "*/*", "application/json"),
    ],
)
def test_openapi_document_comes_as_json_and_yaml(url: str, accept: str, kind: str) -> None:
    response = Client().get(url, headers={"accept": accept})
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, kind)


def test_root_lists_the_collections(api: Client) -> None:
    root = api.get("/api/v1/")
    assert root.status_code == 200
    assert root.json()["agencies"] == "http://testserver/api/v1/agencies/"
    problem(Client().get("/api/v1/"), 401, "not_authenticated")


def test_every_problem_has_a_title_in_both_languages() -> None:
    assert all(str(title) for title in TITLES.values())
