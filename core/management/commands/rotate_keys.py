"""``manage.py rotate_keys``: seal credentials under a new data key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import audit, crypto, keys


class Command(BaseCommand):
    help = (
        "Make a new data key, reseal every sealed field with it, wrap data keys under the first line of the key file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--resume", action="store_true", help="finish an interrupted rotation; make no new key")
        parser.add_argument(
            "--remove-old", action="store_true", help="then delete data keys that nothing needs any more"
        )
        parser.add_argument("--batch", type=int, default=200, help="rows a transaction (200)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = (crypto.resume if options["resume"] else crypto.rotate)(options["batch"])
        except (crypto.CryptoError, keys.KeyFileError) as error:
            raise CommandError(str(error)) from None
        changes = {"resealed": done}
        if options["remove_old"]:
            changes["removed"] = crypto.remove_retired()
        audit.record(actor=None, verb="keys.rotate", target="core.KeyRecord", changes=changes)
        self.stdout.write(", ".join(f"{number} {what}" for what, number in changes.items()))
