"""What the register knows of a source, in the scanner's words, so that the scanner can tell the difference."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from assets.choices import ObjectState
from assets.models import Column, DataSource, Table
from scanner import model as scanner


@dataclass(slots=True)
class Known:
    """All tables of a source, gone ones included, with their columns. Two queries, however many there are."""

    tables: dict[UUID, Table] = field(default_factory=dict)
    columns: dict[UUID, list[Column]] = field(default_factory=lambda: defaultdict(list))  # by table

    def live(self) -> list[Table]:
        return [table for table in self.tables.values() if table.state != ObjectState.GONE]

    def by_name(self) -> dict[tuple[str, str], Table]:
        """Tables that are not gone."""
        return {(table.schema_name, table.name): table for table in self.live()}

    def gone_by_name(self) -> dict[tuple[str, str], Table]:
        """Tables that are gone; of several with one name the last to go."""
        gone = [table for table in self.tables.values() if table.state == ObjectState.GONE]
        return {(table.schema_name, table.name): table for table in sorted(gone, key=lambda table: table.last_seen_at)}

    def as_scanned(self) -> list[scanner.Table]:
        """The tables that are not gone, as the last census described them."""
        return [scanned_table(table, self.columns[table.pk]) for table in self.live()]


def load_known(source: DataSource) -> Known:
    known = Known()
    for table in Table.objects.filter(source=source).iterator(chunk_size=5000):
        table.source = source
        known.tables[table.pk] = table
    for column in Column.objects.filter(source=source).order_by("position", "id").iterator(chunk_size=10000):
        column.table = known.tables[column.table_id]
        column.source = source
        known.columns[column.table_id].append(column)
    return known


def scanned_table(table: Table, columns: list[Column]) -> scanner.Table:
    live = [column for column in columns if column.state != ObjectState.GONE]
    return scanner.Table(
        schema=table.schema_name, name=table.name, kind=table.kind, comment=table.comment,
        row_estimate=table.row_estimate, bytes=table.bytes, columns=tuple(scanned_column(column) for column in live),
        primary_key=tuple(table.primary_key),
        foreign_keys=tuple(
            scanner.ForeignKey(tuple(key["columns"]), key["ref_schema"], key["ref_table"], tuple(key["ref_columns"]))
            for key in table.foreign_keys
        ),
        indexes=tuple(scanner.Index(key["name"], tuple(key["columns"]), key["unique"]) for key in table.indexes),
    )  # fmt: skip


def scanned_column(column: Column) -> scanner.Column:
    return scanner.Column(
        name=column.name, position=column.position, type=column.type,
        value_class=scanner.ValueClass(column.value_class), nullable=column.nullable, default=column.default,
        comment=column.comment, primary_key=column.primary_key, padded=column.padded,
    )  # fmt: skip
