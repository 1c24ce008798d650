"""``manage.py restore BACKUP``: a backup into an empty database and data directory."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import keys
from datagene import backup, ownership


class Command(BaseCommand):
    help = "Restore a backup into an empty database; refuses one that is not. Needs the key file of the backup's time."
    requires_system_checks: list[str] = []  # the database is empty

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, help="folder of one backup")

    def handle(self, *args: Any, **options: Any) -> None:
        ownership.become_owner()
        try:
            done = backup.restore(options["backup"])
        except (backup.BackupError, keys.KeyFileError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{done.name}: {done.tables} tables with {done.rows} rows and {done.files} uploaded files restored; "
            f"audit trail of {done.audit_entries} entries whole"
        )
