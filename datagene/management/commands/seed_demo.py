"""``manage.py seed_demo``: build the estate's databases and files, register them, queue census and scan. Once."""

import json
import os
import secrets
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datagene.embedded.estate import administrators
from datagene.embedded.layout import layout
from demo.build import build
from demo.writers.databases import READER, WRITER


class Command(BaseCommand):
    help = "Fill an empty platform with the demo estate. Does nothing when the estate is there already."

    def handle(self, *args: Any, **options: Any) -> None:
        place = layout()
        done = place.data / "estate" / "seeded"
        if done.exists():
            return
        if not done.parent.is_dir():
            raise CommandError("the demo estate's servers are not here; run `make demo`")
        found = administrators(place)
        servers, folder = found["postgresql"], place.data / "estate" / "sources"
        assert servers is not None
        self.stderr.write("building the demo estate 滨海市 (once, about a minute)")
        accounts = {READER: secrets.token_urlsafe(18), WRITER: secrets.token_urlsafe(18)}
        built = build(folder, servers, found["mysql"], accounts, lambda name: self.stderr.write(f"  {name}"))
        if find_spec("demo.register"):
            people = import_module("demo.register").register(built, password=new_password)
            keep(place.secrets / "demo_people.json", people)
        done.touch()


def new_password() -> str:
    """A password of this machine alone, within both security profiles: no demo has a known one."""
    return f"Dg-{secrets.token_hex(5)}"


def keep(path: Any, people: list[dict[str, str]]) -> None:
    """Names and passwords for the terminal of later runs, readable by this account alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(people, file, ensure_ascii=False, indent=1)
