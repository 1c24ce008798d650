"""Password hashing."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """argon2id with the smallest parameters OWASP recommends: 19 MiB, two passes, one lane.

    Django's default takes 100 MiB for each sign-in: a handful at once would push a small web process out of memory.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1
