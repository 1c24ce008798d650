"""Reads of accounts: agencies, people, grants, sessions and tokens as a given person may see them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import Agency, Grant, Person, SignedIn, Token
from accounts.scope import visible_to
from core.models import AuditEntry


def agencies_visible_to(user: Any, verb: str = "agency.view") -> QuerySet[Agency]:
    """Agencies where `user` holds `verb`, with their parent and the number of active people."""
    people = Count("people", filter=Q(people__is_active=True), distinct=True)
    return visible_to(user, Agency.objects.select_related("parent").annotate(people_count=people), verb)


def people_visible_to(user: Any, verb: str = "person.view") -> QuerySet[Person]:
    """People of the agencies where `user` holds `verb`, with their agency."""
    return visible_to(user, Person.objects.select_related("agency"), verb)


def grants_visible_to(user: Any) -> QuerySet[Grant]:
    """All grants, ended ones included, of the people whose grants `user` may see, and always their own."""
    everything = Grant.objects.select_related("person", "agency", "granted_by", "revoked_by")
    return everything.filter(Q(pk__in=visible_to(user, Grant.objects.order_by()).values("pk")) | Q(person_id=user.pk))


def sessions_of(person: Person) -> QuerySet[SignedIn]:
    """Browsers in which `person` is signed in, the most recently used first."""
    return SignedIn.objects.filter(person=person)


def tokens_of(person: Person) -> QuerySet[Token]:
    """Tokens of `person`, revoked and expired ones included, newest first."""
    return Token.objects.filter(person=person)


def usable_tokens_of(person: Person) -> QuerySet[Token]:
    return tokens_of(person).filter(revoked_at__isnull=True, expires_at__gt=timezone.now())


def activity_visible_to(user: Any) -> QuerySet[AuditEntry]:
    """What happened in one's agencies, newest first. Entries about people, grants and sign-in need `audit.read`."""
    everything = AuditEntry.objects.all()
    business = Q(target__gt="") & ~Q(target__startswith="accounts.")
    return visible_to(user, everything, "data.view").filter(business) | visible_to(user, everything, "audit.read")


def ancestors_of(agency: Agency) -> list[Agency]:
    """From the root down to the parent, in one query; empty for a root."""
    parts = [part for part in agency.path.split("/") if part][:-1]
    found = {one.id.hex: one for one in Agency.objects.filter(pk__in=parts)}
    return [found[part] for part in parts if part in found]


def in_tree_order(agencies: Iterable[Agency]) -> list[Agency]:
    """Every agency after its parent, siblings by pinyin; those whose parent is not among them stand at the top.

    Sets `depth` (0 at the top) and `steps` (a range of it, for templates) on each.
    """
    known = {agency.id: agency for agency in agencies}
    below: dict[Any, list[Agency]] = {}
    for agency in sorted(known.values(), key=lambda one: (one.sort_key, str(one.id))):
        below.setdefault(agency.parent_id if agency.parent_id in known else None, []).append(agency)
    ordered: list[Agency] = []
    waiting = [(agency, 0) for agency in reversed(below.get(None, []))]
    while waiting:
        agency, depth = waiting.pop()
        agency.depth, agency.steps = depth, range(depth)  # type: ignore[attr-defined]
        ordered.append(agency)
        waiting.extend((child, depth + 1) for child in reversed(below.get(agency.id, [])))
    return ordered
