"""Tables that rules refer to: found, read once each with all columns that are asked for, held beside the rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from scanner.connectors.base import Connector
from scanner.errors import SourceError, said
from scanner.loading import Loaded, load
from scanner.measures.frequency import Session
from scanner.model import Column, Table
from scanner.rules.binding import BoundRule
from scanner.rules.verdicts import Reference


@dataclass
class _Target:
    table: Table
    columns: dict[str, Column]  # that any rule asks for
    loaded: Loaded | None = None


class References:
    """The referenced tables of one reading.

    ``resolve`` looks them up in the catalogue before the table itself is read; ``load`` reads them after it.
    """

    def __init__(self, session: Session, connector: Connector, table: Table, stop: Callable[[], None]) -> None:
        self._session, self._connector, self._table, self._stop = session, connector, table, stop
        self._held = ExitStack()
        self._targets: dict[tuple[str, str], _Target] = {}
        self._keys: dict[str, tuple[str, str] | SourceError] = {}
        self.statements = 0
        self.rows = 0  # of all tables read

    def resolve(self, bound: Iterable[BoundRule]) -> dict[str, str]:
        """Look up every referenced table and column; rule id → what is wrong with its reference."""
        return {item.rule.id: fault for item in bound if (fault := self._resolve(item))}

    def _resolve(self, bound: BoundRule) -> str | None:
        test = bound.test
        if not isinstance(test, Reference):
            return None
        if test.table not in self._keys:
            self._keys[test.table] = self._look_up(test.table)
        key = self._keys[test.table]
        if isinstance(key, SourceError):
            return key.said
        target = self._targets[key]
        for name in test.columns:
            column = target.table.column(name)
            if column is None:
                return said(
                    "the referenced table {table} has no column {column!r}", table=target.table.label, column=name
                )
            target.columns[name] = column
        return None

    def _look_up(self, name: str) -> tuple[str, str] | SourceError:
        for schema, bare in _readings(name, self._table.schema):
            try:
                table = (
                    self._table
                    if (schema, bare) == (self._table.schema, self._table.name)
                    else self._connector.describe(schema, bare)
                )
            except SourceError as error:
                if error.code == "no_such_table":
                    continue
                return error
            self._targets.setdefault((table.schema, table.name), _Target(table, {}))
            return table.schema, table.name
        return SourceError("no_such_table", object=name)

    def described(self, test: Reference) -> tuple[Table, list[Column]]:
        """The referenced table and columns, once ``resolve`` found nothing wrong with them."""
        key = self._keys[test.table]
        if isinstance(key, SourceError):
            raise key
        target = self._targets[key]
        return target.table, [target.columns[name] for name in test.columns]

    def own_columns(self) -> set[str]:
        """Columns of the table under reading that it refers to itself."""
        own = self._targets.get((self._table.schema, self._table.name))
        return set(own.columns) if own else set()

    def load(self, own: Loaded) -> dict[str, str]:
        """Read each referenced table once; label of the rule's table text → what went wrong."""
        faults: dict[tuple[str, str], str] = {}
        for place, (key, target) in enumerate(self._targets.items()):
            try:
                itself = key == (self._table.schema, self._table.name)
                target.loaded = own if itself else self._read(place, target)
            except SourceError as error:
                faults[key] = error.said
        return {
            name: faults[key] for name, key in self._keys.items() if not isinstance(key, SourceError) and key in faults
        }

    def _read(self, place: int, target: _Target) -> Loaded:
        self._stop()
        columns = list(target.columns.values())
        loaded = self._held.enter_context(
            load(self._session, self._connector, target.table, columns, f"referenced{place}", self._stop)
        )
        self.statements += loaded.statements
        self.rows += loaded.rows
        return loaded

    def close(self) -> None:
        """Let go of the rows that were read."""
        self._held.close()

    def find(self, test: Reference) -> tuple[str, Sequence[tuple[str, Column]]]:
        """The relation of a loaded table, and for each referenced column its name there and what it is."""
        key = self._keys[test.table]
        if isinstance(key, SourceError):
            raise key
        target = self._targets[key]
        if target.loaded is None:
            raise SourceError("read_failed", object=target.table.label, reason=said("it was not read"))
        loaded = target.loaded
        return loaded.relation(test.columns), [(loaded.reference(name), target.columns[name]) for name in test.columns]


def _readings(name: str, schema: str) -> Iterator[tuple[str, str]]:
    """What a name may mean: SCHEMA.TABLE split at the first dot that gives a table, else a table of the same schema."""
    for place, character in enumerate(name):
        if character == ".":
            yield name[:place], name[place + 1 :]
    yield schema, name
