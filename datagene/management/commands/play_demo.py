"""``manage.py play_demo``: the stewards' first day (demo/play.py). Does nothing once it has been played to the end."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError

from datagene.embedded.layout import layout
from demo.play import play


class Command(BaseCommand):
    help = "Census, scan, accept proposed rules, scan again: every source of the demo estate."

    def handle(self, *args: Any, **options: Any) -> None:
        done = layout().data / "estate" / "played"
        if done.exists():
            return
        try:
            finished = play(lambda line: self.stdout.write(line, ending="\n"))
        except (KeyboardInterrupt, OperationalError, InterfaceError):
            return  # the platform is being stopped; the next run goes on from here
        if finished:
            done.touch()
