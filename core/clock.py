"""The database's clock, the only one that everything the platform writes down agrees on.

Machines that run workers may be wrong by minutes or hours; what they find out would be newer than the present, or
older than what it replaced.
"""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """The time now, by one statement; it moves within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        time: datetime = cursor.fetchone()[0]
    return time
