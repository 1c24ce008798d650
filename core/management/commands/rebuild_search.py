"""``manage.py rebuild_search``: index everything anew."""

from typing import Any

from django.core.management.base import BaseCommand

from core import search


class Command(BaseCommand):
    help = "Rebuild the search index from its registered sources; readers see the old one until it is complete."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, number in search.rebuild().items():
            self.stdout.write(f"{kind}: {number}")
