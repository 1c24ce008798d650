"""Pages and REST of quality: every kind of rule can be made on both, foreign things do not exist, queries stay constant."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from assets.models import Column
from quality.models import Finding, Rule, RuleProposal
from quality.services.proposals import accept_proposals
from scanner.rules import RULE_KINDS
from tests.accounts.world import browser
from tests.quality.test_closed_loop import RULES

pytestmark = pytest.mark.django_db


def api(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def typed(value: Any) -> str:
    """A parameter as a person types it."""
    return "\n".join(value) if isinstance(value, list) else str(value)


def body_of(kind: str, staff: SimpleNamespace) -> dict[str, Any]:
    columns, parameters, *_ = RULES[kind]
    ids = [str(Column.objects.get(table=staff.table, name=name).pk) for name in columns]
    return {"table": str(staff.table.pk), "kind": kind, "columns": ids, "parameters": parameters}


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_kind_can_be_made_on_the_page(staff: SimpleNamespace, kind: str) -> None:
    columns, parameters, *_ = RULES[kind]
    client = browser(staff.steward)
    address = f"{reverse('quality:rule_create')}?table={staff.table.pk}&kind={kind}"
    assert client.get(address).status_code == 200
    form = {f"parameter_{name}": typed(value) for name, value in parameters.items()}
    form |= {"indicator": "0301", "severity": "major", "weight": "1", "mostly": "100"}
    form["columns"] = [str(Column.objects.get(table=staff.table, name=name).pk) for name in columns]
    answer = client.post(address, form)
    assert answer.status_code == 302, answer.content.decode()
    rule = Rule.objects.get()
    assert (rule.kind, rule.column_names, rule.parameters, rule.created_by) == (
        kind,
        columns,
        parameters,
        staff.steward,
    )
    edit = reverse("quality:rule_edit", args=[rule.pk])
    assert client.get(edit).status_code == 200
    assert client.post(edit, {**form, "name": "改名"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.parameters) == ("改名", parameters)


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_kind_can_be_made_by_rest(staff: SimpleNamespace, kind: str) -> None:
    answer = api(staff.steward).post("/api/v1/rules/", body_of(kind, staff), format="json")
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["kind"], [column["name"] for column in made["columns"]]) == (kind, list(RULES[kind][0]))
    assert made["parameters"] == RULES[kind][1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "teleport"}, "kind"),
        ({"parameters": {}}, "parameters.values"),
        ({"parameters": {"values": ["A"], "x": 1}}, "parameters.x"),
        ({"where": "level = (select 1)"}, "where"),
        ({"where": "nobody = 1"}, "where"),
        ({"mostly": 1.5}, "mostly"),
        ({"columns": []}, "columns"),
        ({"indicator": "9999"}, "indicator"),
        ({"weight": 0}, "weight"),
    ],
)
def test_a_bad_rule_is_refused_by_its_field(staff: SimpleNamespace, changes: dict[str, Any], field: str) -> None:
    answer = api(staff.steward).post("/api/v1/rules/", body_of("in_set", staff) | changes, format="json")
    assert answer.status_code == 400
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert any(field.replace(".", "/") in pointer or field in pointer for pointer in pointers), pointers
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("changes", "chinese", "english"),
    [
        ({"where": "nobody = 1"}, "main.staff 没有字段 nobody", '"nobody" is no column of main.staff'),
        ({"where": "level = lower(name)"}, "不能用函数：lower(", "functions are not allowed: lower("),
        ({"where": "id = 'x'"}, "“x”不能与 id（integer）比较：请写数字", '"x" does not compare with id (integer): write a number'),
        ({"parameters": {"values": ["A"], "x": 1}}, "不是 in_set 的参数；可用：values", "is no parameter of in_set; known: values"),
        ({"kind": "matches", "parameters": {"pattern": "(["}}, "不是 RE2 正则表达式：", "is no RE2 regular expression: "),
        ({"kind": "row_count", "parameters": {"min": 1}}, "row_count 需要不带字段，实为 1 个", "row_count takes no columns, not 1"),
        ({"kind": "date_format", "parameters": {"format": "YYYYYYYY"}}, "年出现了两次", "the year occurs twice"),
        ({"kind": "freshness", "parameters": {"max_age": "1 day"}}, "不是 ISO 8601 时长，如 P1D、PT6H、P1M", "is no ISO 8601 duration such as P1D, PT6H or P1M"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said_in_the_readers_language(
    staff: SimpleNamespace, changes: dict[str, Any], chinese: str, english: str
) -> None:
    client = api(staff.steward)
    for language, expected in (("zh-CN", chinese), ("en-GB", english)):
        headers = {"Accept-Language": language}
        body = body_of("in_set", staff) | changes
        answer = client.post("/api/v1/rules/", body, format="json", headers=headers)
        assert answer.status_code == 400
        assert expected in str([error["detail"] for error in answer.json()["errors"]])


def test_a_check_that_cannot_run_says_why_in_the_readers_language(staff: SimpleNamespace) -> None:
    """The column became text of another kind after the rule was made; the reference lost its table."""
    staff.rule("reference", "level", table="dept", columns=["code"])
    staff.source.run("DROP TABLE dept")
    staff.source.scan(staff.table)
    client = browser(staff.steward)
    address = reverse("quality:result_list")
    assert "表 dept 不存在。请重新盘点。" in client.get(address).content.decode()
    result = api(staff.steward).get("/api/v1/check-results/", headers={"Accept-Language": "zh-CN"}).json()["results"][0]
    assert (result["passed"], result["error"]) == (False, "表 dept 不存在。请重新盘点。")
    result = api(staff.steward).get("/api/v1/check-results/", headers={"Accept-Language": "en"}).json()["results"][0]
    assert result["error"] == "Table dept does not exist. Run a census again."


def test_a_bad_rule_is_refused_on_the_page_with_what_was_typed(staff: SimpleNamespace) -> None:
    column = Column.objects.get(table=staff.table, name="day")
    address = f"{reverse('quality:rule_create')}?table={staff.table.pk}&kind=matches"
    form = {"columns": str(column.pk), "parameter_pattern": "([", "indicator": "0302", "severity": "major", "weight": "1", "mostly": "100"}  # fmt: skip
    answer = browser(staff.steward).post(address, form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "有 1 处需要修改" in text
    assert 'value="(["' in text


def test_one_rule_is_put_on_many_columns_or_on_none(staff: SimpleNamespace) -> None:
    ids = [str(pk) for pk in Column.objects.filter(table=staff.table).values_list("pk", flat=True)]
    client = api(staff.steward)
    assert client.post("/api/v1/rules/bulk/", {"kind": "not_null", "columns": ids}, format="json").status_code == 201
    assert Rule.objects.count() == len(ids)
    bad = {"kind": "date_format", "parameters": {"format": "quark"}, "columns": ids}
    assert client.post("/api/v1/rules/bulk/", bad, format="json").status_code == 400
    assert Rule.objects.count() == len(ids)


def test_one_rule_is_put_on_the_columns_found_by_name(staff: SimpleNamespace, city: SimpleNamespace) -> None:
    client = browser(staff.steward)
    assert "选择规则类型" in client.get(reverse("quality:rule_bulk")).content.decode()
    address = reverse("quality:rule_bulk") + "?kind=not_null&q=e"
    page = client.get(address).content.decode()
    wanted = Column.objects.filter(table=staff.table, name__in=("name", "level", "fee"))
    assert all(str(column.pk) in page for column in wanted)
    form = {
        "columns": [str(c.pk) for c in wanted],
        "indicator": "0201",
        "severity": "major",
        "weight": "1",
        "mostly": "100",
    }
    assert browser(city.civil.steward).post(address, form).status_code == 422
    assert client.post(address, form).status_code == 302
    assert sorted(rule.column_names for rule in Rule.objects.all()) == [("fee",), ("level",), ("name",)]


def test_writing_needs_the_state_one_has_seen(staff: SimpleNamespace) -> None:
    rule = staff.rule("not_null", "name")
    client = api(staff.steward)
    address = f"/api/v1/rules/{rule.pk}/"
    etag = client.get(address)["ETag"]
    assert client.patch(address, {"name": "甲"}, format="json").status_code == 428
    assert client.patch(address, {"name": "甲"}, format="json", HTTP_IF_MATCH=etag).status_code == 200
    assert client.patch(address, {"name": "乙"}, format="json", HTTP_IF_MATCH=etag).status_code == 412
    assert client.delete(address, HTTP_IF_MATCH=client.get(address)["ETag"]).status_code == 204
    assert not Rule.objects.exists()


def test_another_agency_sees_nothing_of_it(staff: SimpleNamespace, city: SimpleNamespace) -> None:
    rule = staff.rule("in_set", "level", values=["A"])
    staff.source.scan()
    finding = Finding.objects.get()
    stranger, rest = browser(city.civil.steward), api(city.civil.steward)
    for page in ("overview", "rule_list", "proposal_list", "finding_list"):
        text = stranger.get(reverse(f"quality:{page}")).content.decode()
        assert str(rule) not in text
        assert "staff" not in text
    for name, pk in (("rule_detail", rule.pk), ("rule_edit", rule.pk), ("finding_detail", finding.pk)):
        assert stranger.get(reverse(f"quality:{name}", args=[pk])).status_code == 404
    assert stranger.post(reverse("quality:rule_delete", args=[rule.pk])).status_code == 404
    assert stranger.post(reverse("quality:rule_disable"), {"selected": str(rule.pk)}).status_code == 302
    rule.refresh_from_db()
    assert rule.enabled
    for collection in ("rules", "findings", "check-results", "rule-proposals"):
        assert rest.get(f"/api/v1/{collection}/").json()["results"] == []
    assert rest.get(f"/api/v1/rules/{rule.pk}/").status_code == 404
    assert rest.post("/api/v1/rules/", body_of("not_null", staff), format="json").status_code == 400


def test_a_viewer_reads_and_changes_nothing(staff: SimpleNamespace) -> None:
    rule = staff.rule("not_null", "name")
    viewer = browser(staff.bureau.viewer)
    assert str(rule) in viewer.get(reverse("quality:rule_list")).content.decode()
    assert viewer.get(reverse("quality:rule_edit", args=[rule.pk])).status_code == 403
    assert viewer.post(reverse("quality:rule_delete", args=[rule.pk])).status_code == 403
    assert api(staff.bureau.viewer).post("/api/v1/rules/", body_of("not_null", staff), format="json").status_code == 403


def test_proposals_are_accepted_in_one_click_and_in_bulk(staff: SimpleNamespace) -> None:
    rows = ",".join(f"({n}, '人{n}', '11010519491231002X', 'A', '20240131', 5, NULL)" for n in range(100, 160))
    staff.source.run(f"INSERT INTO staff VALUES {rows}")
    staff.source.scan()
    first, *others = RuleProposal.objects.filter(state="open").values_list("pk", flat=True)
    client = browser(staff.steward)
    client.post(reverse("quality:proposal_accept"), {"selected": str(first)})
    assert Rule.objects.count() == 1
    client.post(reverse("quality:proposal_accept"), {"all": "1", "query": "state=open"})
    assert Rule.objects.count() == 1 + len(others)
    assert not RuleProposal.objects.filter(state="open").exists()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_lists_need_as_many_queries_for_three_rows_as_for_one(staff: SimpleNamespace) -> None:
    rows = ",".join(f"({n}, '人{n}', '11010519491231002X', 'A', '20240131', 5, NULL)" for n in range(100, 160))
    staff.source.run(f"INSERT INTO staff VALUES {rows}")
    staff.rule("in_set", "level", values=["B"])
    staff.source.scan()
    first = RuleProposal.objects.filter(state="open").first()
    accept_proposals(actor=staff.steward, proposals=[first] if first else [])
    pages = [reverse(f"quality:{name}") for name in ("overview", "rule_list", "proposal_list", "finding_list")]
    lists = [*pages, *(f"/api/v1/{name}/" for name in ("rules", "findings", "check-results", "rule-proposals"))]
    client = browser(staff.steward)
    for address in lists:
        client.get(address)
    few = {address: queries(client, address) for address in lists}
    for kind, column in (("not_null", "sfzh"), ("checksum", "sfzh"), ("unique", "level")):
        staff.rule(kind, column, **({"scheme": "uscc"} if kind == "checksum" else {}))
    staff.source.scan()
    assert Finding.objects.filter(state="open").count() >= 3
    assert {address: queries(client, address) for address in lists} == few


def test_rules_are_listed_by_their_newest_check_and_not_by_older_ones(staff: SimpleNamespace) -> None:
    """A rule that once passed and fails now is one of those that did not pass."""
    staff.source.run("DELETE FROM staff")
    staff.source.run("INSERT INTO staff VALUES (1, '王', '11010519491231002X', 'A', '20240131', 5, NULL)")
    turned, steady = staff.rule("in_set", "level", values=["A"]), staff.rule("not_null", "sfzh")
    staff.source.scan()
    staff.source.run("UPDATE staff SET level = 'C'")
    staff.source.scan()
    unchecked = staff.rule("unique", "level")
    client = browser(staff.steward)

    def listed(query: str) -> set[str]:
        return {row["id"] for row in client.get(f"/api/v1/rules/?{query}").json()["results"]}

    ids = {name: str(rule.pk) for name, rule in (("turned", turned), ("steady", steady), ("new", unchecked))}
    assert listed("failing=yes") == {ids["turned"]}
    assert listed("passed=yes") == {ids["steady"]}
    assert listed("passed=no") == {ids["turned"], ids["new"]}
    assert listed("failing=no") == {ids["steady"], ids["new"]}
