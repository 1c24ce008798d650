"""The first agency and people, from which everybody else follows by the ordinary rules."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.models import Agency, Person
from accounts.services.agencies import create_agency
from accounts.services.grants import grant_role
from accounts.services.people import create_person

FIRST_PEOPLE: dict[str, str] = {Role.SYSTEM_ADMIN: "system", Role.SECURITY_ADMIN: "security", Role.AUDIT_ADMIN: "audit"}


@transaction.atomic
def set_up_accounts(*, code: str, name: str, passwords: Mapping[str, str]) -> dict[str, Person]:
    """Create the top agency and, by role, its three administrators with these initial passwords.

    Raises ValidationError when there is an agency already: set-up is open once, before the first one.
    """
    if Agency.objects.exists():
        raise ValidationError(_("平台已有机构，初始设置只能进行一次。"))
    agency = create_agency(actor=None, code=code, name=name)
    people: dict[str, Person] = {}
    for role, username in FIRST_PEOPLE.items():
        label = str(Role(role).label)
        person = create_person(actor=None, username=username, name=label, agency=agency, password=passwords[role])
        grant_role(actor=None, person=person, role=role, agency=agency)
        people[role] = person
    return people
