"""Django's migrate, for a database in use: it never makes the platform wait behind a lock it is itself waiting for."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg2.errors import LockNotAvailable

from datagene import ownership

LOCK_TIMEOUT = "3s"  # whoever waits for a table's lock holds up everybody behind; better to step back and try again
TRIES = 20
PAUSE = 3.0  # seconds


class Command(migrate.Command):
    """Each migration is a transaction, so another try goes on where the last one stopped."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tries", type=int, default=TRIES, help=f"how often a busy table is tried ({TRIES})")

    def handle(self, *args: Any, **options: Any) -> None:
        self._database = options["database"]
        ownership.become_owner()
        tries = options.pop("tries", TRIES)
        for left in reversed(range(tries)):
            try:
                super().handle(*args, **options)
                break
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self._reconnect()
                if not left:
                    raise CommandError(
                        f"a table was in use at each of {tries} tries, nothing of its migration was kept: {error}"
                    ) from None
                self.stderr.write(f"a table is in use; trying again in {PAUSE:g} s ({left} tries left)")
                time.sleep(PAUSE)
        self._wait_at_most("0")
        ownership.grant()

    def _reconnect(self) -> None:
        """Django leaves the transaction open when its last statements fail (foreign keys, added at its end)."""
        connections[self._database].close()
        connections[self._database].connect()

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Django calls it around each migration. One that is no transaction (an index made concurrently) holds nobody up."""
        if action in ("apply_start", "unapply_start"):
            self._wait_at_most(LOCK_TIMEOUT if migration.atomic else "0")
        super().migration_progress_callback(action, migration, fake)

    def _wait_at_most(self, time: str) -> None:
        with connections[self._database].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [time])
