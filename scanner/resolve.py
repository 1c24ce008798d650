"""Which table a name on the command line means."""

from scanner.connectors.base import Connector
from scanner.errors import SourceError
from scanner.model import Snapshot, Table


def find_table(connector: Connector, name: str, schema: str | None = None) -> Table:
    """The described table.

    With ``schema`` both are literal. Otherwise ``name`` is SCHEMA.TABLE, split at the first dot whose left part is a
    schema of the source, or a bare name that only one schema holds. Raises SourceError no_such_table, ambiguous_table.
    """
    if schema is not None:
        return connector.describe(schema, name)
    snapshot = connector.snapshot()
    found = _candidates(snapshot, name)
    if not found:
        _raise_unreadable(snapshot, name)
        raise SourceError("no_such_table", object=name)
    if len(found) > 1:
        candidates = ", ".join(sorted(table.label for table in found))
        raise SourceError("ambiguous_table", object=name, candidates=candidates)
    return connector.describe(found[0].schema, found[0].name)


def _candidates(snapshot: Snapshot, name: str) -> list[Table]:
    schemas = {table.schema for table in snapshot.tables}
    for place, character in enumerate(name):
        if character == "." and name[:place] in schemas:
            named = [
                table for table in snapshot.tables if table.schema == name[:place] and table.name == name[place + 1 :]
            ]
            if named:
                return named
            break
    return [table for table in snapshot.tables if table.name == name]


def _raise_unreadable(snapshot: Snapshot, name: str) -> None:
    """A table that is there but closed to the account is told as such."""
    for item in snapshot.unreadable:
        if item.object in (name, f"{name}.csv") or item.object.endswith(f".{name}"):
            raise SourceError(item.code, object=item.object, reason=item.reason)
