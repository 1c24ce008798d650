"""Who ever wrote at a ruling does not decide on it, whoever submitted it."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied

from core import workflow
from genes.choices import RulingState
from genes.models import Ruling
from genes.services.rulings import edit_ruling, propose_ruling
from standards.models import DataElement
from standards.services.seed import adopt_shipped
from tests.accounts import world


@pytest.fixture
def office(db: None) -> SimpleNamespace:
    city = world.agency("滨海市")
    adopt_shipped(actor=None, agency=city, code_sets=())
    chief = world.person(city, "steward", "leader")
    return SimpleNamespace(
        city=city, chief=chief, clerk=world.person(city, "steward"), other=world.person(city, "steward", "leader")
    )


def proposed(office: SimpleNamespace, by: object) -> Ruling:
    element = DataElement.objects.get(code="P007")
    holder = world.agency("市公安局", office.city)
    return propose_ruling(
        actor=by,
        element=element,
        agency=office.city,
        holder=holder,
        basis="测试依据第一条",
        valid_from=date(2026, 1, 1),
    )  # type: ignore[arg-type]


def test_who_drafted_does_not_rule_although_another_submits(office: SimpleNamespace) -> None:
    ruling = workflow.apply(proposed(office, office.chief), "submit", actor=office.clerk)
    assert [step.name for step in workflow.open_to(ruling, office.chief)] == []
    with pytest.raises(PermissionDenied):
        workflow.apply(ruling, "rule", actor=office.chief)
    assert workflow.apply(ruling, "rule", actor=office.other).state == RulingState.IN_FORCE


def test_who_edited_does_not_rule(office: SimpleNamespace) -> None:
    ruling = edit_ruling(actor=office.chief, ruling=proposed(office, office.clerk), basis="测试依据第二条")
    ruling = workflow.apply(ruling, "submit", actor=office.clerk)
    with pytest.raises(PermissionDenied):
        workflow.apply(ruling, "rule", actor=office.chief)


def test_who_submitted_before_a_return_does_not_rule_either(office: SimpleNamespace) -> None:
    ruling = workflow.apply(proposed(office, office.clerk), "submit", actor=office.chief)
    ruling = workflow.apply(ruling, "return", actor=office.other, opinion="依据不足")
    ruling = workflow.apply(ruling, "submit", actor=office.clerk)
    with pytest.raises(PermissionDenied):
        workflow.apply(ruling, "rule", actor=office.chief)
