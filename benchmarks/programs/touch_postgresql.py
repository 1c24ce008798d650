"""Look at every value of the population once, inside PostgreSQL: what any profile must cost there.

It starts as a reading does, so that what starting costs stands on both sides of the ratio.
"""

import psycopg2

import benchmarks.programs.start  # noqa: F401
from benchmarks.programs.columns import COLUMNS

with psycopg2.connect("") as connection, connection.cursor() as cursor:
    cursor.execute(f"SELECT count(*), {', '.join(f'count({name})' for name in COLUMNS)} FROM population")
    print(*cursor.fetchone())
