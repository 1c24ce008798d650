"""A folder of files as a source: CSV and TSV, xlsx workbooks, Parquet.

The schema is the sub-folder ("" at the top, "a/b" further down), the table the file's stem; a workbook gives
``stem.sheet``. Where two files would get one name, the first by name has it and the others keep their suffix.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from scanner.connectors import canonical, csv_files, parquet_files, workbook
from scanner.connectors.base import Connector, Parameter
from scanner.diff import names_table
from scanner.errors import SourceError, said
from scanner.guard import inside
from scanner.model import Column, Privileges, Snapshot, Table, TestReport, Unreadable

_NOBODY_WRITES = Privileges(can_write=False, superuser=False)  # files are opened read-only; there are no accounts
_TEXTS = (".csv", ".tsv", ".tab")
_WORKBOOKS = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
_DEPTH = 32  # of sub-folders

Reader = Callable[[Sequence[int]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A table of a file and how to read columns of it (by place) as strings."""

    table: Table
    read: Reader


class Files(Connector):
    kind = "files"
    label = "文件夹（CSV、xlsx、Parquet）"
    dialect = "duckdb"
    parameters = (Parameter("path", "文件夹", "path", help="文件夹内的 CSV、TSV、xlsx、Parquet 文件各为一张表"),)

    _engine: duckdb.DuckDBPyConnection | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._known: dict[str, tuple[tuple[int, int], list[_Found]]] = {}  # by path: (mtime, size), tables
        self._books: list[workbook.Workbook] = []
        self._described: dict[tuple[str, str], Table] = {}
        self._loaded: set[tuple[str, str]] = set()

    # -- the folder ------------------------------------------------------------------------------------------------

    def test(self) -> TestReport:
        started = time.monotonic()
        files, _ = self._walk()
        latency = round((time.monotonic() - started) * 1000)
        return TestReport("files", latency, _NOBODY_WRITES, len({schema for schema, _ in files}), len(files))

    def close(self) -> None:
        books, self._books = self._books, []
        self._known.clear()
        for book in books:
            book.close()
        engine, self._engine = self._engine, None
        self._loaded.clear()
        if engine is not None:
            engine.close()

    def _root(self) -> Path:
        path = Path(self.values["path"])
        if not path.is_absolute():
            raise SourceError("bad_parameter", name="path", reason=said("must be absolute"))
        try:
            root = path.resolve(strict=True)
        except (OSError, RuntimeError):
            raise SourceError("no_such_path", path=str(path)) from None
        if not root.is_dir():
            raise SourceError("no_such_path", path=f"{path} (it is no folder)")
        return root

    def _walk(self) -> tuple[list[tuple[str, Path]], list[Unreadable]]:
        """(schema, file) of every file that claims to be a table, in order, and what stands in the way of reading."""
        root = self._root()
        files: list[tuple[str, Path]] = []
        unreadable: list[Unreadable] = []
        waiting = [("", root)]
        while waiting:
            schema, folder = waiting.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                if not schema:
                    raise SourceError("no_permission", object=self.values["path"]) from None
                unreadable.append(
                    Unreadable(f"{schema}/", said("the account may not read the folder {folder}", folder=schema))
                )
                continue
            for entry in entries:
                name = f"{schema}/{_shown(entry.name)}" if schema else _shown(entry.name)
                if entry.name.startswith((".", "~$")):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if name.count("/") < _DEPTH:
                        waiting.append((name, Path(entry.path)))
                elif self._claims(entry, name, root, unreadable):
                    files.append((schema, Path(entry.path)))
                if len(files) > self.limits.tables:
                    raise SourceError(
                        "too_large",
                        object=said("the folder"),
                        reason=said("more than {limit} files", limit=self.limits.tables),
                    )
        return sorted(files, key=lambda item: (item[0], item[1].name)), unreadable

    def _claims(self, entry: os.DirEntry[str], name: str, root: Path, unreadable: list[Unreadable]) -> bool:
        """Whether the entry is to be read as a table; a link is followed only to a file inside the folder."""
        suffix = Path(entry.name).suffix.lower()
        if suffix == ".xls":
            reason = said("{name} is a workbook of the old form (xls); save it as xlsx", name=name)
            unreadable.append(Unreadable(name, reason, "unsupported"))
        if suffix not in (*_TEXTS, *_WORKBOOKS, *_PARQUET):
            return False
        try:
            inside(root, Path(entry.path))
        except SourceError as error:
            reason = SourceError(error.code, path=name).said
            unreadable.append(Unreadable(name, reason, error.code))
            return False
        return True

    # -- structure -------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        found, unreadable = self._tables()
        tables = sorted((item.table for item in found), key=lambda table: (table.schema, table.name))
        return Snapshot(self.kind, tuple(tables), tuple(unreadable), _NOBODY_WRITES, 0)

    def still_there(self, objects: Iterable[tuple[str, str]]) -> tuple[Unreadable, ...]:
        """Known tables whose file or folder is there but could not be read, by the tables' own names."""
        missing = list(objects)
        if not missing:
            return ()
        _, unreadable = self._tables()
        return tuple(
            Unreadable(f"{schema}.{name}" if schema else name, item.reason, item.code)
            for schema, name in missing
            for item in unreadable
            if names_table(item.object, schema, name)
        )

    def describe(self, schema: str, name: str) -> Table:
        found = self._find(schema, name)
        self._described[schema, name] = found.table
        return found.table

    def _find(self, schema: str, name: str) -> _Found:
        """Looks at files of that folder whose name begins like the table first, and at all only for a clash of names."""
        found, unreadable = self._tables(schema, name)
        for item in found:
            if item.table.name == name:
                return item
        for problem in unreadable:
            if names_table(problem.object, schema, name):
                raise SourceError("read_failed", object=problem.object, reason=problem.reason)
        raise SourceError("no_such_table", object=f"{schema}.{name}" if schema else name)

    def _tables(self, schema: str | None = None, name: str = "") -> tuple[list[_Found], list[Unreadable]]:
        """Everything in the folder; given a name, only the files that could be it."""
        files, unreadable = self._walk()
        found: list[_Found] = []
        taken: set[tuple[str, str]] = set()
        for folder, path in files:
            if schema is not None and (folder != schema or not name.startswith(_stem(path))):
                continue
            shown = f"{folder}/{_shown(path.name)}" if folder else _shown(path.name)
            try:
                items = self._read_file(path, shown, folder)
            except SourceError as error:
                unreadable.append(Unreadable(shown, error.said, error.code))
                continue
            for item in items:
                table = item.table
                if (folder, table.name) in taken:
                    table = replace(table, name=_shown(path.name) + table.name.removeprefix(_stem(path)))
                taken.add((folder, table.name))
                found.append(replace(item, table=table))
        return found, unreadable

    def _read_file(self, path: Path, shown: str, schema: str) -> list[_Found]:
        real = inside(self._root(), path)
        about = real.stat()
        stamp = (about.st_mtime_ns, about.st_size)
        known = self._known.get(shown)
        if known is None or known[0] != stamp:
            kind = path.suffix.lower()
            reads = self._text if kind in _TEXTS else self._workbook if kind in _WORKBOOKS else self._parquet
            known = (stamp, reads(real, shown, Table(schema, _stem(path), bytes=about.st_size)))
            self._known[shown] = known
        return known[1]

    def _text(self, path: Path, shown: str, table: Table) -> list[_Found]:
        known = csv_files.layout(path, shown, self.limits)

        def read(wanted: Sequence[int]) -> Iterator[pa.RecordBatch]:
            columns = [known.columns[at] for at in wanted]
            for batch in csv_files.batches(path, shown, known, wanted, self.limits):
                arrays = [csv_files.canonical_of(c, v) for c, v in zip(columns, batch.columns, strict=True)]
                yield canonical.batch(columns, arrays, batch.num_rows)

        return [_Found(replace(table, columns=known.columns, row_estimate=known.rows), read)]

    def _parquet(self, path: Path, shown: str, table: Table) -> list[_Found]:
        columns, rows = parquet_files.layout(path, shown, self.limits)

        def read(wanted: Sequence[int]) -> Iterator[pa.RecordBatch]:
            return parquet_files.batches(path, shown, wanted, self.limits)

        return [_Found(replace(table, columns=columns, row_estimate=rows), read)]

    def _workbook(self, path: Path, shown: str, table: Table) -> list[_Found]:
        book = workbook.Workbook(path, shown, self.limits)
        self._books.append(book)
        size = table.bytes if len(book.sheets) == 1 else None  # the parts of a workbook have no size of their own
        return [
            _Found(
                replace(
                    table, name=f"{table.name}.{sheet.name}", columns=sheet.columns, row_estimate=sheet.rows, bytes=size
                ),
                partial(workbook.batches, sheet),
            )
            for sheet in book.sheets
        ]  # fmt: skip

    # -- rows ------------------------------------------------------------------------------------------------------

    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        found = self._find(table.schema, table.name)
        self.statements += 1
        if not columns:
            yield canonical.batch([], [], found.table.row_estimate or 0)
            return
        places = {column.name: at for at, column in enumerate(found.table.columns)}
        missing = next((column.name for column in columns if column.name not in places), None)
        if missing is not None:
            raise SourceError("read_failed", object=table.label, reason=said("column {column} is gone", column=missing))
        for batch in found.read([places[column.name] for column in columns]):
            yield canonical.batch(columns, batch.columns, batch.num_rows)

    # -- push: SQL over the described tables, loaded as canonical text ---------------------------------------------

    def printed(self, column: Column) -> str:
        return '"' + column.name.replace('"', '""') + '"'

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._select(sql, parameters).fetchall()
        except duckdb.Error as error:
            raise SourceError("read_failed", object=said("the statement"), reason=str(error)) from None

    def query(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        try:
            result = self._select(sql, parameters)
            while rows := result.fetchmany(self.limits.batch_rows):
                texts = [[None if v is None else str(v) for v in values] for values in zip(*rows, strict=True)]
                yield canonical.batch(columns, [pa.array(values, pa.string()) for values in texts], len(rows))
        except duckdb.Error as error:
            raise SourceError("read_failed", object=said("the statement"), reason=str(error)) from None

    def _select(self, sql: str, parameters: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        engine = self._loaded_engine()
        self.statements += 1
        stated = engine.extract_statements(sql)
        if [statement.type for statement in stated] != [duckdb.StatementType.SELECT]:
            raise SourceError("read_failed", object=said("the statement"), reason=said("only one SELECT is allowed"))
        return engine.execute(stated[0], list(parameters))

    def _loaded_engine(self) -> duckdb.DuckDBPyConnection:
        """DuckDB, shut off from files and network, holding every table described so far."""
        if self._engine is None:
            self._engine = duckdb.connect(
                config={"enable_external_access": "false", "python_enable_replacements": "false", "threads": "2"}
            )
            self._engine.execute("SET lock_configuration = true")
        for key, table in self._described.items():
            if key not in self._loaded:
                self._load(self._engine, table)
                self._loaded.add(key)
        return self._engine

    def _load(self, engine: duckdb.DuckDBPyConnection, table: Table) -> None:
        names = {f"c{at}": column for at, column in enumerate(table.columns)}
        if not names:
            raise SourceError(
                "unsupported", kind=self.label, feature=said("the push plan over a table without columns")
            )
        quoted = [_quoted(column.name) for column in table.columns]
        target = _quoted(table.name)
        if table.schema:
            target = f"{_quoted(table.schema)}.{target}"
            engine.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(table.schema)}")
        engine.execute(f"CREATE TABLE {target} ({', '.join(f'{name} VARCHAR' for name in quoted)})")
        for batch in self.read(table, table.columns):
            engine.register("incoming", batch.rename_columns(list(names)))
            engine.execute(f"INSERT INTO {target} SELECT * FROM incoming")
            engine.unregister("incoming")


def _shown(name: str) -> str:
    """A file's name as text: archives from Windows leave names in GB18030, which are bytes to us."""
    return canonical.decode(os.fsencode(name))


def _stem(path: Path) -> str:
    return Path(_shown(path.name)).stem


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
