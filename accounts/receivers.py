"""What accounts answers to: Django's sign-in signals keep the list of sessions true, whoever calls `login`."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts import services
from accounts.middleware import client_address
from accounts.models import Person


def remember_session(sender: Any, request: HttpRequest, user: Person, **kwargs: Any) -> None:
    if request.session.session_key is None:
        request.session.save()
    services.open_session(
        person=user,
        session_key=str(request.session.session_key),
        address=client_address(request),
        agent=request.headers.get("User-Agent", ""),
    )


def connect() -> None:
    user_logged_in.connect(remember_session, dispatch_uid="accounts.remember_session")
