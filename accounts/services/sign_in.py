"""Signing in, the lockout, and the sessions that follow.

The same answer for a wrong password, an unknown name and a disabled person, in about the same time; the lockout counts
names as typed, whether they exist or not. Counts live in PostgreSQL, so a lost cache opens nothing.
"""

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import Person, SignedIn, SignInAttempt
from accounts.permissions import require
from accounts.services._common import target_of
from core import audit

WINDOW = timedelta(minutes=15)
PER_NAME, PER_ADDRESS = 5, 50  # failures within the window
IDLE_LIMIT, ABSOLUTE_LIMIT = timedelta(minutes=30), timedelta(hours=12)
SEEN_STEP = timedelta(minutes=1)  # `seen_at` is written at most this often
KEEP_ATTEMPTS = timedelta(days=180)  # 网络安全法 art. 21: six months


class SignInRefused(Exception):
    """The sign-in failed; `message` is all the person is told."""

    def __init__(self, message: str, *, locked: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.locked = locked


def check_sign_in(*, request: HttpRequest, username: str, password: str, address: str | None) -> Person:
    """The person with this name and password. Raises SignInRefused, saying no more than needed."""
    name = Person.normalize_username(username).strip().lower()
    attempt = _reserve_attempt(name, address)
    if attempt is None:
        _record_failure(name, "sign_in.locked")
        raise SignInRefused(_("尝试次数过多，请 15 分钟后再试。"), locked=True)
    person = authenticate(request, username=name, password=password[:1024])
    if not isinstance(person, Person):
        _record_failure(name, "sign_in.failed")
        raise SignInRefused(_("登录名或密码不正确。"))
    SignInAttempt.objects.filter(pk=attempt.pk).update(succeeded=True)
    SignInAttempt.objects.filter(name_digest=attempt.name_digest, cleared_at__isnull=True, pk__lte=attempt.pk).update(
        cleared_at=timezone.now()
    )
    return person


@transaction.atomic
def _reserve_attempt(name: str, address: str | None) -> SignInAttempt | None:
    """Book the attempt before the password is looked at, so that a parallel burst gets no more tries than a slow one.

    None when the name or the address has used up its tries.
    """
    digest = _digest(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
    failures = SignInAttempt.objects.filter(at__gt=timezone.now() - WINDOW, succeeded=False)
    if failures.filter(name_digest=digest, cleared_at__isnull=True).count() >= PER_NAME:
        return None
    if address and failures.filter(address=address).count() >= PER_ADDRESS:
        return None
    return SignInAttempt.objects.create(name_digest=digest, address=address)


@transaction.atomic
def clear_lockout(*, actor: Person | None, person: Person) -> None:
    """Let a locked-out person try again now; needs `lockout.manage`."""
    if actor is not None:
        require(actor, "lockout.manage", person)
    SignInAttempt.objects.filter(name_digest=_digest(person.username), cleared_at__isnull=True).update(
        cleared_at=timezone.now()
    )
    audit.record(
        actor=actor,
        verb="lockout.clear",
        target=target_of(person),
        target_label=person.name,
        scope_id=person.agency_id,
    )


@transaction.atomic
def open_session(*, person: Person, session_key: str, address: str | None, agent: str) -> SignedIn:
    """Remember the browser in which `person` has just signed in."""
    expire_sessions(limit=50)
    signed_in, _created = SignedIn.objects.update_or_create(
        session_key=session_key,
        defaults={
            "person": person,
            "started_at": timezone.now(),
            "seen_at": timezone.now(),
            "address": address,
            "agent": agent[:300],
        },
    )
    audit.record(
        actor=person,
        verb="sign_in",
        target=target_of(person),
        target_label=person.name,
        scope_id=person.agency_id,
        changes={"address": address} if address else None,
    )
    return signed_in


def touch_session(*, person: Person, session_key: str) -> SignedIn | None:
    """The live session of this browser, noted as used; None when it was ended, was idle too long or is too old."""
    signed_in = SignedIn.objects.filter(session_key=session_key, person_id=person.pk).first()
    if signed_in is None:
        return None
    now = timezone.now()
    if now - signed_in.seen_at > IDLE_LIMIT or now - signed_in.started_at > ABSOLUTE_LIMIT:
        _delete(signed_in)
        return None
    if now - signed_in.seen_at > SEEN_STEP:
        SignedIn.objects.filter(pk=signed_in.pk).update(seen_at=now)
    return signed_in


@transaction.atomic
def renew_session(*, person: Person, old_key: str, new_key: str) -> None:
    """The session key was rotated: the same browser goes on under the new one."""
    SignedIn.objects.filter(person=person, session_key=old_key).update(session_key=new_key)


@transaction.atomic
def sign_out(*, actor: Person, session_key: str) -> None:
    """The person leaves this browser; the caller ends Django's session."""
    for signed_in in SignedIn.objects.filter(person=actor, session_key=session_key):
        end_session(actor=actor, signed_in=signed_in)


@transaction.atomic
def end_session(*, actor: Person, signed_in: SignedIn) -> None:
    """Sign one of one's own browsers out."""
    _delete(SignedIn.objects.get(pk=signed_in.pk, person=actor))
    audit.record(
        actor=actor, verb="sign_out", target=target_of(actor), target_label=actor.name, scope_id=actor.agency_id
    )


@transaction.atomic
def end_other_sessions(*, actor: Person, session_key: str) -> int:
    """Sign out everywhere but here; returns how many browsers that were."""
    others = list(SignedIn.objects.filter(person=actor).exclude(session_key=session_key))
    for signed_in in others:
        _delete(signed_in)
    return len(others)


def end_all_sessions(person: Person) -> None:
    for signed_in in SignedIn.objects.filter(person=person):
        _delete(signed_in)


@transaction.atomic
def expire_sessions(limit: int = 1000) -> int:
    """Housekeeping, a bit of it at each sign-in: drop sessions past their limits and attempts past their keeping time.

    Looks at no more than `limit` rows of a kind; returns how many signed-in browsers that ended.
    """
    now = timezone.now()
    over = Q(seen_at__lt=now - IDLE_LIMIT) | Q(started_at__lt=now - ABSOLUTE_LIMIT)
    ended = list(SignedIn.objects.filter(over).select_for_update(skip_locked=True)[:limit])
    for signed_in in ended:
        _delete(signed_in)
    for rows in (
        Session.objects.filter(expire_date__lt=now),
        SignInAttempt.objects.filter(at__lt=now - KEEP_ATTEMPTS),
    ):
        rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)[:limit])).delete()
    return len(ended)


def _delete(signed_in: SignedIn) -> None:
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    store(session_key=signed_in.session_key).delete()
    signed_in.delete()


def _digest(name: str) -> str:
    return salted_hmac("accounts.sign_in", name, algorithm="sha256").hexdigest()


def _record_failure(name: str, verb: str) -> None:
    """Audited against the person when there is one; a name that is nobody's may be a mistyped password."""
    person = Person.objects.filter(username=name).first()
    audit.record(
        actor=None,
        verb=verb,
        target=target_of(person) if person else "",
        target_label=person.name if person else "",
        scope_id=person.agency_id if person else None,
    )
