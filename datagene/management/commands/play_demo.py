"""``manage.py play_demo``: the stewards' first day (demo/play.py). Does nothing once it has been played to the end."""

from typing import Any

from django.core.management.base import BaseCommand

from datagene.embedded.layout import layout
from demo.play import play


class Command(BaseCommand):
    help = "Census, scan, accept proposed rules, scan again: every source of the demo estate."

    def handle(self, *args: Any, **options: Any) -> None:
        done = layout().data / "estate" / "played"
        if done.exists():
            return
        if play(lambda line: self.stdout.write(line, ending="\n")):
            done.touch()
