"""Rulings, families, joins and repeated collection on pages: the way of a ruling, what each sees, what a name can do."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import jobs, workflow
from genes.models import Family, FamilyMember, Join, Ruling
from genes.services.rulings import propose_ruling
from tests.accounts import world
from tests.genes.relations.made import bind, column, element


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.getvalue().decode()


def draft(people: SimpleNamespace, **fields: Any) -> Ruling:
    given = {
        "holder": people.city.police.agency,
        "basis": "测试依据第一条",
        "valid_from": timezone.localdate(),
        **fields,
    }
    return propose_ruling(actor=people.planner, element=element("P007"), agency=people.city.top, **given)


def in_force(people: SimpleNamespace) -> Ruling:
    ruling = workflow.apply(draft(people), "submit", actor=people.planner)
    return workflow.apply(ruling, "rule", actor=people.chief)


def test_from_a_gene_to_a_ruling_and_its_end(people: SimpleNamespace) -> None:
    planner, chief = world.browser(people.planner), world.browser(people.chief)
    gene = element("P007")
    assert f"/genes/rulings/new/?element={gene.pk}" in shown(planner, f"/genes/{gene.pk}/")
    form = shown(planner, f"/genes/rulings/new/?element={gene.pk}")
    assert f'value="{people.city.police.agency.pk}" selected' in form  # 400 people against 150
    body = {
        "element": gene.pk, "agency": people.city.top.pk, "holder": people.city.police.agency.pk,
        "basis": "测试依据第一条", "valid_from": timezone.localdate().isoformat(),
    }  # fmt: skip
    faulty = planner.post("/genes/rulings/new/", {**body, "basis": " "})
    assert (faulty.status_code, Ruling.objects.count()) == (422, 0)
    made = planner.post("/genes/rulings/new/", body)
    ruling = Ruling.objects.get()
    assert made.headers["Location"] == f"/genes/rulings/{ruling.pk}/" == ruling.get_absolute_url()
    assert planner.post(f"/genes/rulings/{ruling.pk}/edit/", {**body, "basis": "测试依据第二条"}).status_code == 302
    assert planner.post(f"/genes/rulings/{ruling.pk}/step/submit/", {"opinion": ""}).status_code == 302
    assert "step/rule/" not in shown(planner, ruling.get_absolute_url())  # who wrote it does not decide
    assert planner.post(f"/genes/rulings/{ruling.pk}/step/rule/", {"opinion": ""}).status_code == 403
    assert ruling.element.name in shown(chief, "/genes/rulings/?review=yes")
    assert f"/genes/rulings/{ruling.pk}/step/rule/" in shown(chief, ruling.get_absolute_url())
    assert "测试依据第二条" in shown(chief, f"/genes/rulings/{ruling.pk}/step/rule/")
    assert chief.post(f"/genes/rulings/{ruling.pk}/step/rule/", {"opinion": "同意"}).status_code == 302
    civil = world.browser(people.city.civil.steward)
    listed = shown(civil, "/genes/repetitions/?mine=yes")
    assert ("djry" in listed, "czrk" in listed) == (True, False)
    assert "重复采集待处理" in shown(civil, "/")
    assert "同意" in shown(civil, f"/genes/rulings/{ruling.pk}/history/")
    unsaid = chief.post(f"/genes/rulings/{ruling.pk}/step/end/", {"opinion": ""})
    assert unsaid.status_code == 422
    assert chief.post(f"/genes/rulings/{ruling.pk}/step/end/", {"opinion": "职责调整"}).status_code == 302
    assert "djry" not in shown(civil, "/genes/repetitions/")
    assert "已终止" in shown(civil, ruling.get_absolute_url())


def test_a_draft_is_seen_by_its_agency_alone(people: SimpleNamespace) -> None:
    ruling = draft(people)
    civil = world.browser(people.city.civil.steward)
    assert civil.get(ruling.get_absolute_url()).status_code == 404
    assert ruling.basis not in shown(civil, "/genes/rulings/")
    assert world.browser(people.chief).post(f"/genes/rulings/{ruling.pk}/discard/").status_code == 403
    assert world.browser(people.planner).post(f"/genes/rulings/{ruling.pk}/discard/").status_code == 302
    assert not Ruling.objects.exists()


def test_the_evidence_is_of_agencies_that_one_may_see(people: SimpleNamespace) -> None:
    ruling = in_force(people)
    everything = shown(world.browser(people.chief), ruling.get_absolute_url())
    assert re.findall(r'<span class="name">(市\w+局)', everything) == ["市公安局", "市民政局"]
    civil = shown(world.browser(people.city.civil.steward), ruling.get_absolute_url())
    assert re.findall(r'<span class="name">(市\w+局)', civil) == ["市民政局"]
    assert "另有 1 个机构不在可见范围" in civil


def test_a_family_shows_the_columns_one_may_see(people: SimpleNamespace) -> None:
    family = Family.objects.get(element=element("P007"))
    whole = shown(world.browser(people.chief), f"/genes/families/{family.pk}/")
    assert ("czrk" in whole, "djry" in whole, "100%" in whole) == (True, True, True)  # one lies in the other
    civil = world.browser(people.city.civil.steward)  # one column alone would tell them that others hold its values
    assert civil.get(f"/genes/families/{family.pk}/").status_code == 404
    people.civil.run("CREATE TABLE djls AS SELECT * FROM djry")
    people.civil.census()
    people.civil.scan()
    bind(people.city.civil.steward, "djls", sfzh="P007")
    jobs.drain()
    own = shown(civil, f"/genes/families/{family.pk}/")
    assert ("czrk" in own, "djry" in own, "djls" in own) == (False, True, True)
    nobody = world.browser(world.person(world.agency("空局", people.city.top), "steward"))
    assert nobody.get(f"/genes/families/{family.pk}/").status_code == 404
    assert "还没有同源组" in shown(nobody, "/genes/families/")


def test_a_conflict_says_what_is_here_and_what_is_usual(people: SimpleNamespace) -> None:
    member = FamilyMember.objects.get(column=column("djry", "csrq"))
    FamilyMember.objects.filter(pk=member.pk).update(differs={"format": ["9999/99/99", "99999999"]})
    page = shown(world.browser(people.chief), member.family.get_absolute_url())
    assert "这里 9999/99/99，多数 99999999" in page
    client = world.browser(people.chief)
    assert "出生日期" in shown(client, "/genes/families/?conflict=yes")
    assert "公民身份号码" not in re.sub(
        r"<nav.*?</nav>", "", shown(client, "/genes/families/?conflict=yes"), flags=re.S
    )


def test_a_join_is_shown_to_who_sees_both_ends(people: SimpleNamespace) -> None:
    chief, civil = world.browser(people.chief), world.browser(people.city.civil.steward)
    assert "czrk" in shown(chief, "/genes/joins/")
    assert ("czrk" in shown(civil, "/genes/joins/"), "djry" in shown(civil, "/genes/joins/")) == (False, False)
    assert "czrk" in shown(chief, "/genes/joins/keys/")
    # The police see their key, but not who in another agency leads to it.
    police = shown(world.browser(people.city.police.steward), "/genes/joins/keys/")
    assert "czrk" not in police
    csv = shown(chief, "/genes/joins/?export=csv")
    assert "djry,sfzh" in csv
    assert "djry" not in shown(civil, "/genes/joins/?export=csv")


def test_the_gene_page_counts_what_its_lists_show(people: SimpleNamespace) -> None:
    in_force(people)
    gene = element("P007")
    page = shown(world.browser(people.chief), f"/genes/{gene.pk}/")
    for list_page, count in (("bindings", 2), ("families", 1), ("repetitions", 1)):
        assert f'href="/genes/{list_page}/?element={gene.pk}">{count}</a>' in page
        rows = shown(world.browser(people.chief), f"/genes/{list_page}/?element={gene.pk}").partition("<tbody>")[2]
        assert rows.count("<tr>") == count
    assert f'href="/genes/{gene.pk}/"' in shown(world.browser(people.chief), "/genes/")
    assert f'href="/genes/{gene.pk}/"' in shown(world.browser(people.chief), f"/standards/elements/{gene.pk}/columns/")
    for tab in ("source", "joins", "columns", "conformity"):
        shown(world.browser(people.chief), f"/genes/{gene.pk}/{tab}/")


def rows_of(client: Client, address: str) -> int:
    return shown(client, address).partition("<tbody>")[2].partition("</tbody>")[0].count("<tr")


def test_every_number_of_a_family_opens_the_rows_it_counts(people: SimpleNamespace) -> None:
    client, family = world.browser(people.chief), Family.objects.get(element=element("P007"))
    FamilyMember.objects.filter(column=column("djry", "sfzh")).update(differs={"length": ["15", "18"]})
    page = shown(client, f"/genes/families/?element={family.element_id}")
    for address, count in (
        (f"/genes/bindings/?family={family.pk}", 2),
        (f"{family.get_absolute_url()}agencies/", 2),
        (f"/genes/bindings/?family={family.pk}&amp;conflict=yes", 1),
    ):
        assert f'<a href="{address}">{count}</a>' in page
        assert rows_of(client, address.replace("&amp;", "&")) == count
    agencies = shown(client, f"{family.get_absolute_url()}agencies/")
    address = f"/genes/bindings/?family={family.pk}&amp;agency={people.city.civil.agency.pk}&amp;conflict=yes"
    assert f'<a href="{address}">1</a>' in agencies
    assert rows_of(client, address.replace("&amp;", "&")) == 1
    assert rows_of(world.browser(people.city.civil.steward), f"/genes/bindings/?family={family.pk}") == 1


def test_the_tables_that_lead_to_a_key_are_listed_once_each(people: SimpleNamespace) -> None:
    client, key = world.browser(people.chief), column("czrk", "sfzh")
    first = Join.objects.get(target=key)
    other = column("djry", "xm")
    Join.objects.create(column=other, target=key, share=0.5, key_share=1, found_at=first.found_at)
    address = f"/genes/joins/?target={key.pk}"
    assert (rows_of(client, address), rows_of(client, f"{address}&each=table")) == (2, 1)
    assert f'href="{first.column.get_absolute_url()}"' in shown(client, f"{address}&each=table")  # the better one
    keys = shown(client, "/genes/joins/keys/")
    assert f'<a href="{address}">2</a>' in keys
    assert f'<a href="{address}&amp;each=table">1</a>' in keys


def test_filters_by_id_say_whose_id_it_is_to_those_who_may_see_it(people: SimpleNamespace) -> None:
    in_force(people)
    client, key, family = (
        world.browser(people.chief),
        column("czrk", "sfzh"),
        Family.objects.get(element=element("P007")),
    )
    for page in ("bindings", "conformity/columns", "deviations", "decisions", "drifts", "families", "rulings"):
        content = shown(client, f"/genes/{page}/?element={family.element_id}")
        assert "数据元：公民身份号码" in re.sub(r"\s+", "", content), page
    assert "czrk的sfzh" in re.sub(r"\s+", "", shown(client, f"/genes/joins/?target={key.pk}"))
    assert f"目标：{key.pk}" in re.sub(
        r"\s+", "", shown(world.browser(people.city.civil.steward), f"/genes/joins/?target={key.pk}")
    )


def test_the_list_of_genes_says_how_each_stands_and_leads_to_every_page(people: SimpleNamespace) -> None:
    ruling = in_force(people)
    people.police.scan()  # only a scan after the decision checks the values
    page = shown(world.browser(people.chief), "/genes/")
    row = page.partition(f'href="/genes/{ruling.element_id}/"')[2].partition("</tr>")[0]
    assert f'href="/genes/conformity/columns/?element={ruling.element_id}"' in row
    assert f'<a href="{ruling.get_absolute_url()}">{ruling.holder.name}</a>' in row
    for part in ("families", "joins", "rulings", "repetitions", "levels", "decisions", "recognisers", "map", "design"):
        assert f'href="/genes/{part}/"' in page
    csv = shown(world.browser(people.chief), "/genes/?export=csv")
    assert f"{ruling.element.code},公民身份号码" in csv
    assert ruling.holder.name in csv


PAGES = (
    "/genes/",
    "{gene}",
    "{gene}source/",
    "{gene}joins/",
    "{family}",
    "{family}agencies/",
    "{family}source/",
    "{ruling}",
    "{ruling}repeated/",
)


@pytest.mark.parametrize("page", PAGES)
def test_pages_cost_the_same_however_many_columns(people: SimpleNamespace, page: str) -> None:
    ruling = in_force(people)
    gene, family = element("P007"), Family.objects.get(element=element("P007"))
    address = page.format(gene=f"/genes/{gene.pk}/", family=family.get_absolute_url(), ruling=ruling.get_absolute_url())
    client = world.browser(people.chief)

    def asked() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    few = asked()
    before = Join.objects.count()
    people.civil.run("CREATE TABLE d2 AS SELECT * FROM djry; CREATE TABLE d3 AS SELECT * FROM djry;")
    people.civil.census()
    people.civil.scan()
    for name in ("d2", "d3"):
        bind(people.city.civil.steward, name, sfzh="P007")
    jobs.drain()
    assert (Join.objects.count() > before, "d3" in shown(client, "/genes/bindings/")) == (True, True)
    assert asked() <= few + 1


def test_a_name_is_a_name_on_every_page(people: SimpleNamespace) -> None:
    ruling, evil = in_force(people), "<script>ran=1</script>"
    Ruling.objects.filter(pk=ruling.pk).update(basis=evil)
    for table in ("czrk", "djry"):
        row = column(table, "sfzh")
        row.title = evil
        row.save(update_fields=["title"])
    FamilyMember.objects.update(differs={"format": [evil, evil]})
    client, family = world.browser(people.chief), Family.objects.get(element=element("P007"))
    pages = [
        "/genes/rulings/", "/genes/joins/", "/genes/joins/keys/", "/genes/repetitions/", ruling.get_absolute_url(),
        family.get_absolute_url(), f"{ruling.get_absolute_url()}repeated/", f"/genes/rulings/{ruling.pk}/step/end/",
        f"/genes/{ruling.element_id}/source/", f"/genes/{ruling.element_id}/joins/",
    ]  # fmt: skip
    for page in pages:
        content = shown(client, page)
        assert (evil in content, "&lt;script&gt;ran=1" in content) == (False, True), page


def test_what_names_nothing_is_refused(people: SimpleNamespace) -> None:
    client = world.browser(people.planner)
    assert client.get("/genes/rulings/new/?element=x").status_code == 404
    assert client.get("/genes/rulings/new/").status_code == 200
    assert client.get(f"/genes/rulings/{draft(people).pk}/step/publish/").status_code == 404
    assert world.browser(people.city.civil.viewer).get("/genes/rulings/new/").status_code == 403
