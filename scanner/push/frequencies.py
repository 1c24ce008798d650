"""Frequency tables from the source, merged in DuckDB: what a dialect cannot say exactly is said here of its values."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from scanner.measures.frequency import Frequencies, Session, grouped
from scanner.model import Column
from scanner.push.sql import Sql, batches
from scanner.push.target import Target
from scanner.store import Store

SAMPLE, MANY = 4_096, 0.25  # of so many first values this share differ: to group them costs more than to send them


def load_combinations(
    session: Session, name: str, target: Target, columns: Sequence[Column], where: Sql | None, stop: Callable[[], None]
) -> None:
    """Create table ``name`` with ``v0``, ``v1``, … (canonical text, null allowed) and ``n``: each combination once."""
    keys = [f"v{place}" for place in range(len(columns))]
    arriving = f"{name}_arriving"
    fields = ", ".join(f"{key} VARCHAR" for key in keys)
    session.execute(f"CREATE OR REPLACE TABLE {arriving} ({fields}, n BIGINT)")
    with closing(target.frequencies(columns, where)) as arrived:
        for batch in arrived:
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
) -> Frequencies:
    """The frequencies of a column from its groups at the source, in table ``name``."""
    load_combinations(session, name, target, [column], where, stop)
    session.execute(f"DELETE FROM {name} WHERE v0 IS NULL")
    session.execute(f"ALTER TABLE {name} RENAME v0 TO v")
    return grouped(session, name)


def load_sets(
    session: Session, name: str, target: Target, columns: Sequence[Column], stop: Callable[[], None]
) -> dict[str, Frequencies]:
    """The frequencies of several columns from one reading of the table at the source, in tables ``name_0``, …"""
    keys = [f"v{place}" for place in range(len(columns))]
    arriving = f"{name}_arriving"
    fields = ", ".join(f"{key} VARCHAR" for key in keys)
    session.execute(f"CREATE OR REPLACE TABLE {arriving} ({fields}, n BIGINT, others BIGINT)")
    with closing(target.frequency_sets(columns)) as arrived:
        for batch in arrived:
            stop()
            session.register("batch", pa.table(dict(zip([*keys, "n", "others"], batch.columns, strict=True))))
            session.execute(f"INSERT INTO {arriving} SELECT * FROM batch")
            session.unregister("batch")
    found: dict[str, Frequencies] = {}
    for place, column in enumerate(columns):
        own = f"others = {(1 << len(columns)) - 1 - (1 << (len(columns) - 1 - place))} AND v{place} IS NOT NULL"
        session.execute(
            f"CREATE OR REPLACE TABLE {name}_{place} AS"
            f" SELECT v{place} AS v, sum(n)::BIGINT AS n FROM {arriving} WHERE {own} GROUP BY v{place}"
        )
        found[column.name] = grouped(session, f"{name}_{place}")
    session.execute(f"DROP TABLE {arriving}")
    return found


def load_columns(target: Target, columns: Sequence[Column], stop: Callable[[], None]) -> Store:
    """All values of these columns, nulls too: of mostly different ones the source is spared the grouping."""
    store = Store(columns, tempfile.gettempdir())
    try:
        with closing(target.stream_columns(columns)) as arrived:
            for batch in arrived:
                stop()
                store.append(batch)
        store.flush()
    except BaseException:
        store.close()
        raise
    return store


def mostly_different(target: Target, columns: Sequence[Column]) -> set[str]:
    """Names of the columns whose first values are so different that they are better sent, told by the source."""
    found: set[str] = set()
    names = {f"count(DISTINCT {target.key(column)})": column for column in columns}
    for group in batches([Sql(text) for text in names], width=200):
        asked = [names[piece.text] for piece in group]
        counts = target.row_of_first(group, asked, SAMPLE)
        found |= {column.name for column, count in zip(asked, counts, strict=True) if count > MANY * SAMPLE}
    return found


@contextmanager
def closing(batches: Iterator[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """Ends the statement with the block, however the block ends."""
    try:
        yield batches
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()
