"""`[TABLES COLUMNS]`: the platform's own database in the one that libpq's variables name, with the made-up province in it.

Without sizes it only brings the database up to date.
"""

import os
import sys
from collections.abc import Mapping
from urllib.parse import quote


def settings(libpq: Mapping[str, str]) -> dict[str, str]:
    """Environment of the platform over the database of libpq's variables. No broker: nobody works for it."""
    user, secret, host, port, name = (
        quote(libpq[f"PG{part}"], safe="") for part in ("USER", "PASSWORD", "HOST", "PORT", "DATABASE")
    )
    return {
        "DATABASE_URL": f"postgresql://{user}:{secret}@{host}:{port}/{name}", "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "datagene.settings", "LOG_LEVEL": "ERROR",
    }  # fmt: skip


def start() -> None:
    """Make this process one of the platform, over the database of libpq's variables."""
    os.environ.update(settings(os.environ))
    import django  # slow import

    django.setup()


def main(*sizes: str) -> None:
    start()
    from django.core.management import call_command  # slow import

    call_command("migrate", verbosity=0)
    if sizes:
        call_command("seed_scale", tables=int(sizes[0]), columns=int(sizes[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
