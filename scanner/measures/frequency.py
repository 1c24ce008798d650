"""The frequency table of a column in DuckDB: ``v`` (canonical text, not null, distinct) and ``n`` (how often)."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from scanner.values.chunk import CHUNK_ROWS, Chunk

Session = duckdb.DuckDBPyConnection


def make_frequencies(
    session: Session, name: str, relation: str, reference: str, *, where: str = "", parameters: Sequence[Any] = ()
) -> None:
    """Create table ``name`` from a column of a relation. All three are SQL of our own making, already quoted."""
    limit = f" AND {where}" if where else ""
    session.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {reference} AS v, count(*) AS n"
        f" FROM {relation} WHERE {reference} IS NOT NULL{limit} GROUP BY 1",
        list(parameters),
    )


def chunks(session: Session, name: str) -> Iterator[Chunk]:
    """The table piece by piece; no other statement may run on the session meanwhile."""
    for batch in session.sql(f"SELECT v, n FROM {name}").to_arrow_reader(CHUNK_ROWS):
        if batch.num_rows:
            yield Chunk(batch.column(0), batch.column(1).to_numpy())


def one(session: Session, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The only row of a query."""
    (row,) = session.execute(sql, list(parameters)).fetchall()  # to the end: an open result blocks the session
    found: tuple[Any, ...] = row
    return found


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string constant of our own as DuckDB SQL; what a person typed goes as a parameter instead."""
    return "'" + text.replace("'", "''") + "'"
