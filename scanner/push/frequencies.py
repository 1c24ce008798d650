"""Frequency tables from the source, merged in DuckDB: what a dialect cannot say exactly is said here of its values."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from scanner.measures.frequency import Session, one
from scanner.model import Column
from scanner.push.sql import Sql
from scanner.push.target import Target


def load_combinations(
    session: Session, name: str, target: Target, columns: Sequence[Column], where: Sql | None, stop: Callable[[], None]
) -> None:
    """Create table ``name`` with ``v0``, ``v1``, … (canonical text, null allowed) and ``n``: each combination once."""
    keys = [f"v{place}" for place in range(len(columns))]
    arriving = f"{name}_arriving"
    fields = ", ".join(f"{key} VARCHAR" for key in keys)
    session.execute(f"CREATE OR REPLACE TABLE {arriving} ({fields}, n BIGINT)")
    with closing(target.frequencies(columns, where)) as batches:
        for batch in batches:
            stop()
            session.register("batch", pa.table(dict(zip([*keys, "n"], batch.columns, strict=True))))
            session.execute(f"INSERT INTO {arriving} SELECT * FROM batch")
            session.unregister("batch")
    listed = ", ".join(keys)
    # what the source tells apart may be one canonical value: 1.1 and 1.10 in print
    session.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {listed}, sum(n)::BIGINT AS n FROM {arriving} GROUP BY {listed}"
    )
    session.execute(f"DROP TABLE {arriving}")


def load_values(
    session: Session, name: str, target: Target, column: Column, where: Sql | None, stop: Callable[[], None]
) -> int:
    """Create the frequency table (``v``, ``n``) of a column; the number of nulls beside it."""
    load_combinations(session, name, target, [column], where, stop)
    (nulls,) = one(session, f"SELECT coalesce(sum(n), 0)::BIGINT FROM {name} WHERE v0 IS NULL")
    session.execute(f"DELETE FROM {name} WHERE v0 IS NULL")
    session.execute(f"ALTER TABLE {name} RENAME v0 TO v")
    return int(nulls)


@contextmanager
def closing(batches: Iterator[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """Ends the statement with the block, however the block ends."""
    try:
        yield batches
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()
