"""``manage.py demo``: the whole platform with the city 滨海市 in it, until Ctrl-C. ``make demo`` calls it."""

import contextlib
import json
import subprocess
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datagene.embedded import commands
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import layout
from datagene.embedded.servers import say


class Command(BaseCommand):
    help = "Run everything on this machine with the demo estate: made on the first run, kept on the next ones."
    requires_system_checks: list[str] = []  # the servers that checks would ask are not running yet

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            commands.up(demo=True, prepare=lambda: commands.manage(["seed_demo"]), ready=welcome)
        except EmbeddedError as error:
            raise CommandError(str(error)) from None


def welcome() -> None:
    """Say who may sign in, then let the stewards' first day begin; the workers do it, the browser shows it."""
    show_people()
    with contextlib.suppress(subprocess.CalledProcessError):  # stopped half-way: the next run goes on
        commands.manage(["play_demo"])


def show_people() -> None:
    """The sign-in names and the passwords that this machine made for them."""
    try:
        people = json.loads((layout().secrets / "demo_people.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    say("登录名 user / 密码 password / 身份 role")
    for person in people:
        say(f"  {person['username']:<12} {person['password']:<18} {person['role']}")
