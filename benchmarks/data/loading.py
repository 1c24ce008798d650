"""`python -m benchmarks.data.loading postgresql|mysql FOLDER`: the Parquet data into the database that the environment names."""

import os
import sys
import tempfile
from pathlib import Path

import duckdb
import psycopg2
import pymysql

from benchmarks.data.population import COMMENTS

TYPES = {
    "id": "bigint PRIMARY KEY", "sfzh": "varchar(18)", "xm": "varchar(40)", "xb": "varchar(1)", "mz": "varchar(10)",
    "csrq": "varchar(10)", "xzqh": "varchar(6)", "dz": "varchar(120)", "lxdh": "varchar(20)", "hyzk": "varchar(2)",
    "xl": "varchar(2)", "gzdw": "varchar(18)", "sr": "numeric(12,2)", "djrq": "date", "gxsj": "timestamp",
}  # fmt: skip
TABLES = {
    "population": ", ".join(f"{name} {kind}" for name, kind in TYPES.items()),
    "region": "dm varchar(6) PRIMARY KEY",
    "enterprise": "tyshxydm varchar(18) PRIMARY KEY",
}


def tab_separated(file: Path, target: Path) -> None:
    """Both servers read this form; no value holds a tab or a backslash."""
    form = "FORMAT csv, DELIMITER '\t', NULLSTR '\\N', HEADER false, QUOTE '', ESCAPE ''"
    duckdb.sql(f"COPY (SELECT * FROM read_parquet('{file}')) TO '{target}' ({form})")


def into_postgresql(files: Path) -> None:
    connection = psycopg2.connect("")
    connection.autocommit = True
    with connection.cursor() as cursor, tempfile.TemporaryDirectory() as folder:
        for name, definition in TABLES.items():
            text = Path(folder) / f"{name}.tsv"
            tab_separated(files / f"{name}.parquet", text)
            cursor.execute(f"CREATE TABLE {name} ({definition})")
            with text.open("rb") as rows:
                cursor.copy_expert(f"COPY {name} FROM STDIN", rows)
        for name, said in COMMENTS.items():
            cursor.execute(f"COMMENT ON COLUMN population.{name} IS %s", [said])
        cursor.execute("VACUUM (FREEZE, ANALYZE)")
        cursor.execute("CHECKPOINT")


def into_mariadb(files: Path) -> None:
    connection = pymysql.connect(
        host="127.0.0.1", port=int(os.environ["MYSQL_PORT"]), user=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"], database=os.environ["MYSQL_DATABASE"], charset="utf8mb4",
        local_infile=True,
    )  # fmt: skip
    with connection.cursor() as cursor, tempfile.TemporaryDirectory() as folder:
        for name, definition in TABLES.items():
            text = Path(folder) / f"{name}.tsv"
            tab_separated(files / f"{name}.parquet", text)
            cursor.execute(f"CREATE TABLE {name} ({definition.replace('timestamp', 'datetime')})")
            cursor.execute(f"LOAD DATA LOCAL INFILE '{text}' INTO TABLE {name} CHARACTER SET utf8mb4")
            cursor.execute(f"ANALYZE TABLE {name}")
    connection.commit()


if __name__ == "__main__":
    {"postgresql": into_postgresql, "mysql": into_mariadb}[sys.argv[1]](Path(sys.argv[2]))
