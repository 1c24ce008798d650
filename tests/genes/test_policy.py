"""By policy: what is as good as certain is accepted unseen, nothing that a person said or must say; and it goes back whole."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from assets.models import Column
from core.models import AuditEntry, Job
from genes.choices import MatchState, Origin, Zone
from genes.models import Binding, ColumnLevel, Gene, Match
from genes.selectors.queue import acceptable_to
from genes.services import policy
from genes.services.decisions import accept, new_batch, reject, say_none
from standards.models import DataElement
from tests.accounts import world
from tests.assets.support import finished
from tests.genes.built import as_new, catalogue
from tests.genes.conftest import REGISTER

Rows = set[tuple[Any, ...]]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    """Two agencies that hold the same table, read."""
    with catalogue(tmp_path_factory.mktemp("policy"), django_db_blocker) as made:
        for name, bureau in (("人口登记库", made.city.police), ("救助登记库", made.city.civil)):
            source = made.source(REGISTER, name, bureau)
            source.census()
            source.scan()
        yield made


@pytest.fixture(autouse=True)
def own_files() -> None:
    """The files of `built`."""


@pytest.fixture
def estate(built: SimpleNamespace, db: None) -> SimpleNamespace:
    return as_new(built)


def column(name: str, source: str = "人口登记库") -> Column:
    return Column.objects.select_related("source", "table").get(name=name, source__name=source)


def element(name: str) -> DataElement:
    return DataElement.objects.get(name=name)


def accepted(estate: SimpleNamespace, query: str = "") -> Any:
    job = finished(policy.request_acceptance(actor=estate.steward, query=query))
    assert job.state == "succeeded"
    return job.params["batch"]


def everything() -> tuple[Rows, Rows, Rows, Rows]:
    """What the machine says and what is bound, of all columns."""
    return (
        set(Match.objects.values_list("column", "element", "rank", "confidence", "state")),
        set(Binding.objects.values_list("column", "element", "origin", "batch")),
        set(Gene.objects.values_list("column", "zone", "best", "confidence")),
        set(ColumnLevel.objects.values_list("column", "level", "decided")),
    )


def test_the_auto_zone_is_accepted_and_goes_back_whole(estate: SimpleNamespace) -> None:
    before = everything()
    sure = set(acceptable_to(estate.steward).values_list("column", "element"))
    assert {name for name in ("gmsfhm", "sjhm") if column(name).pk in {row[0] for row in sure}} == {"gmsfhm", "sjhm"}
    batch = accepted(estate)
    bound = Binding.objects.select_related("column__source")
    assert {(row.column_id, row.element_id) for row in bound} == sure
    assert {(row.origin, str(row.batch), row.decided_by, row.column.source.name) for row in bound} == {
        (Origin.MACHINE, batch, estate.steward, "人口登记库")
    }
    assert all(row.baseline == row.column.gene.facts for row in bound)  # drift is measured from here
    assert not Match.objects.filter(column__in=[row[0] for row in sure], state=MatchState.PROPOSED).exists()
    [entry] = AuditEntry.objects.filter(verb="genes.policy.accept")
    assert (entry.changes, entry.scope_id) == ({"columns": [None, len(sure)]}, estate.city.police.agency.pk)
    assert finished(policy.request_return(actor=estate.steward, batch=batch)).state == "succeeded"
    assert everything() == before
    [entry] = AuditEntry.objects.filter(verb="genes.policy.undo")
    assert entry.changes == {"columns": [None, len(sure)]}


@pytest.mark.parametrize("query", ["zone=certain", "element=x", "q=%00"])
def test_a_filter_that_is_not_understood_accepts_nothing(estate: SimpleNamespace, query: str) -> None:
    """Passed over, it would accept more than was asked for."""
    response = world.browser(estate.steward).post("/genes/matches/auto/", {"query": query}, follow=True)
    assert "未接受任何建议" in response.content.decode()
    assert not Job.objects.filter(kind=policy.KIND).exists()


def test_what_a_person_said_before_or_since_is_neither_overwritten_nor_taken_back(estate: SimpleNamespace) -> None:
    say_none(actor=estate.steward, column=column("gmsfhm"))
    batch = accepted(estate)
    assert Binding.objects.get(column=column("gmsfhm")).element is None
    accept(actor=estate.steward, column=column("sjhm"), element=element("联系电话"))
    finished(policy.request_return(actor=estate.steward, batch=batch))
    kept = {row.column.name: (row.element and row.element.name, row.origin) for row in Binding.objects.all()}
    assert kept == {"gmsfhm": (None, Origin.PERSON), "sjhm": ("联系电话", Origin.PERSON)}
    assert Match.objects.filter(column=column("gmsfhm")).count() == 0


def test_a_decision_in_the_meantime_wins(estate: SimpleNamespace) -> None:
    listed = list(acceptable_to(estate.steward))
    say_none(actor=estate.steward, column=column("gmsfhm"))
    batch = new_batch()
    policy._accept(estate.steward, listed, batch)  # the job had listed it a moment earlier
    assert Binding.objects.get(column=column("gmsfhm")).element is None
    bound = list(Binding.objects.filter(batch=batch).select_related("column__source"))
    assert len(bound) == len(listed) - 1
    accept(actor=estate.steward, column=column("sjhm"), element=element("联系电话"))
    policy._return(estate.steward, bound, batch)
    assert Binding.objects.get(column=column("sjhm")).origin == Origin.PERSON
    assert Match.objects.filter(column=column("sjhm"), state=MatchState.PROPOSED).count() == 0
    counts = [
        entry.changes["columns"][1]
        for entry in AuditEntry.objects.filter(verb__startswith="genes.policy").order_by("id")
    ]
    assert counts == [len(bound), len(bound) - 1]


def test_what_comes_after_a_refusal_or_would_replace_a_binding_waits_for_a_person(estate: SimpleNamespace) -> None:
    ids, mobile = column("gmsfhm"), column("sjhm")
    reject(actor=estate.steward, column=ids, element=element("公民身份号码"))
    Gene.objects.filter(column=ids).update(zone=Zone.AUTO)  # as sure as ever, of what was refused
    Match.objects.filter(column=ids, state=MatchState.PROPOSED).delete()
    second = Match(column=ids, element=element("户口性质"), rank=1, confidence=0.03, proposed_at=ids.first_seen_at)
    second.save(force_insert=True)
    accepted(estate)
    assert not Binding.objects.filter(column=ids).exists()
    other = element("联系电话")
    Binding.objects.filter(column=mobile).update(element=other)
    Match.objects.filter(column=mobile).update(state=MatchState.PROPOSED)  # what a later matching would offer instead
    assert not acceptable_to(estate.steward).filter(column=mobile).exists()
    accepted(estate)
    assert Binding.objects.get(column=mobile).element == other


def test_only_what_the_filters_leave_and_only_a_steward(estate: SimpleNamespace) -> None:
    for person in (estate.city.police.viewer, estate.city.police.manager):
        with pytest.raises(PermissionDenied):
            policy.request_acceptance(actor=person, query="")
        with pytest.raises(PermissionDenied):
            policy.request_return(actor=person, batch=new_batch())
    batch = accepted(estate, "q=gmsfhm")
    assert [row.column.name for row in Binding.objects.all()] == ["gmsfhm"]
    finished(policy.request_return(actor=estate.city.civil.steward, batch=batch))  # another agency's columns
    assert Binding.objects.count() == 1
