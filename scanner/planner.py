"""How a table is read: its rows pulled here once, or the questions pushed to the source."""

from scanner.connectors.base import Connector
from scanner.errors import SourceError, said
from scanner.model import Table

PLANS = ("auto", "pull", "push")
PUSH_ABOVE_ROWS = 10_000_000  # by the catalogue's estimate; below it a pull costs the source least and is exact
_PUSHING = ("postgresql", "mysql", "sqlite")  # engines of their own; files are read by our own DuckDB either way


def choose(connector: Connector, table: Table, wanted: str = "auto") -> str:
    """``pull`` or ``push``. Raises SourceError bad_parameter for another word than PLANS."""
    if wanted not in PLANS:
        raise SourceError("bad_parameter", name="plan", reason=said("must be one of {known}", known=", ".join(PLANS)))
    if wanted != "auto":
        return wanted
    large = (table.row_estimate or 0) > PUSH_ABOVE_ROWS
    return "push" if large and connector.dialect in _PUSHING else "pull"
