"""A SQLite database file, by the library that Python carries.

SQLite types values, not columns: the declared type is a wish. ``describe`` looks at what a column really holds and
gives it the class that all its values have (docs/connectors.md), so that what is read can be measured.
"""

import contextlib
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from scanner.connectors import canonical
from scanner.connectors import sqlite_catalogue as catalogue
from scanner.connectors.base import Connector, Parameter, limited
from scanner.connectors.plain import plain
from scanner.connectors.shapes import LONGEST_NAME, shaped
from scanner.errors import SourceError, said
from scanner.guard import open_file
from scanner.model import Column, Privileges, Snapshot, Table, TestReport, Unreadable, ValueClass

_MAGIC = b"SQLite format 3\0"
_NOBODY_WRITES = Privileges(can_write=False, superuser=False)  # the file is opened read-only; SQLite has no accounts
_COUNTED = 2 << 30  # bytes: rows of a larger file are not counted for a snapshot, which would read it whole
_HELD = 256 << 20  # bytes: of a larger file, and of what is computed rather than stored, rows are fetched …
_FEW = 256  # … so many at a time, because each may be as long as ``Limits.row_bytes``
_ANY = 2**31 - 1  # bytes: SQLite takes its own greatest length for it
_MANY = 10  # one object has so many times less time for its columns than all of them together
_OF_ONE = (
    "read_failed",
    "file_rejected",
    "row_too_large",
    "bad_answer",
)  # what one object alone may have brought about
_CHECKS = 10_000  # virtual machine steps between two looks at the clock


class SQLite(Connector):
    kind = "sqlite"
    label = "SQLite"
    dialect = "sqlite"
    reads_files = True
    can_cut = True
    parameters = (Parameter("path", "数据库文件", "path"),)

    _connection: sqlite3.Connection | None = None
    _deadline = math.inf
    _reading: str = said("the statement")  # what ``execute`` and ``query`` are about: the table last described

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.at: Callable[[str, float], None] = lambda what, seconds: (
            None
        )  # told what is looked at, and how long at most
        self.rejected: dict[str, str] = {}  # what ended a process that looked at it → how

    # -- session ---------------------------------------------------------------------------------------------------

    def test(self) -> TestReport:
        started = time.monotonic()
        tables = self._catalogue("objects", catalogue.OBJECTS)
        latency = round((time.monotonic() - started) * 1000)
        return TestReport(f"SQLite {sqlite3.sqlite_version}", latency, _NOBODY_WRITES, 1, len(tables))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def register_function(self, name: str, arguments: int, function: Callable[..., Any]) -> None:
        """A deterministic Python function for ``execute`` (−1: any number of arguments)."""
        self._session().create_function(name, arguments, function, deterministic=True)

    def _session(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open(Path(self.values["path"]))
        return self._connection

    def _open(self, path: Path) -> sqlite3.Connection:
        if not path.is_absolute():
            raise SourceError("bad_parameter", name="path", reason=said("must be absolute"))
        real = path.resolve()
        if self.folders is not None and not any(real.is_relative_to(folder) for folder in self.folders):
            raise SourceError("outside_folder", path=str(path))
        descriptor = open_file(real, self.limits.file_bytes * 16)
        try:
            head = os.read(descriptor, len(_MAGIC))
            if head not in (b"", _MAGIC):  # an empty file is an empty database
                raise SourceError("not_sqlite", path=str(path))
            return self._checked(path, real, descriptor)
        finally:
            os.close(descriptor)

    def _checked(self, path: Path, real: Path, descriptor: int) -> sqlite3.Connection:
        """SQLite opens by name, so what it opened must be the file that was checked and is open as ``descriptor``."""
        connection = self._opened(path, real)
        files = _open_files()
        if not any(about == files[descriptor] for number, about in files.items() if number != descriptor):
            connection.close()
            raise SourceError("outside_folder", path=str(path))
        return connection

    def _opened(self, path: Path, real: Path) -> sqlite3.Connection:
        address = f"file:{quote(os.fsencode(real))}?mode=ro" + ("&immutable=1" if _frozen(real) else "")
        try:
            connection = sqlite3.connect(
                address, uri=True, timeout=self.limits.lock_seconds, check_same_thread=False, isolation_level=None
            )
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")  # functions in a stranger's views stay harmless
            connection.execute("PRAGMA cell_size_check = ON")
        except sqlite3.Error as error:
            raise self._failure(error, str(path)) from None
        connection.set_authorizer(_authorize)
        connection.set_progress_handler(self._too_late, _CHECKS)
        return connection

    def _too_late(self) -> bool:
        return time.monotonic() > self._deadline

    # -- statements ------------------------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._run(sql, parameters, self.limits.statement_seconds, self._reading, self._longest)

    def _catalogue(
        self, which: str, sql: str, parameters: Sequence[Any] = (), what: str = "", *, share: int = 1
    ) -> list[tuple[Any, ...]]:
        what = what or self.values["path"]
        rows = self._run(sql, parameters, self.limits.answer_seconds / share, what)
        return shaped(rows, catalogue.SHAPES[which], self.place, what)

    @property
    def _longest(self) -> int:
        """Bytes of a value or row that SQLite may hold. Where all that is asked for is a part of it, any."""
        return _ANY if self.cutting else self.limits.row_bytes

    def _begin(self, what: str, seconds: float, longest: int) -> sqlite3.Connection:
        """The session for one statement. Whoever waits is told, because SQLite looks at no clock while it prepares one."""
        if what in self.rejected:
            raise SourceError("file_rejected", path=what, reason=self.rejected[what])
        self.at(what, seconds)
        connection = self._session()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
        self.statements += 1
        self._deadline = time.monotonic() + seconds
        return connection

    def _run(
        self, sql: str, parameters: Sequence[Any], seconds: float, what: str, longest: int = 0
    ) -> list[tuple[Any, ...]]:
        connection = self._begin(what, seconds, longest or self.limits.row_bytes)
        try:
            connection.text_factory = canonical.decode
            return connection.execute(sql, tuple(parameters)).fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._failure(error, what) from None
        finally:
            self._deadline = math.inf
            self.at(what, self.limits.read_seconds)

    def _failure(self, error: Exception, what: str) -> SourceError:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            return SourceError("not_sqlite", path=self.values["path"])
        if name == "SQLITE_TOOBIG":
            return SourceError("row_too_large", object=what, megabytes=self.limits.row_bytes >> 20)
        if name == "SQLITE_INTERRUPT":
            return SourceError("read_failed", object=what, reason=said("it took longer than allowed"))
        if name == "SQLITE_CANTOPEN":
            return SourceError("no_such_path", path=self.values["path"])
        return SourceError("read_failed", object=what, reason=str(error))

    # -- structure -------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        before = self.statements
        everything = self._catalogue("objects", catalogue.OBJECTS)
        objects = everything[: self.limits.tables]
        columns, broken = self._columns(objects)
        keys = self._catalogue("keys", catalogue.FOREIGN_KEYS)
        indexes = self._catalogue("indexes", catalogue.INDEXES)
        tables = [limited(item, self.limits) for item in catalogue.assemble(objects, columns, keys, indexes)]
        unreadable = [Unreadable(f"main.{name[:LONGEST_NAME]}", why, "read_failed") for name, why in broken.items()]
        tables = [table for table in tables if table.name not in broken]
        sizes, counts = self._sizes(), self._counts([table.name for table in tables if table.kind == "table"])
        tables = [replace(t, row_estimate=counts.get(t.name), bytes=sizes.get(t.name)) for t in tables]
        cut = len(everything) - len(objects)
        return Snapshot(self.kind, tuple(tables), tuple(unreadable), _NOBODY_WRITES, self.statements - before, cut)

    def _columns(self, objects: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
        """Columns of everything by one statement for tables and one for views; a broken object fails its statement,
        and only then are its like asked one by one."""
        rows: list[Any] = []
        broken: dict[str, str] = {}
        for kind in ("table", "view", "virtual"):
            names = [item[0] for item in objects if item[1] == kind]
            if not names:
                continue
            try:
                rows += self._catalogue(
                    "columns", catalogue.COLUMNS_OF_KIND[kind], (), said("columns of every {kind}", kind=kind)
                )
                continue
            except SourceError as error:
                if error.code not in _OF_ONE:
                    raise
            for name in names:
                try:
                    rows += self._catalogue(
                        "columns", catalogue.COLUMNS_OF_ONE, [name, name], f"main.{name}", share=_MANY
                    )
                except SourceError as error:
                    broken[name] = error.params.get("reason", error.said)
        long = {name for name, column, *_ in rows if max(len(name), len(column)) > LONGEST_NAME}
        return rows, broken | dict.fromkeys(
            long, said("a name in it has more than {limit} characters", limit=LONGEST_NAME)
        )

    def _sizes(self) -> dict[str, int]:
        """Bytes of each table with its indexes; unknown where the library was built without dbstat."""
        if os.path.getsize(self.values["path"]) > _COUNTED:
            return {}
        try:
            return dict(self._catalogue("sizes", catalogue.SIZES, (), said("sizes")))
        except SourceError:
            return {}

    def _counts(self, names: Sequence[str]) -> dict[str, int]:
        """Exact rows of tables, as many tables a statement as SQLite takes terms; of a very large file none."""
        if os.path.getsize(self.values["path"]) > _COUNTED:
            return {}
        found: dict[str, int] = {}
        for start in range(0, len(names), catalogue.TERMS):
            some = names[start : start + catalogue.TERMS]
            terms = " UNION ALL ".join(f"SELECT {at}, count(*) FROM main.{quoted(n)}" for at, n in enumerate(some))
            try:
                found |= {some[at]: rows for at, rows in self._catalogue("counts", terms, (), said("row counts"))}
            except SourceError:
                continue
        return found

    def describe(self, schema: str, name: str) -> Table:
        label = self._reading = f"{schema}.{name}"
        objects = [] if schema != "main" else [i for i in self._catalogue("objects", catalogue.OBJECTS) if i[0] == name]
        if not objects:
            raise SourceError("no_such_table", object=label)
        columns = self._catalogue("columns", catalogue.COLUMNS_OF_ONE, [name, name], label)
        keys = self._catalogue("keys", catalogue.FOREIGN_KEYS)
        indexes = self._catalogue("indexes", catalogue.INDEXES)
        table = limited(catalogue.assemble(objects, columns, keys, indexes)[0], self.limits)
        return replace(table, columns=tuple(self._classified(table)))

    def _classified(self, table: Table) -> Iterator[Column]:
        """The columns with the class that all their values have."""
        for start in range(0, len(table.columns), catalogue.TESTED):
            some = table.columns[start : start + catalogue.TESTED]
            tests = ", ".join(catalogue.held(quoted(column.name), column.type) for column in some)
            sql = f"SELECT DISTINCT {tests} FROM main.{quoted(table.name)}"
            combinations = self._run(sql, (), self.limits.statement_seconds, table.label, _ANY)
            for at, column in enumerate(some):
                held = {(row[2 * at], row[2 * at + 1]) for row in combinations}
                yield replace(column, value_class=catalogue.class_of(column.type, held))

    # -- rows ------------------------------------------------------------------------------------------------------

    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        source = f"main.{quoted(table.name)}"
        if not columns:
            total = self._run(f"SELECT count(*) FROM {source}", (), self.limits.statement_seconds, table.label)
            yield canonical.batch([], [], total[0][0])
            return
        wanted = ", ".join(self.printed(column) for column in columns)
        yield from self._rows(f"SELECT {wanted} FROM {source}", (), columns, table.label, stored=table.kind == "table")

    def printed(self, column: Column) -> str:
        if not self.cutting or column.value_class not in (ValueClass.TEXT, ValueClass.BINARY):
            return text_of(column)
        kept = f"1, {self.limits.cell + 1}"
        # a blob is cut before it is written out, which would double it
        return f"substr({text_of(column, f'substr({quoted(column.name)}, {kept})')}, {kept})"

    def query(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        yield from self._rows(sql, parameters, columns, self._reading)

    def _rows(
        self, sql: str, parameters: Sequence[Any], columns: Sequence[Column], what: str, *, stored: bool = False
    ) -> Iterator[pa.RecordBatch]:
        connection = self._begin(what, self.limits.statement_seconds, self._longest)
        cursor = connection.cursor()
        size = max(1, min(self.limits.batch_rows, 2_000_000 // len(columns)))
        if not stored or os.path.getsize(self.values["path"]) > _HELD:
            size = min(size, _FEW)
        try:
            cursor.execute(sql, tuple(parameters))  # prepares it, and finds the first row
            self._deadline = time.monotonic() + self.limits.read_seconds
            self.at(what, self.limits.read_seconds)
            while True:
                connection.text_factory = bytes
                rows = cursor.fetchmany(size)
                if not rows:
                    return
                arrays = [_canonical(c, v) for c, v in zip(columns, zip(*rows, strict=True), strict=True)]
                yield canonical.batch(columns, arrays, len(rows))
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._failure(error, what) from None
        finally:
            self._deadline = math.inf
            cursor.close()


def _open_files() -> dict[int, tuple[int, int]]:
    """(device, inode) of what this process holds open."""
    found = {}
    for number in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):
            about = os.fstat(int(number))
            found[int(number)] = (about.st_dev, about.st_ino)
    return found


def _frozen(path: Path) -> bool:
    """A write-ahead-log database where we cannot make its side files and nobody has: only then may it be read as is."""
    with path.open("rb") as file:
        header = file.read(20)
    log = header[18:20] == b"\2\2"
    beside = any(Path(f"{path}{suffix}").exists() for suffix in ("-wal", "-shm", "-journal"))
    return log and not beside and not os.access(path.parent, os.W_OK)


def _authorize(action: int, *_: str | None) -> int:
    refused = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def text_of(column: Column, blob: str = "") -> str:
    """SQL for the column's value before ``canonical``: in a text column a blob (or this of it) stands as its literal X'…'."""
    name = quoted(column.name)
    if column.value_class is ValueClass.TEXT:
        return f"CASE typeof({name}) WHEN 'blob' THEN quote({blob or name}) ELSE {name} END"
    return name


def _canonical(column: Column, values: Sequence[Any]) -> pa.Array:
    """Values as SQLite gives them (text as bytes) to canonical strings. A value that arrived since ``describe`` and
    does not fit the class is a change of the table while it was read."""
    try:
        return _BY_CLASS[column.value_class](values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError, TypeError):
        reason = said("column {column} changed while it was read", column=column.name)
        raise SourceError("read_failed", object=column.name, reason=reason) from None


def _text(values: Sequence[Any]) -> pa.Array:
    try:
        return canonical.decoded(pa.array(values, pa.binary()))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_one_text(value) for value in values], pa.string())


def _one_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return canonical.decode(value)
    return str(value) if isinstance(value, int) else plain(value)


_BY_CLASS: dict[ValueClass, Callable[[Sequence[Any]], pa.Array]] = {
    ValueClass.TEXT: _text,
    ValueClass.INTEGER: lambda values: pc.cast(pa.array(values, pa.int64()), pa.string()),
    ValueClass.FLOAT: lambda values: canonical.double_text(pa.array(values, pa.float64())),
    ValueClass.DECIMAL: lambda values: pa.array([None if v is None else plain(v) for v in values], pa.string()),
    ValueClass.DATE: _text,
    ValueClass.TIME: lambda values: canonical.times(_text(values)),
    ValueClass.TIMESTAMP: lambda values: canonical.timestamps(_text(values)),
    ValueClass.BINARY: lambda values: pa.array([None if v is None else v.hex() for v in values], pa.string()),
}


def quoted(name: str) -> str:
    if "\0" in name:
        raise SourceError("no_such_table", object=name.replace("\0", "\\0"))
    return '"' + name.replace('"', '""') + '"'
