"""``manage.py up``: the whole platform on this machine, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datagene.embedded import commands
from datagene.embedded.errors import EmbeddedError


class Command(BaseCommand):
    help = "Run embedded PostgreSQL and Valkey, migrate, and run web, worker and tick. PORT chooses the port."
    requires_system_checks: list[str] = []  # the servers that checks would ask are not running yet

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            commands.up()
        except EmbeddedError as error:
            raise CommandError(str(error)) from None
