"""What the register knows of a source, in the scanner's words, so that the scanner can tell the difference."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from uuid import UUID

from assets.choices import ObjectState
from assets.models import Column, DataSource, Table
from scanner import model as scanner

_FACTS = tuple(part.name for part in fields(scanner.Column))  # the model calls them the same


@dataclass(frozen=True, slots=True)
class KnownColumn:
    """What comparing needs of a column's row: a large source has millions, and rows as models fill the memory."""

    pk: UUID
    state: str
    facts: scanner.Column

    @property
    def name(self) -> str:
        return self.facts.name


@dataclass(slots=True)
class Known:
    """All tables of a source, gone ones included, with their columns. Two queries, however many there are."""

    tables: dict[UUID, Table] = field(default_factory=dict)
    columns: dict[UUID, list[KnownColumn]] = field(default_factory=lambda: defaultdict(list))  # by table

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
        return [scanned_table(table, self._live_columns(table)) for table in self.live()]

    def _live_columns(self, table: Table) -> Iterator[scanner.Column]:
        return (column.facts for column in self.columns[table.pk] if column.state != ObjectState.GONE)


def load_known(source: DataSource) -> Known:
    known = Known()
    for table in Table.objects.filter(source=source).iterator(chunk_size=5000):
        table.source = source
        known.tables[table.pk] = table
    shared: dict[str, str] = {}  # a few types and states stand on every column
    rows = (
        Column.objects.filter(source=source).order_by("position", "id").values_list("table_id", "pk", "state", *_FACTS)
    )
    for table_id, pk, state, name, position, kind, value_class, *others in rows.iterator(chunk_size=10000):
        facts = scanner.Column(name, position, shared.setdefault(kind, kind), scanner.ValueClass(value_class), *others)
        known.columns[table_id].append(KnownColumn(pk, shared.setdefault(state, state), facts))
    return known


def scanned_table(table: Table, columns: Iterable[scanner.Column]) -> scanner.Table:
    return scanner.Table(
        schema=table.schema_name, name=table.name, kind=table.kind, comment=table.comment,
        row_estimate=table.row_estimate, bytes=table.bytes, columns=tuple(columns),
        primary_key=tuple(table.primary_key),
        foreign_keys=tuple(
            scanner.ForeignKey(tuple(key["columns"]), key["ref_schema"], key["ref_table"], tuple(key["ref_columns"]))
            for key in table.foreign_keys
        ),
        indexes=tuple(scanner.Index(key["name"], tuple(key["columns"]), key["unique"]) for key in table.indexes),
    )  # fmt: skip


def scanned_columns(table: Table) -> Iterator[scanner.Column]:
    """The columns of one table that are not gone."""
    for column in table.columns.exclude(state=ObjectState.GONE):
        facts = {name: getattr(column, name) for name in _FACTS}
        yield scanner.Column(**facts | {"value_class": scanner.ValueClass(column.value_class)})
