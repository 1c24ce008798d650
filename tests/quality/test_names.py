"""A rule that nobody named is called by its columns and its kind in the reader's language; a name that was given stays."""

import csv
import io
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils.translation import override

from assets.models import Column
from core.search import search
from quality.models import Rule, RuleProposal
from quality.services.proposals import accept_proposals
from tests.accounts.world import browser
from tests.quality.test_pages_and_api import api

pytestmark = pytest.mark.django_db
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
MADE = {"zh-hans": "姓名 非空", "en": "姓名 Not null"}


@pytest.fixture
def rule(staff: SimpleNamespace) -> Rule:
    """Of a proposal that was accepted."""
    column = Column.objects.get(table=staff.table, name="name")
    Column.objects.filter(pk=column.pk).update(title="姓名")
    proposal, _made = RuleProposal.objects.get_or_create(
        column=column, kind="not_null", defaults={"source": column.source, "proposed_at": column.first_seen_at}
    )
    return accept_proposals(actor=staff.steward, proposals=[proposal])[0]


@pytest.mark.parametrize("language", MADE)
def test_pages_files_and_rest_say_the_name_in_the_readers_language(
    staff: SimpleNamespace, rule: Rule, language: str
) -> None:
    name, other = MADE[language], next(name for key, name in MADE.items() if key != language)
    client, headers = browser(staff.steward), {"HTTP_ACCEPT_LANGUAGE": language}
    type(staff.steward).objects.filter(pk=staff.steward.pk).update(language=language)
    for address in (
        reverse("quality:rule_list"),
        f"{reverse('quality:rule_list')}?q={name}",
        rule.get_absolute_url(),
        reverse("quality:rule_edit", args=[rule.pk]),
        reverse("assets:table_detail", args=[staff.table.pk, "quality"]),
        "/search/?q=姓名",
        "/",
    ):
        page = client.get(address, **headers).content.decode()
        assert name in page.replace("<mark>", "").replace("</mark>", ""), address
        assert other not in page, address
    answer = client.get(reverse("quality:rule_list") + "?export=csv", **headers).getvalue().decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(answer))][1:] == [name]
    body = api(staff.steward).get(f"/api/v1/rules/{rule.pk}/", **headers).json()
    assert (body["name"], body["named"]) == (name, False)


def test_search_finds_it_in_either_language(staff: SimpleNamespace, rule: Rule) -> None:
    for text, language in (("非空", "en"), ("Not null", "zh-hans"), ("Not null", "en")):
        with override(language):
            hits = search(staff.steward, text, kinds=["rule"]).groups[0].hits
            assert ["".join(part.text for part in hit.title) for hit in hits] == [MADE[language]]


def test_a_name_that_a_person_gave_is_kept_until_it_is_taken_back(staff: SimpleNamespace, rule: Rule) -> None:
    client, address = api(staff.steward), f"/api/v1/rules/{rule.pk}/"

    def patched(name: str) -> tuple[str, bool]:
        etag = client.get(address, **ENGLISH)["ETag"]
        body = client.patch(address, {"name": name}, format="json", HTTP_IF_MATCH=etag, **ENGLISH).json()
        return body["name"], body["named"]

    assert patched("姓名必填") == ("姓名必填", True)
    page = browser(staff.steward).get(reverse("quality:rule_edit", args=[rule.pk]))
    assert page.context["form"].initial["name"] == "姓名必填"
    assert patched("") == (MADE["en"], False)


def test_an_upgrade_tells_made_names_from_given_ones(staff: SimpleNamespace, rule: Rule) -> None:
    given = staff.rule("in_set", "level", values=["A"])
    Rule.objects.filter(pk=rule.pk).update(name="姓名 非空", named=False)
    Rule.objects.filter(pk=given.pk).update(name="级别只有一种", named=False)
    migration: Any = import_module("quality.migrations.0005_names_in_every_language")
    migration.tell_apart(apps, None)
    for language, name in MADE.items():
        with override(language):
            names = {item.pk: (item.named, item.label) for item in Rule.objects.all()}
        assert names == {rule.pk: (False, name), given.pk: (True, "级别只有一种")}
