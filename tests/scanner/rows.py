"""A source of rows that the test holds in memory, behind the real connector interface."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from scanner.connectors.base import Connector
from scanner.errors import SourceError
from scanner.model import Column, Snapshot, Table, TestReport, ValueClass


class RowsConnector(Connector):
    """Canonical values, handed over in batches as an engine's connector does."""

    kind = "rows"
    label = "测试行"
    parameters = ()
    dialect = "duckdb"

    def __init__(self, tables: Mapping[str, tuple[Table, Sequence[Mapping[str, str | None]]]], batch: int = 7) -> None:
        super().__init__({})
        self._tables = {(table.schema, table.name): (table, rows) for table, rows in tables.values()}
        self._batch = batch
        self.reads: list[tuple[str, tuple[str, ...]]] = []

    def test(self) -> TestReport:
        raise NotImplementedError

    def snapshot(self) -> Snapshot:
        return Snapshot("rows", tuple(table for table, _ in self._tables.values()))

    def describe(self, schema: str, name: str) -> Table:
        if (schema, name) not in self._tables:
            raise SourceError("no_such_table", object=f"{schema}.{name}")
        return self._tables[schema, name][0]

    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        self.statements += 1
        self.reads.append((table.name, tuple(column.name for column in columns)))
        _, rows = self._tables[table.schema, table.name]
        for start in range(0, len(rows), self._batch):
            part = rows[start : start + self._batch]
            if columns:
                arrays = [pa.array([row[column.name] for row in part], pa.string()) for column in columns]
                yield pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
            else:
                yield pa.RecordBatch.from_struct_array(pa.array([{}] * len(part), pa.struct([])))

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def close(self) -> None:
        pass


def table_of(name: str, columns: Mapping[str, ValueClass], primary_key: Sequence[str] = ()) -> Table:
    made = tuple(
        Column(column, place, held.value, held, primary_key=column in primary_key)
        for place, (column, held) in enumerate(columns.items(), start=1)
    )
    return Table("s", name, columns=made, primary_key=tuple(primary_key))
