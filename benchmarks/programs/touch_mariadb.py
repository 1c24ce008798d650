"""Look at every value of the population once, inside MariaDB; started as a reading is."""

import os

import pymysql

import benchmarks.programs.start  # noqa: F401
from benchmarks.programs.columns import COLUMNS

connection = pymysql.connect(
    host="127.0.0.1", port=int(os.environ["MYSQL_PORT"]), user=os.environ["MYSQL_USER"],
    password=os.environ["MYSQL_PASSWORD"], database=os.environ["MYSQL_DATABASE"],
)  # fmt: skip
with connection.cursor() as cursor:
    cursor.execute(f"SELECT count(*), {', '.join(f'count({name})' for name in COLUMNS)} FROM population")
    print(*cursor.fetchone())
