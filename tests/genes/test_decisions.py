"""Decisions in bulk: whole or not at all, at the cost of one, each kept and taught as if it were alone, and taken back whole."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Column
from core import audit, clock, jobs
from core.models import AuditEntry, Job
from core.search import search
from genes.choices import MatchState, Origin, Outcome, Verdict, Zone
from genes.engine.match import Candidate
from genes.models import Binding, ColumnLevel, Decision, DriftAlarm, Gene, Match
from genes.services.decisions import (
    BULK,
    accept,
    accept_many,
    accept_pairs,
    new_batch,
    reject,
    reject_many,
    say_none,
    say_none_many,
    undo,
)
from genes.services.levels import confirm_levels
from genes.services.matching import keep
from standards.choices import NameKind, NameOrigin
from standards.models import DataElement, ElementName
from standards.services.elements import add_names
from tests.accounts import world
from tests.genes.built import as_new, catalogue

WIDTHS = {"narrow": 2, "wide": 20}
SOME = 2  # statements for what only some columns bring, as a level that falls away
OTHERS = 8  # in a table of their own, for what each test is about


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    """Tables of 2 and of 20 columns, and one more; each column is called after an element, in words that are not its own."""
    with catalogue(tmp_path_factory.mktemp("sheets"), django_db_blocker) as made:
        tables = (*WIDTHS.items(), ("other", OTHERS))
        script = "".join(
            f"CREATE TABLE {table} ({', '.join(f'c{place} TEXT' for place in range(count))});"
            for table, count in tables
        )
        made.source(script, "台账库").census()
        yield made


@pytest.fixture(autouse=True)
def own_files() -> None:
    """The files of `built`."""


@pytest.fixture
def sheets(built: SimpleNamespace, db: None) -> SimpleNamespace:
    as_new(built)
    elements = list(DataElement.objects.filter(current__isnull=False).order_by("code")[:100])
    pairs: dict[str, list[tuple[Column, DataElement]]] = {"narrow": [], "wide": [], "other": []}
    for column in Column.objects.select_related("table", "source").order_by("table__name", "position"):
        element = elements.pop()
        column.title = f"辖区{element.name}"[:14]
        column.save(update_fields=["title"])
        pairs[column.table.name].append((column, element))
    return SimpleNamespace(**vars(built), **pairs)


def offered(pairs: list[tuple[Column, DataElement]], *more: DataElement) -> list[Match]:
    """The proposals of these columns, the given one first, further ones behind it."""
    Match.objects.filter(column__in=[column.pk for column, _element in pairs]).delete()
    rows = [
        Match(column=column, element=one, rank=rank, confidence=0.9 / rank, proposed_at=clock.now())
        for column, element in pairs
        for rank, one in enumerate((element, *more), 1)
    ]
    return [match for match in Match.objects.bulk_create(rows) if match.rank == 1]


def alarm(pairs: list[tuple[Column, DataElement]]) -> None:
    DriftAlarm.objects.bulk_create(
        DriftAlarm(column=column, element=element, distance=1, opened_at=clock.now(), last_at=clock.now())
        for column, element in pairs
    )


def statements(act: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
    """How many the act takes once nothing of an earlier one is queued."""
    jobs.drain()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        act(*args, **kwargs)
    return len(asked)


def each_width(
    sheets: SimpleNamespace, act: Callable[[list[tuple[Column, DataElement]], list[Match]], Any]
) -> list[int]:
    more = DataElement.objects.filter(current__isnull=False).order_by("code").first()
    counts = []
    for table in ("other", *WIDTHS):  # the first warms what is asked once a process
        pairs = getattr(sheets, table)
        assert more
        matches = offered(pairs, more)
        DriftAlarm.objects.all().delete()
        alarm(pairs)
        counts.append(statements(act, pairs, matches))
    return counts[1:]


def test_a_batch_costs_the_same_statements_for_twenty_columns_as_for_two(sheets: SimpleNamespace) -> None:
    who, batch = sheets.steward, new_batch()
    narrow, wide = each_width(sheets, lambda pairs, matches: accept_many(actor=who, matches=matches, batch=batch))
    assert wide <= narrow + SOME
    assert Binding.objects.filter(batch=batch, element__isnull=False).count() == 2 + 20 + OTHERS
    narrow, wide = each_width(sheets, lambda pairs, _matches: undo(actor=who, columns=[one for one, _ in pairs]))
    assert wide <= narrow + SOME
    assert not Binding.objects.exists()
    narrow, wide = each_width(sheets, lambda pairs, _matches: reject_many(actor=who, pairs=pairs))
    assert wide <= narrow + SOME
    assert Match.objects.filter(state=MatchState.REJECTED).count() == 2 + 20 + OTHERS
    narrow, wide = each_width(
        sheets, lambda pairs, _matches: say_none_many(actor=who, columns=[one for one, _ in pairs])
    )
    assert wide <= narrow + SOME
    assert Binding.objects.filter(element=None).count() == 2 + 20 + OTHERS
    assert DriftAlarm.objects.filter(outcome=Outcome.DECIDED).count() == 20  # of the last one


def test_levels_are_confirmed_at_the_same_cost_too(sheets: SimpleNamespace) -> None:
    def levels(table: str) -> list[ColumnLevel]:
        return ColumnLevel.objects.bulk_create(
            ColumnLevel(column=column, proposed=3, proposed_at=clock.now())
            for column, _element in getattr(sheets, table)
        )

    confirm_levels(actor=sheets.steward, rows=levels("other"))
    narrow, wide = (statements(confirm_levels, actor=sheets.steward, rows=levels(table)) for table in WIDTHS)
    assert wide <= narrow + SOME
    assert set(ColumnLevel.objects.values_list("decided", "decided_by")) == {(3, sheets.steward.pk)}
    assert AuditEntry.objects.filter(verb="genes.level.decide").count() == 2 + 20 + OTHERS


def test_a_batch_is_kept_taught_and_found_as_single_decisions_are(sheets: SimpleNamespace) -> None:
    pairs = sheets.narrow
    matches = offered(pairs, sheets.wide[0][1])
    (first, element), (second, _other) = pairs
    Gene.objects.filter(column=first).update(zone=Zone.AUTO, best=element, confidence=0.97, facts={"filled": 7})
    batch = new_batch()
    assert {column.pk for column in accept_many(actor=sheets.steward, matches=matches, batch=batch)} == {
        first.pk,
        second.pk,
    }
    bound = Binding.objects.get(column=first)
    assert (bound.element, bound.origin, bound.confidence, bound.baseline, bound.decided_by, bound.batch) == (
        element, Origin.PERSON, 0.97, {"filled": 7}, sheets.steward, batch,
    )  # fmt: skip
    assert set(Match.objects.filter(column__in=[first, second]).values_list("column", "element", "state")) == {
        (column.pk, one.pk, MatchState.ACCEPTED) for column, one in pairs
    }
    said = Decision.objects.get(column=first)
    assert (said.verdict, said.element, said.by, said.batch, said.at) == (
        Verdict.ACCEPT, element, sheets.steward, batch, bound.decided_at,
    )  # fmt: skip
    told = {name: said.told[name] for name in ("name", "comment", "table", "best", "zone", "confidence")}
    assert told == {
        "name": first.name, "comment": first.title, "table": "narrow", "best": str(element.pk), "zone": "auto",
        "confidence": 0.97,
    }  # fmt: skip
    for column, one in pairs:
        name = ElementName.objects.get(text=column.title)
        assert (name.element, name.kind, name.origin, name.context, name.added_by) == (
            one, NameKind.SYNONYM, NameOrigin.DECISION, "", sheets.steward,
        )  # fmt: skip
        found = [hit.url for group in search(sheets.steward, column.title, ["element"]).groups for hit in group.hits]
        assert found[:1] == [one.get_absolute_url()]
        [entry] = AuditEntry.objects.filter(verb="genes.match.accept", target=audit.target_of(column))
        assert (entry.actor_id, entry.target_label, entry.scope_id, entry.changes) == (
            sheets.steward.pk, column.label, sheets.city.police.agency.pk, {"element": [None, str(one)]},
        )  # fmt: skip
    assert AuditEntry.objects.filter(verb="standards.element.name").count() == 2
    assert audit.verify().fault is None
    assert Job.objects.filter(kind="genes.relate", state="queued").count() == 1


def test_a_batch_is_decided_whole_or_not_at_all(sheets: SimpleNamespace) -> None:
    unpublished = DataElement.objects.create(
        agency=sheets.city.top, code="ZZ01", domain=sheets.narrow[0][1].domain, name="草案项"
    )
    foreign = Column.objects.select_related("source", "table").get(pk=sheets.wide[0][0].pk)
    acts: list[Callable[[], Any]] = [
        lambda: accept_pairs(actor=sheets.steward, pairs=[*sheets.narrow, (sheets.wide[0][0], unpublished)]),
        lambda: say_none_many(actor=sheets.steward, columns=[foreign] * (BULK + 1)),
    ]
    for act in acts:
        with pytest.raises(ValidationError):
            act()
    civil = sheets.city.civil.steward
    both = world.person(sheets.city.civil.agency, "steward")
    columns = [column for column, _element in sheets.narrow]
    for act in (
        lambda: accept_pairs(actor=civil, pairs=sheets.narrow),
        lambda: reject_many(actor=civil, pairs=sheets.narrow),
        lambda: say_none_many(actor=both, columns=columns),
        lambda: undo(actor=sheets.city.police.viewer, columns=columns),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert not Decision.objects.exists()
    assert not Binding.objects.exists()


def test_what_an_undone_acceptance_taught_is_forgotten_unless_another_one_taught_it(sheets: SimpleNamespace) -> None:
    (first, element), (second, _other) = sheets.narrow
    second.title = first.title
    second.save(update_fields=["title"])
    add_names(actor=None, element=element, kind=NameKind.SYNONYM, texts=["手工同义名"])
    accept_pairs(actor=sheets.steward, pairs=[(first, element), (second, element)])
    assert undo(actor=sheets.steward, columns=[first]) == 1
    assert ElementName.objects.filter(element=element, text=first.title).exists()  # the second column still says so
    assert undo(actor=sheets.steward, columns=[second]) == 1
    assert not ElementName.objects.filter(element=element, text=first.title).exists()
    assert ElementName.objects.filter(element=element, text="手工同义名").exists()
    groups = search(sheets.steward, first.title, ["element"]).groups
    assert element.get_absolute_url() not in [
        hit.url for group in groups for hit in group.hits if hit.title == first.title
    ]
    [entry] = AuditEntry.objects.filter(verb="standards.element.unname")
    assert entry.changes == {"names": [[first.title], None]}


def test_a_batch_that_said_two_things_of_a_column_is_taken_back_whole(sheets: SimpleNamespace) -> None:
    (column, element), (_second, other) = sheets.narrow
    offered([(column, element)], other, sheets.wide[0][1])
    batch = new_batch()
    reject_many(actor=sheets.steward, pairs=[(column, element), (column, other)], batch=batch)
    assert list(Match.objects.filter(column=column, state=MatchState.PROPOSED).values_list("element", "rank")) == [
        (sheets.wide[0][1].pk, 1)
    ]
    assert undo(actor=sheets.steward, columns=[column], batch=new_batch()) == 0
    assert undo(actor=sheets.steward, columns=[column], batch=batch) == 1
    assert not Match.objects.filter(column=column, state=MatchState.REJECTED).exists()
    assert undo(actor=sheets.steward, columns=[column]) == 0  # nothing stands


def test_undo_goes_back_one_decision_at_a_time_and_only_ones_own(sheets: SimpleNamespace) -> None:
    (column, element), (_second, other) = sheets.narrow
    colleague = world.person(sheets.city.police.agency, "steward")
    Gene.objects.filter(column=column).update(facts={"filled": 7})
    accept(actor=sheets.steward, column=column, element=element)
    Gene.objects.filter(column=column).update(facts={"filled": 9})
    reject(actor=sheets.steward, column=column, element=sheets.wide[0][1])
    say_none(actor=colleague, column=column)
    assert undo(actor=sheets.steward, columns=[column]) == 0
    assert undo(actor=colleague, columns=[column]) == 1
    bound = Binding.objects.get(column=column)
    assert (bound.element, bound.decided_by, bound.baseline) == (element, sheets.steward, {"filled": 7})
    assert Match.objects.get(column=column, state=MatchState.REJECTED).element == sheets.wide[0][1]
    accept(actor=sheets.steward, column=column, element=other)
    assert undo(actor=sheets.steward, columns=[column]) == 1
    assert Binding.objects.get(column=column).element == element
    assert undo(actor=sheets.steward, columns=[column]) == 1
    assert not Match.objects.filter(column=column, state=MatchState.REJECTED).exists()
    assert undo(actor=sheets.steward, columns=[column]) == 1
    assert not Binding.objects.exists()


def test_undo_brings_back_what_the_machine_had_bound(sheets: SimpleNamespace) -> None:
    (column, element), (_second, other) = sheets.narrow
    batch, when = new_batch(), clock.now()
    kept = {
        "column": column, "element": element, "origin": Origin.MACHINE, "confidence": 0.98, "batch": batch,
        "baseline": {"filled": 60, "shares": {"citizen_id": 1.0}}, "decided_at": when, "decided_by": sheets.steward,
    }  # fmt: skip
    fields = [name if name == "column" else Binding._meta.get_field(name).attname for name in kept]
    Binding.objects.create(**kept)
    before = Binding.objects.values(*fields).get()
    for act in (
        lambda: accept(actor=sheets.steward, column=column, element=other),
        lambda: reject(actor=sheets.steward, column=column, element=element),
        lambda: reject(actor=sheets.steward, column=column, element=other),
        lambda: say_none(actor=sheets.steward, column=column),
    ):
        act()
        assert undo(actor=sheets.steward, columns=[column]) == 1
        assert Binding.objects.values(*fields).get() == before


def test_what_was_refused_and_is_accepted_after_all_is_accepted(sheets: SimpleNamespace) -> None:
    (column, element), _second = sheets.narrow
    reject(actor=sheets.steward, column=column, element=element)
    accept(actor=sheets.steward, column=column, element=element)
    assert Match.objects.get(column=column, element=element).state == MatchState.ACCEPTED
    reject(actor=sheets.steward, column=column, element=element)
    assert not Binding.objects.exists()
    assert Match.objects.get(column=column, element=element).state == MatchState.REJECTED


def test_what_is_offered_after_a_refusal_is_not_as_good_as_certain(sheets: SimpleNamespace) -> None:
    (column, element), (_second, other) = sheets.narrow
    offered([(column, element)], other)
    Gene.objects.filter(column=column).update(zone=Zone.AUTO, best=element, confidence=0.99)
    reject(actor=sheets.steward, column=column, element=element)
    assert Match.objects.get(column=column, state=MatchState.PROPOSED, rank=1).element == other
    assert Gene.objects.get(column=column).zone == Zone.SUGGESTED
    answer = {column.pk: [Candidate(str(element.pk), 0.99, {}), Candidate(str(other.pk), 0.01, {})]}
    keep(answer)  # the machine is as sure as before, and may not be
    assert Gene.objects.get(column=column).zone == Zone.SUGGESTED
    undo(actor=sheets.steward, columns=[column])
    keep(answer)
    assert Gene.objects.get(column=column).zone == Zone.AUTO
