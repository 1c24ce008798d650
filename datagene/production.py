"""What production must bring: a platform that holds a city's data does not start half-configured."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 50  # characters, Django's own measure (security.W009)
KNOWN_WORDS = ("insecure", "changeme", "change-me", "secret_key", "your-secret", "example", "django-insecure")


def refuse(*, secret_key: str, key_file: str, debug: bool, database_url: str, redis_url: str, hosts: list[str]) -> None:
    """Raise ImproperlyConfigured naming everything that is wrong at once; values are never repeated."""
    faults = [
        *_secret_faults(secret_key),
        *_key_file_faults(key_file),
        *(["DEBUG is on: error pages would show settings and data; unset it"] if debug else []),
        *([] if database_url else ["DATABASE_URL is missing (postgresql://…)"]),
        *([] if redis_url else ["REDIS_URL is missing (redis://… or unix://…)"]),
        *([] if hosts and "*" not in hosts else ["ALLOWED_HOSTS must name the host names people use; * is not one"]),
    ]
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise ImproperlyConfigured(f"DATAGENE_ENV=production refuses to start (docs/settings.md):\n{listed}")


def _secret_faults(secret: str) -> list[str]:
    if not secret:
        return ["SECRET_KEY is missing"]
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < 12:
        return [f"SECRET_KEY is too weak: at least {SHORTEST_SECRET} random characters"]
    if any(word in secret.lower() for word in KNOWN_WORDS):
        return ["SECRET_KEY is a default from an example: make one of your own"]
    return []


def _key_file_faults(location: str) -> list[str]:
    if not location:
        return ["KEY_FILE is missing: the file of keys that seal source passwords (manage.py create_key_file)"]
    path = Path(location)
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        return [f"KEY_FILE {location} cannot be read: {os.strerror(error.errno or 0)}"]
    if empty:
        return [f"KEY_FILE {location} is empty"]
    if mode & 0o007:
        return [f"KEY_FILE {location} is open to everybody: chmod o-rwx it"]
    return []
