"""``manage.py verify_audit``: is the audit trail whole?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import audit

FAULTS = {
    "gap": "entry {entry} is missing",
    "altered": "entry {entry} was altered, or the entry before it was",
    "unknown_key": "entry {entry} is signed by a key that the key file does not hold",
    "cut_tail": "entries from {entry} on are missing: the head file knows of later ones",
    "replaced_tail": "entry {entry} is not the one that the head file knows",
    "head_unreadable": "the head file cannot be read",
}


class Command(BaseCommand):
    help = "Verify the hash chain of the audit trail against itself and the head file. Exit 1 names the first fault."

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = audit.verify()
        if outcome.fault:
            reason = FAULTS[outcome.fault.kind].format(entry=outcome.fault.entry)
            raise CommandError(f"{reason} ({outcome.entries} entries before it are whole)")
        self.stdout.write(f"{outcome.entries} entries, the chain is whole")
