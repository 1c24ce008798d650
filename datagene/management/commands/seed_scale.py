"""``manage.py seed_scale``: made-up metadata at any size, for measuring how the platform stands it."""

from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date

from assets.models import DataSource
from datagene import ownership
from datagene.management.commands.seed_demo import new_password
from demo.scale.load import is_loaded, load


class Command(BaseCommand):
    help = "Load made-up metadata of a province: agencies, sources, tables, columns, profiles, rules, history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tables", type=int, default=100_000)
        parser.add_argument("--columns", type=int, default=2_000_000)
        parser.add_argument("--day", type=parse_date, help="the day that the history leads up to; today when absent")
        parser.add_argument("--beside", action="store_true", help="load it beside the sources that are registered here")

    def handle(self, *args: Any, **options: Any) -> None:
        if is_loaded():
            raise CommandError("made-up metadata is in this database already; use an empty one")
        if (there := DataSource.objects.count()) and not options["beside"]:
            raise CommandError(
                f"this platform has {there} data sources, and made-up metadata cannot be taken out again. "
                "Use an empty database, or say --beside. Nothing was changed."
            )
        ownership.become_owner()  # indexes are dropped for it and made anew
        day = timezone.make_aware(datetime.combine(options["day"] or timezone.localdate(), time(8)))
        try:
            loaded = load(
                tables=options["tables"],
                columns=options["columns"],
                day=day,
                password=new_password,
                say=self.stderr.write,
            )
        except ValueError as error:
            raise CommandError(str(error)) from None
        with connection.cursor() as cursor:  # so that the first reader need not mark two million rows as seen
            cursor.execute("VACUUM")
        for label, count in loaded.rows.items():
            self.stdout.write(f"{label}: {count}")
        for username, password in loaded.passwords.items():
            self.stdout.write(f"{username}  {password}")
