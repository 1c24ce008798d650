"""``manage.py schedule_upkeep``: backup, its proof and the verification of the audit trail, by schedule."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import jobs
from core.models import Schedule
from datagene.jobs import BACKUP, TARGET, USUAL, VERIFY_AUDIT, VERIFY_BACKUP

OPTIONS = {"backup": BACKUP, "verify_audit": VERIFY_AUDIT, "verify_backup": VERIFY_BACKUP}


class Command(BaseCommand):
    help = "Set what is given; what has no schedule yet gets its usual one. 'off' removes one, and it stays removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, kind in OPTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", metavar="CRON", help=f"usually {USUAL[kind]!r}")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, kind in OPTIONS.items():
            known = Schedule.objects.filter(kind=kind.kind, target=TARGET).first()
            cron = options[name] or (None if known else USUAL[kind])
            if cron:
                enabled = cron != "off"
                self._set(kind.kind, cron if enabled else USUAL[kind], enabled=enabled)
        for row in Schedule.objects.filter(target=TARGET).order_by("kind") if options["verbosity"] else ():
            self.stdout.write(f"{row.kind}: {row.cron if row.enabled else 'off'}")

    def _set(self, kind: str, cron: str, *, enabled: bool) -> None:
        try:
            jobs.schedule(
                actor=None, kind=kind, target=TARGET, cron=cron, params={}, exclusive_key=TARGET, enabled=enabled
            )
        except jobs.NotACronText:
            raise CommandError(f"{cron!r} is no schedule; five fields as cron has them, or off") from None
