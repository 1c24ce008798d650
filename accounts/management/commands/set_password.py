"""A new initial password for anybody, administrators included. Only who may run commands on the server can do this."""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from accounts.services import reset_password


class Command(BaseCommand):
    help = "Set a person's password, asked for at the terminal or taken from NEW_PASSWORD; it has to be changed at sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        try:
            person = Person.objects.get_by_natural_key(username)
        except Person.DoesNotExist:
            raise CommandError(f"nobody is called {username!r}") from None
        try:
            reset_password(actor=None, person=person, password=os.environ.get("NEW_PASSWORD") or getpass())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write("Done. All sessions and tokens of this person have ended.")
