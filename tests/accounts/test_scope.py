"""visible_to, the one permission function."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session

from accounts import services
from accounts.models import Agency, Person
from accounts.permissions import can
from accounts.scope import agency_ids, visible_to
from core.models import AuditEntry, Job
from tests.accounts import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree() -> dict[str, Agency]:
    city = world.agency("滨海市")
    east, west = world.agency("东区", city), world.agency("西区", city)
    return {
        "city": city,
        "east": east,
        "west": west,
        "desk": world.agency("登记处", east),
        "other": world.agency("邻市"),
    }


def _fresh(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def test_grant_covers_its_agency_and_everything_below(tree: dict[str, Agency]) -> None:
    viewer = world.person(tree["west"], "viewer", over=tree["east"])
    assert set(visible_to(viewer, Agency.objects.all())) == {tree["east"], tree["desk"]}
    assert agency_ids(viewer) == {tree["east"].id, tree["desk"].id}


def test_grants_of_several_agencies_add_up(tree: dict[str, Agency]) -> None:
    viewer = world.person(tree["city"], "viewer", over=tree["desk"])
    services.grant_role(actor=None, person=viewer, role="steward", agency=tree["west"])
    assert set(visible_to(viewer, Agency.objects.all())) == {tree["desk"], tree["west"]}
    assert can(viewer, "rule.edit", tree["west"])
    assert not can(viewer, "rule.edit", tree["desk"])


def test_belonging_to_an_agency_gives_no_right(tree: dict[str, Agency]) -> None:
    nobody = world.person(tree["city"])
    assert not visible_to(nobody, Agency.objects.all()).exists()
    assert not can(nobody, "agency.view")


@pytest.mark.parametrize("user", [AnonymousUser()])
def test_visitor_sees_nothing(tree: dict[str, Agency], user: Any) -> None:
    assert list(visible_to(user, Agency.objects.all())) == []
    assert not can(user, "data.view", tree["city"])


def test_disabled_person_sees_nothing(tree: dict[str, Agency]) -> None:
    viewer = world.person(tree["city"], "viewer")
    services.disable_person(actor=None, person=viewer)
    assert list(visible_to(_fresh(viewer), Agency.objects.all())) == []


def test_revocation_counts_at_the_next_request(tree: dict[str, Agency]) -> None:
    viewer = world.person(tree["city"], "viewer")
    services.revoke_grant(actor=None, grant=viewer.grants.get())
    assert list(visible_to(_fresh(viewer), Agency.objects.all())) == []


def test_model_without_a_scope_is_refused(tree: dict[str, Agency]) -> None:
    with pytest.raises(TypeError, match="scope_lookup"):
        visible_to(world.person(tree["city"], "viewer"), Session.objects.all())


def test_rows_of_the_platform_need_platform_view(tree: dict[str, Agency]) -> None:
    Job.objects.create(kind="x", target="x", scope_id=None)
    mine = Job.objects.create(kind="x", target="x", scope_id=tree["east"].id)
    Job.objects.create(kind="x", target="x", scope_id=tree["other"].id)
    Job.objects.create(kind="x", target="x", scope_id=uuid4())  # an agency that is gone
    assert list(visible_to(world.person(tree["east"], "viewer"), Job.objects.all())) == [mine]
    assert visible_to(world.person(tree["east"], "system_admin"), Job.objects.all()).count() == 2


def test_audit_trail_is_for_the_audit_administrator(tree: dict[str, Agency]) -> None:
    for role, sees in (
        ("viewer", False),
        ("leader", False),
        ("system_admin", False),
        ("security_admin", False),
        ("audit_admin", True),
    ):
        who = world.person(tree["city"], role)
        assert visible_to(who, AuditEntry.objects.all()).exists() is sees
    elsewhere = world.person(tree["other"], "audit_admin")
    assert not visible_to(elsewhere, AuditEntry.objects.filter(scope_id=tree["city"].id)).exists()


def test_number_of_queries_does_not_grow_with_grants(tree: dict[str, Agency], django_assert_num_queries: Any) -> None:
    one = world.person(tree["city"], "viewer", over=tree["desk"])
    many = world.person(tree["city"], "viewer", "steward", "leader", over=tree["city"])
    for who in (one, many):
        who = _fresh(who)
        with django_assert_num_queries(3):  # the grants once, then one for each list
            list(visible_to(who, Agency.objects.all()))
            list(visible_to(who, Person.objects.all()))
        with django_assert_num_queries(1):  # ids once
            assert can(who, "data.view", tree["desk"])
            assert not can(who, "data.view", tree["other"])


def test_can_answers_for_ids_instances_and_somewhere(tree: dict[str, Agency]) -> None:
    steward = world.person(tree["east"], "steward")
    job = Job.objects.create(kind="x", target="x", scope_id=tree["desk"].id)
    assert can(steward, "job.cancel", job)
    assert can(steward, "job.cancel", tree["desk"].id)
    assert can(steward, "job.cancel")
    assert not can(steward, "job.cancel", tree["west"].id)
    assert not can(steward, "job.cancel", Job(kind="x", target="x", scope_id=None))
