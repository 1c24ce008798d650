"""Grants: the three administrators apart, nobody for themselves, periods, and what holds in the database."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import services
from accounts.choices import ADMIN_ROLES, ROLE_VERBS, VERBS, Role
from accounts.models import Grant
from accounts.permissions import can
from tests.accounts import world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("first", "second"), list(permutations(ADMIN_ROLES, 2)))
def test_one_person_holds_one_administrator_role(first: str, second: str) -> None:
    city = world.agency("滨海市")
    who = world.person(city, first)
    with pytest.raises(ValidationError, match="系统管理员、安全管理员、审计管理员由不同的人担任"):
        services.grant_role(actor=None, person=who, role=second, agency=city)
    with pytest.raises(ValidationError):  # elsewhere in the tree makes no difference
        services.grant_role(actor=None, person=who, role=second, agency=world.agency("甲区", city))
    with pytest.raises(IntegrityError), transaction.atomic():  # past the services the database says no
        Grant.objects.create(person=who, role=second, agency=city)


def test_administrator_role_can_change_hands_after_revocation() -> None:
    city = world.agency("滨海市")
    who = world.person(city, Role.SYSTEM_ADMIN)
    services.revoke_grant(actor=None, grant=who.grants.get())
    services.grant_role(actor=None, person=who, role=Role.AUDIT_ADMIN, agency=city)
    assert can(who, "audit.read", city)
    assert not can(who, "person.manage", city)


def test_expired_grant_makes_room_for_another() -> None:
    city = world.agency("滨海市")
    who = world.person(city)
    today = timezone.localdate()
    Grant.objects.create(
        person=who,
        role=Role.SYSTEM_ADMIN,
        agency=city,
        valid_from=today - timedelta(days=9),
        valid_until=today - timedelta(days=1),
    )
    services.grant_role(actor=None, person=who, role=Role.AUDIT_ADMIN, agency=city)
    assert [grant.role for grant in who.grants.current()] == [Role.AUDIT_ADMIN]


def test_nobody_grants_to_themselves() -> None:
    city = world.agency("滨海市")
    security = world.person(city, Role.SECURITY_ADMIN)
    with pytest.raises(ValidationError, match="不能给自己授权"):
        services.grant_role(actor=security, person=security, role=Role.VIEWER, agency=city)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(person=security, role=Role.VIEWER, agency=city, granted_by=security)
    with pytest.raises(PermissionDenied):
        services.revoke_grant(actor=security, grant=security.grants.get())


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SECURITY_ADMIN])
def test_only_the_security_administrator_grants(role: str) -> None:
    city = world.agency("滨海市")
    actor, other = world.person(city, role), world.person(city)
    with pytest.raises(PermissionDenied):
        services.grant_role(actor=actor, person=other, role=Role.VIEWER, agency=city)


def test_security_administrator_grants_within_the_own_subtree_only() -> None:
    city = world.agency("滨海市")
    mine, beside = world.agency("甲区", city), world.agency("乙区", city)
    security = world.person(mine, Role.SECURITY_ADMIN)
    here, there = world.person(mine), world.person(beside)
    services.grant_role(actor=security, person=here, role=Role.VIEWER, agency=mine)
    for who, where in ((here, beside), (here, city), (there, mine)):
        with pytest.raises(PermissionDenied):
            services.grant_role(actor=security, person=who, role=Role.VIEWER, agency=where)


def test_grant_holds_from_its_first_to_its_last_day() -> None:
    city = world.agency("滨海市")
    today = timezone.localdate()
    day = timedelta(days=1)
    cases = [
        (today, today, True),
        (today + day, None, False),
        (today - 2 * day, today - day, False),
        (today - day, None, True),
    ]
    for start, end, expected in cases:
        who = world.person(city)
        services.grant_role(actor=None, person=who, role=Role.VIEWER, agency=city, valid_from=start, valid_until=end)
        assert can(who, "data.view", city) is expected


def test_period_cannot_end_before_it_begins() -> None:
    city = world.agency("滨海市")
    today = timezone.localdate()
    with pytest.raises(ValidationError, match="截止日期不能早于生效日期"):
        services.grant_role(
            actor=None, person=world.person(city), role=Role.VIEWER, agency=city, valid_until=today - timedelta(days=1)
        )


def test_same_grant_twice_is_refused() -> None:
    city = world.agency("滨海市")
    who = world.person(city, Role.VIEWER)
    with pytest.raises(ValidationError, match="已有这个角色"):
        services.grant_role(actor=None, person=who, role=Role.VIEWER, agency=city)


def test_unknown_role_is_refused() -> None:
    city = world.agency("滨海市")
    with pytest.raises(ValidationError):
        services.grant_role(actor=None, person=world.person(city), role="superuser", agency=city)


def test_matrix_keeps_the_administrators_apart() -> None:
    system, security, audit = (ROLE_VERBS[role] for role in ADMIN_ROLES)
    assert system & {"audit.read", "grant.manage", "policy.manage", "data.view"} == frozenset()
    assert security & {"person.manage", "agency.manage", "audit.read", "data.view"} == frozenset()
    changing = {verb for verb in VERBS if not verb.endswith((".view", ".read"))}
    assert audit & changing == frozenset()
    for verb in ("agency.manage", "person.manage", "grant.manage", "audit.read", "lockout.manage"):
        assert len([role for role in Role if verb in ROLE_VERBS[role]]) == 1
    assert set().union(*ROLE_VERBS.values()) == set(VERBS)


def test_misspelt_verb_is_an_error_not_a_no() -> None:
    with pytest.raises(KeyError):
        can(world.person(world.agency()), "sourec.manage")
