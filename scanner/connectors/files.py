"""A folder of files as a source: CSV and TSV, xlsx workbooks, Parquet.

The schema is the sub-folder ("" at the top, "a/b" further down), the table the file's stem; a workbook gives
``stem.sheet``. Where two files would get one name, the first by name has it and the others keep their suffix.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from scanner.connectors import canonical, csv_files, parquet_files, workbook
from scanner.connectors.base import Connector, Parameter, limited
from scanner.connectors.folder import TEXTS, WORKBOOKS, Walk, name_of, quoted, root_of, stem, walk
from scanner.diff import names_table
from scanner.errors import SourceError, said
from scanner.guard import inside
from scanner.model import Column, Privileges, Snapshot, Table, TestReport, Unreadable, ValueClass

_NOBODY_WRITES = Privileges(can_write=False, superuser=False)  # files are opened read-only; there are no accounts
_SHUT_OFF: dict[str, Any] = {
    "enable_external_access": "false", "python_enable_replacements": "false", "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false", "allow_community_extensions": "false", "threads": "2",
}  # fmt: skip

Reader = Callable[[Sequence[int]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A table of a file and how to read columns of it (by place) as strings."""

    table: Table
    read: Reader
    read_plain: Reader | None = None  # the same, numbers and dates as such


class Files(Connector):
    kind = "files"
    label = "文件夹（CSV、xlsx、Parquet）"
    dialect = "duckdb"
    reads_files = True
    can_cut = True
    parameters = (Parameter("path", "文件夹", "path", help="文件夹内的 CSV、TSV、xlsx、Parquet 文件各为一张表"),)

    _engine: duckdb.DuckDBPyConnection | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._known: dict[str, tuple[tuple[int, int], list[_Found]]] = {}  # by path: (mtime, size), tables
        self._books: list[workbook.Workbook] = []
        self._described: dict[tuple[str, str], Table] = {}
        self._loaded: set[tuple[str, str]] = set()
        self._loaded_cut = False
        self.at: Callable[[str], None] = lambda file: None  # told of each file before it is opened
        self.rejected: dict[str, str] = {}  # file → why it is not to be opened again

    # -- the folder ------------------------------------------------------------------------------------------------

    def test(self) -> TestReport:
        started = time.monotonic()
        files = walk(self._root(), self.limits).files
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
        return root_of(Path(self.values["path"]), self.folders)

    # -- structure -------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        found, seen = self._tables()
        tables = sorted((item.table for item in found), key=lambda table: (table.schema, table.name))
        return Snapshot(self.kind, tuple(tables), tuple(seen.unreadable), _NOBODY_WRITES, 0, seen.cut)

    def still_there(self, objects: Iterable[tuple[str, str]]) -> tuple[Unreadable, ...]:
        """Known tables whose file or folder is there but could not be read, by the tables' own names."""
        missing = list(objects)
        if not missing:
            return ()
        _, seen = self._tables()
        return tuple(
            Unreadable(f"{schema}.{name}" if schema else name, item.reason, item.code)
            for schema, name in missing
            for item in seen.unreadable
            if names_table(item.object, schema, name)
        )

    def describe(self, schema: str, name: str) -> Table:
        found = self._find(schema, name)
        self._described[schema, name] = found.table
        return found.table

    def _find(self, schema: str, name: str) -> _Found:
        """Looks at files of that folder whose name begins like the table first, and at all only for a clash of names."""
        found, seen = self._tables(schema, name)
        for item in found:
            if item.table.name == name:
                return item
        for problem in seen.unreadable:
            if names_table(problem.object, schema, name):
                raise SourceError("read_failed", object=problem.object, reason=problem.reason)
        raise SourceError("no_such_table", object=f"{schema}.{name}" if schema else name)

    def _tables(self, schema: str | None = None, name: str = "") -> tuple[list[_Found], Walk]:
        """Everything in the folder; given a name, only the files that could be it."""
        seen = walk(self._root(), self.limits)
        found: list[_Found] = []
        taken: set[tuple[str, str]] = set()
        for folder, path in seen.files:
            if schema is not None and (folder != schema or not name.startswith(stem(path))):
                continue
            file = f"{folder}/{name_of(path)}" if folder else name_of(path)
            try:
                items = self._read_file(path, file, folder)
            except SourceError as error:
                seen.unreadable.append(Unreadable(file, error.said, error.code))
                continue
            except Exception as error:  # one broken file, which may bring about anything, hides no other
                broken = SourceError("read_failed", object=file, reason=type(error).__name__)
                seen.unreadable.append(Unreadable(file, broken.said, broken.code))
                continue
            for item in items:
                table = item.table
                if (folder, table.name) in taken:
                    table = replace(table, name=name_of(path) + table.name.removeprefix(stem(path)))
                taken.add((folder, table.name))
                found.append(replace(item, table=limited(table, self.limits)))
        return found, seen

    def _read_file(self, path: Path, file: str, schema: str) -> list[_Found]:
        real = inside(self._root(), path)
        about = real.stat()
        stamp = (about.st_mtime_ns, about.st_size)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            if file in self.rejected:
                raise SourceError("file_rejected", path=file, reason=self.rejected[file])
            self.at(file)
            kind = path.suffix.lower()
            reads = self._text if kind in TEXTS else self._workbook if kind in WORKBOOKS else self._parquet
            known = (stamp, reads(real, file, Table(schema, stem(path), bytes=about.st_size)))
            self._known[file] = known
        return known[1]

    def _text(self, path: Path, shown: str, table: Table) -> list[_Found]:
        known = csv_files.layout(path, shown, self.limits)

        def read(wanted: Sequence[int]) -> Iterator[pa.RecordBatch]:
            self.at(shown)
            columns = [known.columns[at] for at in wanted]
            for batch in csv_files.batches(path, shown, known, wanted, self.limits):
                arrays = [csv_files.canonical_of(c, v) for c, v in zip(columns, batch.columns, strict=True)]
                yield canonical.batch(columns, arrays, batch.num_rows)

        cut = known.width - len(known.columns)
        return [_Found(replace(table, columns=known.columns, row_estimate=known.rows, cut=cut), read)]

    def _parquet(self, path: Path, shown: str, table: Table) -> list[_Found]:
        columns, rows = parquet_files.layout(path, shown, self.limits)

        def read(wanted: Sequence[int], plain: bool = False) -> Iterator[pa.RecordBatch]:
            self.at(shown)
            return parquet_files.batches(path, shown, wanted, self.limits, columns if plain else None)

        return [_Found(replace(table, columns=columns, row_estimate=rows), read, partial(read, plain=True))]

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
        yield from self._read(table, columns, plain=False)

    def read_plain(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        yield from self._read(table, columns, plain=True)

    def _read(self, table: Table, columns: Sequence[Column], *, plain: bool) -> Iterator[pa.RecordBatch]:
        found = self._find(table.schema, table.name)
        self.statements += 1
        if not columns:
            yield canonical.batch([], [], found.table.row_estimate or 0)
            return
        places = {column.name: at for at, column in enumerate(found.table.columns)}
        missing = next((column.name for column in columns if column.name not in places), None)
        if missing is not None:
            raise SourceError("read_failed", object=table.label, reason=said("column {column} is gone", column=missing))
        read = found.read_plain if plain and found.read_plain else found.read
        for batch in read([places[column.name] for column in columns]):
            arrays = [self._cut(column, values) for column, values in zip(columns, batch.columns, strict=True)]
            yield canonical.batch(columns, arrays, batch.num_rows)

    def _cut(self, column: Column, values: pa.Array) -> pa.Array:
        if not self.cutting or column.value_class not in (ValueClass.TEXT, ValueClass.BINARY):
            return values
        kept = self.limits.cell + 1
        return pc.utf8_slice_codeunits(values, 0, 2 * kept if column.value_class is ValueClass.BINARY else kept)

    # -- push: SQL over the described tables, loaded as canonical text ---------------------------------------------

    def printed(self, column: Column) -> str:
        return quoted(column.name)

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
        if self._engine is not None and self._loaded_cut != self.cutting:
            self._engine.close()  # what it holds was loaded with values of other lengths
            self._engine = None
            self._loaded.clear()
        if self._engine is None:
            self._engine = duckdb.connect(config=_SHUT_OFF)
            self._engine.execute("SET lock_configuration = true")
            self._loaded_cut = self.cutting
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
        wanted = [quoted(column.name) for column in table.columns]
        target = quoted(table.name)
        if table.schema:
            target = f"{quoted(table.schema)}.{target}"
            engine.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
        engine.execute(f"CREATE TABLE {target} ({', '.join(f'{name} VARCHAR' for name in wanted)})")
        for batch in self.read(table, table.columns):
            engine.register("incoming", batch.rename_columns(list(names)))
            engine.execute(f"INSERT INTO {target} SELECT * FROM incoming")
            engine.unregister("incoming")
