"""First people of a new installation: the top agency and the three separated administrators."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services import set_up


class Command(BaseCommand):
    help = "Create the top agency and its system, security and audit administrator, with initial passwords shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--code", required=True, help="code of the top agency, e.g. its unified social credit code")
        parser.add_argument("--name", required=True, help="name of the top agency")

    def handle(self, *args: Any, code: str, name: str, **options: Any) -> None:
        passwords = {str(role): f"{secrets.token_urlsafe(12)}-Aa1" for role in set_up.FIRST_PEOPLE}
        try:
            people = set_up.set_up_accounts(code=code, name=name, passwords=passwords)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        for role, person in people.items():
            self.stdout.write(f"{person.name}\t{person.username}\t{passwords[role]}")
        self.stdout.write("Each password has to be changed at the first sign-in.")
