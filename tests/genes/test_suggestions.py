"""Suggestions for a column that is in no source yet, over the REST interface."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from genes.models import Gene, Match
from genes.selectors import catalogue
from standards.models import DataElement, ElementName
from standards.services.seed import adopt_shipped
from tests.assets.support import city  # noqa: F401  fixture
from tests.genes.made_values import citizen_id

pytestmark = pytest.mark.django_db
HERE = "/api/v1/gene-suggestions/"


@pytest.fixture
def ask(city: SimpleNamespace) -> Any:  # noqa: F811
    adopt_shipped(actor=None, agency=city.top, code_sets=("GB/T 2261.1", "GB/T 3304"))
    client = APIClient()
    client.force_authenticate(city.police.viewer)

    def post(**body: Any) -> Any:
        answer = client.post(HERE, body, format="json")
        assert answer.status_code == 200, answer.json()
        return answer.json()

    return post


def test_a_commented_column_is_known_with_reasons_in_words(ask: Any) -> None:
    found = ask(name="xb", comment="性别", type="char", length=1, table="t_ry", values=["1"] * 60 + ["2"] * 18 + ["8"])
    assert (found["zone"], found["best"]["name"]) == ("auto", "性别")
    first = found["candidates"][0]
    assert first["element"] == found["best"]
    assert first["confidence"] >= 0.95
    assert (first["notation"], first["code_set"]["reference"]) == ("n1", "GB/T 2261.1")
    told = {item["kind"]: item for item in first["evidence"]}
    assert {"comment", "values"} <= told.keys()
    assert told["values"]["text"] == "98.7% 的值在 GB/T 2261.1 中"
    assert told["values"]["figure"] == pytest.approx(78 / 79, abs=1e-4)
    assert told["comment"]["text"]
    assert 0.5 < told["comment"]["figure"] < 1


def test_values_decide_where_the_name_is_silent_and_veto_where_it_lies(ask: Any) -> None:
    rng = random.Random(7)
    numbers = [citizen_id(rng) for _ in range(40)]
    assert ask(name="c7", values=numbers)["best"]["name"] == "公民身份号码"
    lied = ask(name="sfzh", comment="身份证号", values=[f"138{number:08d}" for number in range(0, 800_000, 7919)])
    assert lied["best"] is None or lied["best"]["name"] != "公民身份号码"
    refused = next(item for item in lied["candidates"] if item["element"]["name"] == "公民身份号码")
    assert min(item["weight"] for item in refused["evidence"]) < 0


def test_none_is_an_answer(ask: Any) -> None:
    found = ask(name="retry_cnt", comment="重试次数", type="int")
    assert (found["zone"], found["best"]) == ("none", None)
    assert found["none"] > 0.9
    assert ask(name="😀", comment="")["best"] is None


def test_a_prefix_that_the_whole_table_shares_says_nothing(ask: Any) -> None:
    beside = ["cf_wsh", "cf_jdrq", "cf_nr", "cf_jg", "cf_lb"]
    alone, among = ask(name="cf_xm"), ask(name="cf_xm", siblings=beside)
    assert among == ask(name="xm")
    assert among != alone


def test_nothing_is_stored_and_the_number_of_queries_is_fixed(ask: Any) -> None:
    ask(name="xm", comment="姓名")
    counts = []
    for body in ({"name": "xm", "comment": "姓名"}, {"name": "xm", "comment": "姓名", "values": ["王晓岚"] * 50}):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(**body)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
    assert not Gene.objects.exists()
    assert not Match.objects.exists()


def test_the_matcher_is_kept_until_the_standards_change(ask: Any) -> None:
    assert ask(name="zhnl", comment="智慧能力指数")["best"] is None
    kept = catalogue.matcher()
    ask(name="xm", comment="姓名")
    assert catalogue.matcher() is kept
    element = DataElement.objects.get(current__name="姓名")
    ElementName.objects.create(element=element, kind="synonym", text="智慧能力指数", origin="person")
    assert ask(name="zhnl", comment="智慧能力指数")["best"]["code"] == element.code
    assert catalogue.matcher() is not kept


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "/name"),
        ({"name": "a\u0000"}, ""),
        ({"name": "a\u202e"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "x", "values": ["1"] * 1001}, "/values"),
        ({"name": "x", "siblings": "xm"}, "/siblings"),
        ({"name": "x", "length": -1}, "/length"),
    ],
)
def test_bad_bodies_are_refused_by_field(city: SimpleNamespace, body: dict[str, Any], field: str) -> None:  # noqa: F811
    client = APIClient()
    client.force_authenticate(city.police.viewer)
    answer = client.post(HERE, body, format="json")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json().get("errors", [{"pointer": ""}])] == [field]


def test_an_empty_registry_answers_none(city: SimpleNamespace) -> None:  # noqa: F811
    client = APIClient()
    client.force_authenticate(city.police.viewer)
    found = client.post(HERE, {"name": "xm", "comment": "姓名"}, format="json").json()
    assert (found["best"], found["candidates"]) == (None, [])
