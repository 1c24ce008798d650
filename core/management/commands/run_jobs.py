"""``manage.py run_jobs``: a worker that needs no broker."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.jobs import drain, tick
from core.jobs.runner import work


class Command(BaseCommand):
    help = "Run waiting jobs in this process. Without options: until Ctrl-C or SIGTERM, then give the job at hand back."

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="run one waiting job at most")
        how.add_argument("--drain", action="store_true", help="run until no job can be claimed")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if not (options["once"] or options["drain"]):
            work(stopping=stopping)
            return
        tick()
        self.stdout.write(str(drain(once=options["once"], stopping=stopping.is_set)))
