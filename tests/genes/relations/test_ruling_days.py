"""A ruling names the source department on its days: from its first one, until the day before another begins, and no longer."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import jobs, workflow
from core.models import AuditEntry, Schedule
from genes.choices import RulingState
from genes.models import Repetition, Ruling
from genes.selectors import authority
from genes.selectors.map import gene_map
from genes.services import repetitions
from genes.services.rulings import discard_ruling, propose_ruling
from tests.genes.relations.made import element, person

DAY = timedelta(days=1)


def today() -> date:
    return timezone.localdate()


def ruled(people: SimpleNamespace, begins: date, until: date | None = None, *, holder: str = "police") -> Any:
    """Proposed and submitted by the planner, decided by the chief."""
    ruling = propose_ruling(
        actor=people.planner, element=element("P007"), agency=people.city.top,
        holder=getattr(people.city, holder).agency, basis="测试依据第一条", valid_from=begins, valid_until=until,
    )  # fmt: skip
    workflow.apply(ruling, "submit", actor=people.planner)
    return workflow.apply(ruling, "rule", actor=people.chief)


def named() -> list[str]:
    """Who provides the element today."""
    return [row.holder.name for row in authority.ruling_in_force(element("P007"))]


def standing(people: SimpleNamespace, ruling: Ruling) -> str:
    return str(authority.rulings_visible_to(people.chief).get(pk=ruling.pk).standing)


def repeated(people: SimpleNamespace) -> list[str]:
    return [row.column.table.name for row in authority.repetitions_visible_to(people.chief)]


def marked(people: SimpleNamespace) -> bool:
    return next(node.ruled for node in gene_map(people.chief).nodes if node.code == "P007")


def test_from_its_first_day_it_holds(people: SimpleNamespace) -> None:
    ruling = ruled(people, today())
    assert (named(), marked(people), standing(people, ruling)) == (["市公安局"], True, "in_force")
    assert repeated(people) == ["djry"]


def test_before_its_first_day_it_names_nobody(people: SimpleNamespace) -> None:
    ruling = ruled(people, today() + DAY)
    assert (ruling.state, standing(people, ruling)) == (RulingState.IN_FORCE, "upcoming")
    assert (named(), marked(people), Repetition.objects.count(), repetitions.find()) == ([], False, 0, 0)


def test_on_its_first_day_the_night_finds_what_is_collected_again(people: SimpleNamespace) -> None:
    ruling = ruled(people, today() + DAY)
    assert Schedule.objects.get(kind="genes.relate").enabled
    Ruling.objects.filter(pk=ruling.pk).update(valid_from=today())  # the day has come
    assert (repetitions.find(), repeated(people)) == (1, ["djry"])


def test_its_last_day_is_the_last(people: SimpleNamespace) -> None:
    ruling = ruled(people, today() - DAY, today())
    assert (named(), repeated(people)) == (["市公安局"], ["djry"])
    Ruling.objects.filter(pk=ruling.pk).update(valid_until=today() - DAY)  # a day later
    assert (named(), marked(people), repeated(people), standing(people, ruling)) == ([], False, [], "ended")
    assert Repetition.objects.exists()  # nobody has looked since; it is shown to nobody all the same
    repetitions.find()
    assert not Repetition.objects.exists()
    assert authority.steps_open_to(ruling, people.chief) == []
    with pytest.raises(ValidationError):
        workflow.apply(Ruling.objects.get(pk=ruling.pk), "end", actor=people.chief, opinion="已到期")


def test_the_one_before_holds_until_the_day_before(people: SimpleNamespace) -> None:
    former = ruled(people, today() - 30 * DAY)
    later = ruled(people, today() + 7 * DAY, holder="civil")
    former.refresh_from_db()
    assert (former.state, former.valid_until) == (RulingState.IN_FORCE, later.valid_from - DAY)
    assert (named(), repeated(people)) == (["市公安局"], ["djry"])
    assert (standing(people, former), standing(people, later)) == ("in_force", "upcoming")
    told = AuditEntry.objects.get(verb="genes.ruling.supersede").changes["valid_until"]
    assert told == [None, former.valid_until.isoformat()]


def test_one_that_begins_today_takes_the_place_today(people: SimpleNamespace) -> None:
    former = ruled(people, today() - DAY)
    ruled(people, today(), holder="civil")
    assert (named(), repeated(people), standing(people, former)) == (["市民政局"], ["czrk"], "ended")


def test_one_that_has_not_begun_ends_without_a_day(people: SimpleNamespace) -> None:
    former = ruled(people, today() + 7 * DAY)
    ruled(people, today() + 2 * DAY, holder="civil")
    former.refresh_from_db()
    assert (former.state, standing(people, former)) == (RulingState.ENDED, "ended")


def test_one_for_a_while_leaves_what_begins_after_it(people: SimpleNamespace) -> None:
    later = ruled(people, today() + 30 * DAY)
    ruled(people, today(), today() + 29 * DAY, holder="civil")
    later.refresh_from_db()
    assert (later.state, later.valid_until, named()) == (RulingState.IN_FORCE, None, ["市民政局"])


def test_the_days_of_two_never_meet_whoever_writes_them(people: SimpleNamespace) -> None:
    first = ruled(people, today(), today() + 9 * DAY)

    def beside(begins: int, until: int | None) -> Ruling:
        return Ruling.objects.create(
            element=first.element, agency=first.agency, holder=people.city.civil.agency, state=RulingState.IN_FORCE,
            basis="测试依据第四条", valid_from=today() + begins * DAY, valid_until=until and today() + until * DAY,
        )  # fmt: skip

    for begins, until in ((9, None), (-5, None), (-5, 1), (3, 4), (0, 9), (-9, 20)):
        with pytest.raises(IntegrityError, match="genes_ruling_days_apart"), transaction.atomic():
            beside(begins, until)
    beside(10, None)
    beside(-5, -1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling.objects.filter(pk=first.pk).update(valid_until=None)
    Ruling.objects.filter(pk=first.pk).update(state=RulingState.ENDED)
    beside(0, 9)


def test_what_has_run_out_before_it_was_decided_is_not_ruled(people: SimpleNamespace) -> None:
    ruling = propose_ruling(
        actor=people.planner, element=element("P007"), agency=people.city.top, holder=people.city.police.agency,
        basis="测试依据第一条", valid_from=today() - 9 * DAY, valid_until=today() - DAY,
    )  # fmt: skip
    with pytest.raises(ValidationError):
        workflow.apply(ruling, "submit", actor=people.planner)
    discard_ruling(actor=people.planner, ruling=ruling)
    assert not Ruling.objects.exists()


def test_only_a_draft_is_given_up_and_only_by_who_may_decide(people: SimpleNamespace) -> None:
    ruling = propose_ruling(
        actor=people.planner, element=element("P007"), agency=people.city.top, holder=people.city.police.agency,
        basis="测试依据第一条", valid_from=today(),
    )  # fmt: skip
    with pytest.raises(PermissionDenied):
        discard_ruling(actor=people.city.police.steward, ruling=ruling)
    workflow.apply(ruling, "submit", actor=people.planner)
    with pytest.raises(ValidationError):
        discard_ruling(actor=people.planner, ruling=ruling)


def test_each_agency_that_collects_again_is_told_and_nobody_else(people: SimpleNamespace) -> None:
    ruled(people, today())
    jobs.drain()
    told = AuditEntry.objects.filter(verb="genes.repetition.found")
    assert [(entry.scope_id, entry.changes["columns"]) for entry in told] == [(people.city.civil.agency.pk, [None, 1])]
    assert authority.repetitions_to_answer(people.city.civil.steward).count() == 1
    assert authority.repetitions_to_answer(people.city.civil.viewer).count() == 0
    assert authority.repetitions_to_answer(people.city.police.steward).count() == 0


def test_a_ruling_waits_for_those_who_did_not_write_it(people: SimpleNamespace) -> None:
    ruling = propose_ruling(
        actor=people.planner, element=element("P007"), agency=people.city.top, holder=people.city.police.agency,
        basis="测试依据第一条", valid_from=today(),
    )  # fmt: skip
    workflow.apply(ruling, "submit", actor=people.planner)
    other = person(people.city.civil.agency, "mz_leader", "leader")
    waiting = {who: authority.rulings_to_decide(who).count() for who in (people.planner, people.chief, other)}
    assert waiting == {people.planner: 0, people.chief: 1, other: 0}
