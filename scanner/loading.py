"""The rows of a table as a reading has them: in a store on disk, and as relations of a DuckDB of our own."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from scanner.connectors.base import Connector
from scanner.measures.frequency import Session, literal
from scanner.model import Column, Table
from scanner.store import Scan, Store

MEMORY = "192MB"  # of DuckDB; the rest of a worker's 400 MiB is the interpreter, Arrow and a batch
SMALL_ROWS = 20_000


@dataclass(frozen=True)
class Loaded:
    """The rows that were read. ``relation`` shows columns of them to the session, as canonical text."""

    session: Session
    store: Store
    name: str  # prefix of the relations
    statements: int  # sent to the source
    stop: Callable[[], None]
    _shown: set[str] = field(default_factory=set)

    @property
    def rows(self) -> int:
        return self.store.rows

    @property
    def columns(self) -> dict[str, int]:
        """Name of a column → its place in the store."""
        return {column.name: place for place, column in enumerate(self.store.columns)}

    def reference(self, name: str) -> str:
        """The name of a column in every relation that shows it."""
        return f"c{self.columns[name]}"

    def scan(self, names: Iterable[str]) -> Scan:
        return Scan(self.store, sorted(self.columns[name] for name in set(names)), self.stop)

    def relation(self, names: Iterable[str]) -> str:
        """A relation of the session with these columns, at least one."""
        wanted = set(names)
        relation = "_".join([self.name, *(str(place) for place in sorted(self.columns[name] for name in wanted))])
        if relation not in self._shown:
            self.session.register(relation, self.scan(wanted))
            self._shown.add(relation)
        return relation


@contextmanager
def open_session() -> Iterator[Session]:
    """A DuckDB that reaches nothing but a temporary folder of its own, which goes when it closes."""
    folder = tempfile.mkdtemp(prefix="datagene-")
    try:
        with duckdb.connect(config={"python_enable_replacements": "false"}) as session:
            session.execute(
                # one thread: two take a third more processor time, and a worker has its neighbours
                f"SET memory_limit = '{MEMORY}'; SET threads = 1;"
                " SET arrow_large_buffer_size = true; SET autoinstall_known_extensions = false;"
                f" SET autoload_known_extensions = false; SET temp_directory = {literal(folder)};"
                f" SET max_temp_directory_size = '{shutil.disk_usage(folder).free // 2} bytes';"
                " SET enable_external_access = false"
            )
            yield session
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_computing(session: Session, rows: int) -> None:
    """All rows are in, so many: let no setting change any more.

    Over few rows a statement costs what planning it costs, and most tables have few rows and many columns.
    """
    if rows < SMALL_ROWS:
        session.execute("PRAGMA disable_optimizer")
    session.execute("SET lock_configuration = true")


@contextmanager
def load(
    session: Session,
    connector: Connector,
    table: Table,
    columns: Sequence[Column],
    name: str,
    stop: Callable[[], None],
) -> Iterator[Loaded]:
    """Read the columns of a table by one statement; the rows go with the block. Raises SourceError."""
    before = connector.statements
    store = Store(columns, tempfile.gettempdir())
    try:
        batches = connector.read_plain(table, columns)
        try:
            for batch in batches:
                stop()
                if batch.num_columns != len(columns):
                    raise ValueError(f"a batch of {batch.num_columns} columns where {len(columns)} were asked for")
                store.append(batch)
            store.flush()
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()
        yield Loaded(session, store, name, connector.statements - before, stop)
    finally:
        store.close()
