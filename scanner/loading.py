"""The rows of a table in a DuckDB of our own, as canonical text, one column for each column that is read."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from scanner.connectors.base import Connector
from scanner.errors import SourceError
from scanner.measures.frequency import Session, literal, one
from scanner.model import Column, Table

MEMORY = "192MB"  # of DuckDB; the rest of a worker's 400 MiB is the interpreter, Arrow and a batch
THREADS = 2
SMALL_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Loaded:
    relation: str
    references: Mapping[str, str]  # name of the source's column → quoted name of the relation's column
    rows: int
    statements: int  # sent to the source


@contextmanager
def open_session() -> Iterator[Session]:
    """A DuckDB that reaches nothing but a temporary folder of its own, which goes when it closes."""
    folder = tempfile.mkdtemp(prefix="datagene-")
    try:
        with duckdb.connect() as session:
            session.execute(
                # one thread while rows come in, because a connector serves one thread only
                f"SET memory_limit = '{MEMORY}'; SET threads = 1; SET preserve_insertion_order = false;"
                " SET arrow_large_buffer_size = true; SET autoinstall_known_extensions = false;"
                f" SET autoload_known_extensions = false; SET temp_directory = {literal(folder)};"
                f" SET max_temp_directory_size = '{shutil.disk_usage(folder).free // 2} bytes';"
                " SET enable_external_access = false"
            )
            yield session
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_computing(session: Session, rows: int) -> None:
    """All rows are in, so many: use the processors, and let no setting change any more.

    Over few rows a statement costs what planning it costs, and most tables have few rows and many columns.
    """
    if rows < SMALL_ROWS:
        session.execute("PRAGMA disable_optimizer")
    else:
        session.execute(f"SET threads = {THREADS}")
    session.execute("SET lock_configuration = true")


def load(
    session: Session,
    connector: Connector,
    table: Table,
    columns: Sequence[Column],
    relation: str,
    stop: Callable[[], None],
) -> Loaded:
    """Read the columns of a table by one statement into a new relation. Raises SourceError."""
    references = {column.name: f"c{place}" for place, column in enumerate(columns)}
    before = connector.statements
    batches = _Batches(connector.read(table, columns), len(columns), stop)
    if columns:
        _insert(session, table, batches, list(references.values()), relation)
        (rows,) = one(session, f"SELECT count(*) FROM {relation}")
    else:
        rows = sum(batch.num_rows for batch in batches)
        session.execute(f"CREATE TABLE {relation} AS SELECT 1 AS present FROM range({rows})")
    return Loaded(relation, references, rows, connector.statements - before)


def _insert(session: Session, table: Table, batches: "_Batches", names: Sequence[str], relation: str) -> None:
    schema = pa.schema([(name, pa.large_string()) for name in names])
    renamed = (
        pa.RecordBatch.from_arrays([_large(array) for array in batch.columns], schema=schema) for batch in batches
    )
    reader = pa.RecordBatchReader.from_batches(schema, renamed)
    session.register("incoming", reader)
    try:
        session.execute(f"CREATE TABLE {relation} AS SELECT * FROM incoming")
    except Exception as error:
        if batches.error is not None:  # what went wrong while reading, before DuckDB wrapped it
            raise batches.error from None
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError("read_failed", object=table.label, reason=reason) from None
    finally:
        batches.close()
        session.unregister("incoming")


def _large(array: pa.Array) -> pa.Array:
    return array if array.type == pa.large_string() else array.cast(pa.large_string())


class _Batches:
    """The connector's batches; keeps the error that ended them and closes the reading."""

    def __init__(self, batches: Iterator[pa.RecordBatch], width: int, stop: Callable[[], None]) -> None:
        self._batches, self._width, self._stop = batches, width, stop
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                self._stop()
                if batch.num_columns != self._width:
                    raise ValueError(f"a batch of {batch.num_columns} columns where {self._width} were asked for")
                yield batch
        except BaseException as error:
            self.error = error
            raise

    def close(self) -> None:
        close = getattr(self._batches, "close", None)
        if close is not None:
            close()
