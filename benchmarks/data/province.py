"""`[TABLES COLUMNS]`: the platform's own database in the one that libpq's variables name, with the made-up province in it.

Without sizes it only brings the database up to date.
"""

import os
import sys
from urllib.parse import quote


def database_url() -> str:
    """What the platform calls the database of libpq's variables."""
    user, secret, host, port, name = (
        quote(os.environ[f"PG{part}"], safe="") for part in ("USER", "PASSWORD", "HOST", "PORT", "DATABASE")
    )
    return f"postgresql://{user}:{secret}@{host}:{port}/{name}"


def start() -> None:
    """Make this process one of the platform, over that database. No broker: nobody works for it."""
    os.environ |= {"DATABASE_URL": database_url(), "REDIS_URL": "redis://127.0.0.1:1/0", "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "datagene.settings"
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
