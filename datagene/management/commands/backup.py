"""``manage.py backup``: a sealed backup of the database and the uploads; on request proven by restoring it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import keys
from datagene import backup, upkeep


class Command(BaseCommand):
    help = "Make a backup and keep the newest ones. The key file is not in it: keep a copy of that elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="folder of the backups (BACKUP_DIR)")
        parser.add_argument("--keep", type=int, help="how many to keep (BACKUP_KEEP)")
        parser.add_argument("--verify", action="store_true", help="restore it into a scratch database to prove it")
        parser.add_argument("--only-verify", action="store_true", help="make none, prove the newest one that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["to"] or Path(settings.BACKUP_DIR)
        keep = settings.BACKUP_KEEP if options["keep"] is None else options["keep"]
        try:
            if not options["only_verify"]:
                self._make(folder, keep)
            if options["verify"] or options["only_verify"]:
                self._prove(folder)
        except (backup.BackupError, keys.KeyFileError) as error:
            raise CommandError(str(error)) from None

    def _make(self, folder: Path, keep: int) -> None:
        made = backup.make(folder)
        upkeep.note(upkeep.BACKUP_MADE, **made.told())
        self.stdout.write(f"{made.path}: {made.told()['rows']} rows, {made.manifest.uploads['files']} uploaded files")
        for name in backup.prune(folder, keep):
            self.stdout.write(f"removed {name}")

    def _prove(self, folder: Path) -> None:
        manifest = backup.prove(backup.newest(folder))
        upkeep.note(upkeep.BACKUP_VERIFIED, backup=manifest.name, rows=sum(manifest.rows.values()))
        self.stdout.write(f"{manifest.name}: restored into a scratch database, rows counted, audit trail verified")
