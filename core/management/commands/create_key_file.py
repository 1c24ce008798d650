"""``manage.py create_key_file PATH``: the key file of a new installation, readable by this account alone."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import keys


class Command(BaseCommand):
    help = "Make a key file. Keep a copy apart from the database's backups: without it no source password can be read."
    requires_system_checks: list[str] = []  # runs before there is a database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        if path.exists():
            raise CommandError(f"{path} exists; a key file is never overwritten")
        keys.create(path)
