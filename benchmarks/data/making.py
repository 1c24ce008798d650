"""`python -m benchmarks.data.making FOLDER ROWS`: the data as Parquet and what is true of it; a process of its own, to stay out of ours."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from benchmarks.data.faults import plant
from benchmarks.data.population import REGIONS, enterprises, firm_count, sound, typed
from benchmarks.data.rules import rules


def main(folder: Path, rows: int) -> None:
    columns = sound(rows)
    truth = plant(columns)
    population = typed(columns)
    firms = enterprises(firm_count(rows))
    tables = {
        "population": population,
        "region": pa.table({"dm": pa.array([str(region) for region in REGIONS])}),
        "enterprise": pa.table({"tyshxydm": firms}),
    }
    files = folder / "files"
    files.mkdir(parents=True)
    for name, table in tables.items():
        parquet.write_table(table, files / f"{name}.parquet", compression="zstd")
    known = {
        "rows": rows,
        "rules": truth,
        "columns": {
            name: _known(column) for name, column in zip(population.column_names, population.columns, strict=True)
        },
    }
    (folder / "rules.json").write_text(json.dumps(rules(rows), ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(known, indent=1), encoding="utf-8")


def _known(column: pa.ChunkedArray) -> dict[str, Any]:
    """Nulls, distinct values, and how often the 20 most frequent ones occur."""
    counts = pc.value_counts(column.drop_null()).field("counts").to_numpy()
    often = np.sort(counts)[::-1][:20]
    return {"nulls": column.null_count, "distinct": len(counts), "top": often.tolist()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
