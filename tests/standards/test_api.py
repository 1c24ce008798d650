"""REST of standards: from a draft to what is in force, code sets as of a day, what follows from a notation."""

from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import workflow
from standards.models import CodeSet, DataElement, Edition, StandardText
from standards.services.elements import draft_edition
from tests.accounts import world

pytestmark = pytest.mark.django_db
WORDS = {
    "name": "医保电子凭证号", "english_name": "medical_insurance_qr_code", "definition": "医保电子凭证上的号码",
    "object_class": "人", "property_term": "医保电子凭证号", "representation_term": "号码", "notation": "an..40", "level": "L3",
}  # fmt: skip


def api(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def test_an_element_from_its_draft_to_the_edition_in_force(office: SimpleNamespace) -> None:
    author, stranger, reviewer = api(office.author), api(office.stranger), api(office.reviewer)
    made = author.post(
        "/api/v1/elements/", {**WORDS, "agency": str(office.bureau.pk), "code": "YB001", "domain": "health"}
    )
    assert (made.status_code, made.json()["edition"]) == (201, None)
    element = made.json()["id"]
    edition = author.post(f"/api/v1/elements/{element}/draft/").json()
    here = f"/api/v1/element-editions/{edition['id']}/"
    assert author.patch(here, {"notation": "an..64"}).status_code == 428
    assert author.patch(here, {"notation": "zz9"}, headers={"If-Match": author.get(here)["ETag"]}).status_code == 400
    changed = author.patch(here, {"notation": "an..64"}, headers={"If-Match": author.get(here)["ETag"]})
    assert (changed.status_code, changed.json()["notation"]) == (200, "an..64")
    assert author.post(f"{here}transition/", {"transition": "open_comments"}).json()["state"] == "commenting"
    assert api(office.viewer).post(f"{here}comments/", {"text": "看客"}).status_code == 403
    said = stranger.post(f"{here}comments/", {"text": "建议 64 位"}).json()
    refusal = {"comment": said[0]["id"], "accepted": False}
    assert author.post(f"{here}answer/", refusal).status_code == 400
    assert author.post(f"{here}answer/", {**refusal, "answer": "已经是"}).json()[0]["accepted"] is False
    assert stranger.post(f"{here}answer/", {**refusal, "answer": "抢答"}).status_code == 403
    author.post(f"{here}transition/", {"transition": "submit"})
    assert author.get(f"{here}history/").json()["open_to"] == ["withdraw"]
    assert author.post(f"{here}transition/", {"transition": "publish"}).status_code == 403
    assert author.post(f"{here}transition/", {"transition": "teleport"}).status_code == 400
    assert reviewer.post(f"{here}transition/", {"transition": "return"}).status_code == 400
    assert reviewer.post(f"{here}transition/", {"transition": "publish"}).json()["state"] == "published"
    assert reviewer.get(f"/api/v1/elements/{element}/").json()["edition"]["notation"] == "an..64"
    gone = author.delete(here, headers={"If-Match": author.get(here)["ETag"]})
    assert (gone.status_code, Edition.objects.count()) == (400, 1)


def test_changes_are_told_against_the_edition_in_force(office: SimpleNamespace, sexes: CodeSet) -> None:
    edition = draft_edition(actor=office.author, element=DataElement.objects.get(code="P007"))
    client, here = api(office.author), f"/api/v1/element-editions/{edition.pk}/"
    client.patch(here, {"notation": "an..18"}, headers={"If-Match": client.get(here)["ETag"]})
    rows = {row["key"]: row for row in client.get(f"{here}changes/").json()}
    assert {key for key, row in rows.items() if row["kind"] != "same"} == {"notation"}
    assert (rows["notation"]["old"], rows["notation"]["new"]) == ("an18", "an..18")


def test_names_are_added_and_removed(office: SimpleNamespace, sexes: CodeSet) -> None:
    element, client = DataElement.objects.get(code="P007"), api(office.author)
    here = f"/api/v1/elements/{element.pk}/names/"
    count = len(client.get(here).json())
    added = client.post(here, {"kind": "synonym", "texts": ["证件号甲乙", "证件号甲乙"]})
    assert (added.status_code, len(added.json())) == (201, count + 1)
    name = next(row for row in added.json() if row["text"] == "证件号甲乙")
    one = f"/api/v1/element-names/{name['id']}/"
    assert api(office.stranger).delete(one, headers={"If-Match": client.get(one)["ETag"]}).status_code == 403
    assert client.delete(one, headers={"If-Match": client.get(one)["ETag"]}).status_code == 204
    assert len(client.get(here).json()) == count


def test_a_code_set_as_of_a_day(office: SimpleNamespace) -> None:
    author, reviewer = api(office.author), api(office.reviewer)
    body = {"agency": str(office.bureau.pk), "reference": "YB-01", "name": "险种", "label": "2026"}
    code_set = author.post("/api/v1/code-sets/", body).json()["id"]
    edition = author.post(f"/api/v1/code-sets/{code_set}/draft/").json()["id"]
    here = f"/api/v1/code-set-editions/{edition}/"
    codes = [
        {"code": "310", "name": "职工医保", "valid_from": "1998-01-01", "valid_to": "2020-01-01"},
        {"code": "310", "name": "职工基本医疗保险", "valid_from": "2020-01-01"},
        {"code": "390", "name": "居民医保"},
    ]
    twice = author.post(f"{here}codes/", {"codes": [*codes, {"code": "390", "name": "又一个"}]})
    assert twice.status_code == 400
    assert "第 4 行" in twice.json()["errors"][0]["detail"]
    assert author.post(f"{here}codes/", {"codes": codes}).status_code == 200
    mapped = author.post(f"/api/v1/code-sets/{code_set}/mappings/", {"mappings": [{"old": "1", "new": "310"}]})
    assert mapped.json() == [{"old": "1", "new": "310", "since": None, "note": ""}]
    author.post(f"{here}transition/", {"transition": "submit"})
    reviewer.post(f"{here}transition/", {"transition": "publish"})

    def names(query: str) -> list[str]:
        return [row["name"] for row in author.get(f"/api/v1/code-sets/{code_set}/codes/{query}").json()]

    assert names("?valid_on=2019-12-31") == ["职工医保", "居民医保"]
    assert names("?valid_on=2020-01-01") == ["职工基本医疗保险", "居民医保"]
    assert names("?valid_on=1990-01-01&contains=39") == names("?after=310") == ["居民医保"]
    assert author.get(f"/api/v1/code-sets/{code_set}/codes/?valid_on=昨天").status_code == 400
    assert author.post(f"{here}codes/", {"codes": codes}).status_code == 400


def test_standard_texts_are_kept_and_cited(office: SimpleNamespace, sexes: CodeSet) -> None:
    client = api(office.author)
    body = {"agency": str(office.bureau.pk), "number": "GB/T 2261.1-2026", "title": "人的性别代码", "level": "national"}
    made = client.post("/api/v1/standard-texts/", {**body, "checked_on": "2026-01-05", "published_on": "2026-01-01"})
    assert (made.status_code, made.json()["checked_on"]) == (201, "2026-01-05")
    late = {**body, "number": "GB/T 1-2099", "checked_on": "2099-01-01"}
    assert client.post("/api/v1/standard-texts/", late).status_code == 400
    text, here = made.json()["id"], f"/api/v1/standard-texts/{made.json()['id']}/"
    old = StandardText.objects.get(number="GB/T 2261.1-2003")
    one = f"/api/v1/standard-texts/{old.pk}/"
    etag = client.get(one)["ETag"]
    superseded = client.patch(one, {"status": "superseded", "superseded_by": text}, headers={"If-Match": etag})
    assert superseded.json()["superseded_by"] == text
    circle = client.patch(here, {"superseded_by": str(old.pk)}, headers={"If-Match": client.get(here)["ETag"]})
    assert circle.status_code == 400
    cited = f"/api/v1/code-set-editions/{sexes.current_id}/citations/"
    assert client.post(cited, {"text": text, "clause": "表 1"}).json()[-1]["checked_on"] is None
    assert (
        client.post(cited, {"text": text, "clause": "表 1", "checked_on": "2026-02-01"}).json()[-1]["checked_on"]
        == "2026-02-01"
    )
    assert len(client.get(cited).json()) == 2
    assert client.delete(here, headers={"If-Match": client.get(here)["ETag"]}).status_code == 400


def test_what_follows_from_a_notation_agrees_with_the_verdicts(office: SimpleNamespace) -> None:
    values = ["12", "3.5", "123.456", "-1", "", "abc"]
    found = api(office.viewer).post("/api/v1/notation/check/", {"notation": "n..4,2", "values": values}).json()
    verdicts = {row["value"]: row["valid"] for row in found["results"]}
    assert [value for value, valid in verdicts.items() if valid] == ["12", "3.5", "-1"]
    assert "小数" in found["results"][2]["reason"]
    for value, valid in verdicts.items():
        with duckdb.connect() as session:
            asked = session.execute(f"SELECT {found['checks']['duckdb']} FROM (SELECT $1 AS value)", [value])
            assert asked.fetchone() == (valid,)
    assert found["types"] == {
        "postgresql": "numeric(4,2)", "mysql": "decimal(4,2)", "oracle": "number(4,2)", "dameng": "decimal(4,2)",
    }  # fmt: skip
    wrong = api(office.viewer).post("/api/v1/notation/check/", {"notation": "zz9"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/notation")


def test_schema_and_column_of_an_element(office: SimpleNamespace, sexes: CodeSet) -> None:
    client = api(office.viewer)
    sex = DataElement.objects.get(current__code_set=sexes, name="性别")
    schema = client.get(f"/api/v1/elements/{sex.pk}/json-schema/").json()
    assert (schema["title"], schema["enum"]) == ("性别", ["0", "1", "2", "9"])
    line = client.get(f"/api/v1/elements/{sex.pk}/ddl/?dialect=mysql&column=x%60b").json()
    assert line["ddl"] == f"`x``b` {line['type']} COMMENT '性别'"
    assert line["check"] == "`x``b` IN ('0', '1', '2', '9')"
    assert client.get(f"/api/v1/elements/{sex.pk}/ddl/?dialect=db9").status_code == 400
    with connection.cursor() as cursor:
        line = client.get(f"/api/v1/elements/{sex.pk}/ddl/?column=xb").json()
        cursor.execute(f"CREATE TEMPORARY TABLE made ({line['ddl']} CHECK ({line['check']}))")
        cursor.execute("INSERT INTO made VALUES ('9')")


COLLECTIONS = ("elements", "element-editions", "element-names", "standard-texts", "code-sets", "code-set-editions")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_lists_take_the_same_queries_however_long(office: SimpleNamespace, sexes: CodeSet, name: str) -> None:
    address = f"/api/v1/{name}/"
    client = api(office.author)
    client.get(address)
    counts = []
    for limit in (1, 3):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{address}?limit={limit}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_list_filters_as_the_page_does(office: SimpleNamespace, sexes: CodeSet) -> None:
    edition = draft_edition(actor=office.author, element=DataElement.objects.get(code="P007"))
    workflow.apply(edition, "submit", actor=office.author)
    for person, expected in ((office.reviewer, ["P007"]), (office.stranger, [])):
        rows = api(person).get("/api/v1/elements/?review=yes").json()["results"]
        assert [row["code"] for row in rows] == expected
    assert api(office.viewer).get("/api/v1/elements/?level=L4&q=身份").json()["count"] >= 1
    assert api(office.viewer).get("/api/v1/elements/?colour=red").status_code == 400


def test_retiring_takes_the_number_of_uses_that_was_seen(office: SimpleNamespace, sexes: CodeSet) -> None:
    reviewer, uses = api(office.reviewer), DataElement.objects.filter(current__code_set=sexes).count()
    assert uses > 0
    here = f"/api/v1/code-set-editions/{sexes.current_id}/"
    impact = reviewer.get(f"{here}impact/").json()
    assert (impact["uses"], impact["hits"][0]["count"]) == (uses, uses)
    assert impact["hits"][0]["examples"][0]["url"].startswith("/standards/elements/")
    assert api(office.stranger).get(f"{here}impact/").status_code == 403
    word = {"transition": "retire", "opinion": "由新标准代替"}
    for confirm in ({}, {"confirm": uses - 1}, {"confirm": uses + 1}, {"confirm": "all"}):
        answer = reviewer.post(f"{here}transition/", {**word, **confirm})
        assert (answer.status_code, "confirm" in answer.content.decode()) == (400, True)
    assert api(office.stranger).post(f"{here}transition/", {**word, "confirm": uses}).status_code == 403
    done = reviewer.post(f"{here}transition/", {**word, "confirm": uses})
    assert (done.status_code, done.json()["state"]) == (200, "retired")


def test_the_page_retires_what_was_shown_on_it(office: SimpleNamespace, sexes: CodeSet) -> None:
    browser, edition = world.browser(office.reviewer), sexes.current
    assert edition is not None
    address = f"/standards/code-set-editions/{edition.pk}/step/retire/"
    page = browser.get(address)
    seen = page.context["uses"]
    word = {"opinion": "由新标准代替", "confirmed": "on"}
    assert browser.post(address, {**word, "uses": seen - 1}).status_code == 422
    assert browser.post(address, {"opinion": "由新标准代替", "uses": seen}).status_code == 422
    assert browser.post(address, {**word, "uses": seen}).status_code == 302
    edition.refresh_from_db()
    assert edition.state == "retired"
