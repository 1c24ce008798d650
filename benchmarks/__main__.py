"""`make bench`: how fast one table is read, profiled and checked on this machine. Prints one line a case.

python -m benchmarks [ROWS]    rows of the generated table, 200 000 when absent
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet

from scanner.connectors.registry import open_source
from scanner.model import Rule
from scanner.reading import read_table
from scanner.rules import parse_rule

RULES = (
    {"id": "key", "kind": "unique", "columns": ["id"]},
    {"id": "name", "kind": "not_null", "columns": ["name"]},
    {"id": "region", "kind": "matches", "columns": ["region"], "parameters": {"pattern": "^33[0-9]{4}$"}},
)


def table(rows: int) -> pyarrow.Table:
    """Deterministic: a key, a name of a few thousand, a region code, an amount with nulls, a day as text."""
    random = numpy.random.default_rng(7)
    amount = random.integers(0, 10_000_000, rows) / 100
    return pyarrow.table(
        {
            "id": numpy.arange(rows),
            "name": [f"企业{number}" for number in random.integers(0, 5_000, rows)],
            "region": [f"3301{number:02d}" for number in random.integers(1, 30, rows)],
            "amount": pyarrow.array(amount, mask=random.random(rows) < 0.02),
            "day": [f"202{year}-0{month}-15" for year, month in random.integers([0, 1], [6, 10], (rows, 2))],
        }
    )


def main(arguments: Sequence[str]) -> None:
    rows = int(arguments[0]) if arguments else 200_000
    rules: list[Rule] = [parse_rule(rule) for rule in RULES]
    cases: dict[str, tuple[bool, Sequence[Rule]]] = {
        "profile": (True, ()),
        "rules": (False, rules),
        "profile and rules in one reading": (True, rules),
    }
    with tempfile.TemporaryDirectory() as folder:
        pyarrow.parquet.write_table(table(rows), Path(folder) / "bench.parquet")
        with open_source("files", {"path": folder}, {}) as source:
            found = source.describe("", "bench")
            for name, (profile, checked) in cases.items():
                started = time.perf_counter()
                reading = read_table(source, found, profile=profile, rules=checked)
                seconds = time.perf_counter() - started
                print(f"{name}: {reading.rows} rows, {seconds:.2f} s, {reading.rows / seconds:,.0f} rows/s")


if __name__ == "__main__":
    main(sys.argv[1:])
