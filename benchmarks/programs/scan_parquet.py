"""Decode every value of a Parquet file once, in DuckDB; started as a reading is."""

import sys

import duckdb

import benchmarks.programs.start  # noqa: F401
from benchmarks.programs.columns import COLUMNS

touched = ", ".join(f"count({name})" for name in COLUMNS)
print(*duckdb.connect().execute(f"SELECT count(*), {touched} FROM read_parquet(?)", [sys.argv[1]]).fetchall()[0])
