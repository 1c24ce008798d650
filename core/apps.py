"""公共机制: what ten systems share."""

import os

from django.apps import AppConfig
from django.db import connections


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "公共机制"

    def ready(self) -> None:
        os.register_at_fork(after_in_child=forget_connections)


def forget_connections() -> None:
    """A forked child must not share its parent's database sessions.

    They are dropped without closing, which would send the parent's session a farewell; psycopg2 leaves the socket of a
    connection made by another process alone.
    """
    for wrapper in connections.all(initialized_only=True):
        wrapper.connection = None
        del connections[wrapper.alias]
