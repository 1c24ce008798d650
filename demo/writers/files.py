"""CSV (UTF-8 or GB18030), xlsx and Parquet writers: a folder a source, a sub-folder a schema."""

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from demo.generate import Filled


def write_files(folder: Path, kind: str, tables: list[Filled]) -> None:
    """``kind`` is the part after ``files-`` in the estate file."""
    write = WRITERS[kind]
    for table in tables:
        place = folder / table.spec.schema if table.spec.schema else folder
        place.mkdir(parents=True, exist_ok=True)
        write(place / table.spec.name, table)


def _csv(encoding: str) -> Callable[[Path, Filled], None]:
    def write(stem: Path, table: Filled) -> None:
        with stem.with_suffix(".csv").open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.name for column in table.spec.columns])
            writer.writerows(table.rows)

    return write


def _xlsx(stem: Path, table: Filled) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.append([column.name for column in table.spec.columns])
    for row in table.rows:
        sheet.append(row)
    book.save(stem.with_suffix(".xlsx"))


def _parquet(stem: Path, table: Filled) -> None:
    names = [column.name for column in table.spec.columns]
    pq.write_table(pa.table([pa.array(values) for values in table.columns], names=names), stem.with_suffix(".parquet"))


WRITERS: dict[str, Callable[[Path, Filled], None]] = {
    "gb18030": _csv("gb18030"),
    "utf8": _csv("utf-8"),
    "xlsx": _xlsx,
    "parquet": _parquet,
}
