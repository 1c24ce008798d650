"""MySQL 5.7 or newer and MariaDB 10.3 or newer, by PyMySQL."""

import contextlib
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from scanner.connectors import canonical
from scanner.connectors import mysql_catalogue as catalogue
from scanner.connectors.base import Connector, Driver, Parameter, load_driver
from scanner.connectors.mysql_keeper import Keeper, Kept
from scanner.connectors.mysql_rows import arrays_of
from scanner.connectors.mysql_session import not_yet_open
from scanner.connectors.shapes import (
    THE_COLUMNS,
    THE_KEYS,
    THE_RIGHTS,
    THE_TABLES,
    making_sense,
    senseless,
    shaped,
    without_doubles,
)
from scanner.connectors.watchdog import Watchdog
from scanner.errors import SourceError, said
from scanner.guard import connect_socket
from scanner.model import Column, Snapshot, Table, TestReport, Unreadable, ValueClass

_DRIVER = Driver("pymysql", "pip install PyMySQL")

# Server error numbers: https://mariadb.com/docs/server/reference/error-codes
_CODES = {
    1045: "wrong_password", 1698: "wrong_password", 1049: "unknown_database", 1044: "no_permission",
    1142: "no_permission", 1143: "no_permission", 1227: "no_permission", 1370: "no_permission",
    1146: "no_such_table", 1102: "no_such_table", 1103: "no_such_table", 1059: "no_such_table", 3024: "timeout", 1969: "timeout",
}  # fmt: skip
_SIGN_IN_BYTES = 1 << 20
_LOST = {0, 2003, 2006, 2013, 2014, 2055, 1053, 1927}


class MySQL(Connector):
    kind = "mysql"
    label = "MySQL / MariaDB"
    driver = _DRIVER
    dialect = "mysql"
    can_cut = True
    parameters = (
        Parameter("host", "主机", "host"),
        Parameter("port", "端口", "int", default=3306),
        Parameter("database", "数据库", required=False, help="留空则盘点该账号可见的全部数据库"),
        Parameter("user", "用户名"),
        Parameter("password", "口令", required=False, secret=True),
        Parameter(
            "tls", "加密连接", "choice", required=False, default="prefer",
            choices=(("disable", "不加密"), ("prefer", "能加密就加密"), ("require", "必须加密"), ("verify", "必须加密并核验证书")),
        ),
    )  # fmt: skip

    _connection: Any = None
    _watchdog: Watchdog | None = None
    _keeper: Keeper | None = None
    _busy = False  # the server may be at work on a statement

    # -- session ---------------------------------------------------------------------------------------------------

    def test(self) -> TestReport:
        started = time.monotonic()
        connection = self._session()
        latency = round((time.monotonic() - started) * 1000)
        snapshot = self.snapshot()
        schemas = {table.schema for table in snapshot.tables}
        product = "MariaDB" if self._mariadb else "MySQL"
        version = connection.get_server_info().removeprefix("5.5.5-").split("-")[0]
        return TestReport(f"{product} {version}", latency, snapshot.privileges, len(schemas), len(snapshot.tables))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.close()
        if connection is not None:
            connection._force_close()  # close() would wait for the rest of an unfinished result
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.release(idle=not self._busy)
        self._busy = False

    @property
    def _mariadb(self) -> bool:
        return "mariadb" in self._connection.get_server_info().lower()

    def _session(self) -> Any:
        if self._connection is None:
            self._connect()
        return self._connection

    def _connect(self) -> None:
        """Over a socket to a checked address, with local files refused and every wait bounded by the watchdog."""
        pymysql = load_driver(self.kind, _DRIVER)
        seconds = self.limits.connect_seconds
        connection = not_yet_open(pymysql, self.values, self._secrets.get("password", ""))
        opened = connect_socket(self.values["host"], self.values["port"], self.hosts, seconds)
        self._watchdog = Watchdog(opened.fileno())
        try:
            with self._watchdog.limit(seconds, _SIGN_IN_BYTES):
                connection.connect(opened)
                self._connection = connection
                self._prepare()
        except (pymysql.Error, *_GARBAGE) as error:
            failure = self._failure(error, f"database {self.values['database']}", seconds, connecting=True)
            self.close()
            raise failure from None
        except SourceError:
            self.close()
            raise

    def _prepare(self) -> None:
        wait, read = round(self.limits.lock_seconds), round(self.limits.read_seconds)
        settings = [
            "sql_mode = ''", "time_zone = '+00:00'", f"lock_wait_timeout = {max(1, wait)}", f"net_write_timeout = {read}",
            f"max_statement_time = {read}" if self._mariadb else f"max_execution_time = {read * 1000}",
        ]  # fmt: skip
        with self._connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET " + ", ".join(f"SESSION {item}" for item in settings))
            if not self._mariadb:
                with contextlib.suppress(load_driver(self.kind, _DRIVER).Error):  # since MySQL 8: no stale row counts
                    cursor.execute("SET SESSION information_schema_stats_expiry = 0")
        if self.sole_session:
            with contextlib.suppress(load_driver(self.kind, _DRIVER).Error):  # servers without named locks
                self._succeed()

    def _succeed(self) -> None:
        """End the session that a killed process of ours left behind, and have this one kept from being left behind.

        Each session holds a lock by the source's name. It tells whom to end: the keeper when this process dies, and
        the next session if the keeper died too.
        """
        name = f"datagene:{self.sole_session}"
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT IS_USED_LOCK(%s)", [name])
            left_behind = cursor.fetchone()[0]
            if left_behind is not None:
                cursor.execute(f"KILL {int(left_behind)}")
            cursor.execute("SELECT GET_LOCK(%s, %s), CONNECTION_ID()", [name, round(self.limits.lock_seconds)])
            held, number = cursor.fetchone()
        if held:
            password = self._secrets.get("password", "")
            self._keeper = Keeper(Kept(self.values, password, self.hosts, name, int(number)))

    # -- statements ------------------------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._run(sql, parameters, self.limits.statement_seconds, said("the statement"))

    def _catalogue(self, which: str, what: str, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows = self._run(sql, parameters, self.limits.answer_seconds, what)
        return shaped(rows, catalogue.SHAPES[which], self.place, what)

    def _run(self, sql: str, parameters: Sequence[Any], seconds: float, what: str) -> list[tuple[Any, ...]]:
        pymysql = load_driver(self.kind, _DRIVER)
        connection = self._session()
        assert self._watchdog is not None
        self.statements += 1
        self._busy = True
        try:
            with self._watchdog.limit(seconds, self.limits.answer_bytes), connection.cursor() as cursor:
                cursor.execute(sql, tuple(parameters) or None)
                rows = list(cursor.fetchall())
            self._busy = False
            return rows
        except (pymysql.Error, *_GARBAGE) as error:
            raise self._failure(error, what, seconds) from None

    def _failure(self, error: Exception, what: str, seconds: float, *, connecting: bool = False) -> SourceError:
        """The driver's error as ours; a session that broke is dropped."""
        pymysql = load_driver(self.kind, _DRIVER)
        where = {name: self.values[name] for name in ("host", "port", "user", "database")}
        number = error.args[0] if error.args and isinstance(error.args[0], int) else -1
        fired = self._watchdog.fired if self._watchdog is not None else ""
        lost = number in _LOST or isinstance(error, (pymysql.err.InterfaceError, *_GARBAGE))
        if (fired or lost) and not connecting:
            self.close()
        if fired == "size":
            return SourceError("answer_too_large", object=what, megabytes=self.limits.answer_bytes >> 20)
        if fired:
            return SourceError("timeout", **where, seconds=round(seconds), object=what)
        if isinstance(error, RuntimeError) and "LOAD_LOCAL" in str(error):
            return SourceError("file_demanded", **where)
        if number in _CODES:
            return SourceError(_CODES[number], **where, seconds=round(seconds), object=what, number=number)
        if connecting:
            reason = str(error.args[-1]) if isinstance(error, pymysql.Error) and error.args else "no MySQL server there"
            return SourceError("unreachable", **where, reason=reason)
        if lost and isinstance(error, _NONSENSE):
            return senseless(self.place, what, error)
        if lost:
            return SourceError("connection_lost", **where, object=what)
        return SourceError(
            "read_failed", object=what, reason=str(error.args[-1] if error.args else error), number=number
        )

    # -- structure -------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        before = self.statements
        database = self.values["database"]
        wanted = {"TABLE_SCHEMA": database} if database else {}
        tables, columns, keys = self._structure(wanted)
        cut = self._count(wanted) - len(tables) if len(tables) == self.limits.tables else 0
        grants = self._catalogue("grants", THE_RIGHTS, catalogue.GRANTS)
        held = catalogue.privileges((row[0] for row in grants), columns)
        readable, unreadable = self._assembled(tables, columns, keys)
        return Snapshot(self.kind, tuple(readable), tuple(unreadable), held, self.statements - before, max(0, cut))

    def describe(self, schema: str, name: str) -> Table:
        label = f"{schema}.{name}"
        rows = self._structure({"TABLE_SCHEMA": schema, "TABLE_NAME": name})
        tables, unreadable = self._assembled(*rows)
        if tables:
            return tables[0]
        if unreadable:
            raise SourceError(unreadable[0].code, object=label, reason=unreadable[0].reason)
        self._run(f"SELECT 1 FROM {quoted(schema)}.{quoted(name)} LIMIT 0", (), self.limits.answer_seconds, label)
        raise SourceError("no_such_table", object=label)

    def still_there(self, objects: Iterable[tuple[str, str]]) -> tuple[Unreadable, ...]:
        """Asks for each by name: the server says "denied" for what it hides, "no such table" for what is gone."""
        found = []
        for schema, name in objects:
            try:
                self.describe(schema, name)
            except SourceError as error:
                if error.code in ("no_such_table", "unknown_database"):
                    continue
                found.append(Unreadable(f"{schema}.{name}", error.said, error.code))
        return tuple(found)

    def _structure(self, wanted: dict[str, str]) -> tuple[list[Any], list[Any], list[Any]]:
        where = _where(wanted)
        given, comment = tuple(wanted.values()), self.limits.comment + 1
        tables = self._catalogue(
            "tables", THE_TABLES, catalogue.TABLES.format(where=where), (comment, *given, self.limits.tables + 1)
        )
        if len(tables) > self.limits.tables:  # columns and keys of the first ones only
            tables.pop()
            where += " AND (x.TABLE_SCHEMA, x.TABLE_NAME) <= (%s, %s)"
            given += tables[-1][:2]
        keep = catalogue.by_schema(tables, wanted)
        columns = self._columns(where, (comment, *given), keep)
        keys = self._catalogue("keys", THE_KEYS, catalogue.KEYS.format(where=where), given * 2)
        return keep, columns, keys

    def _assembled(
        self, tables: list[Any], columns: list[Any], keys: list[Any]
    ) -> tuple[list[Table], list[Unreadable]]:
        with making_sense(self.place, THE_TABLES):
            found = catalogue.assemble(tables, columns, keys, mariadb=self._mariadb, limits=self.limits)
        without_doubles(found[0], self.place)
        return found

    def _count(self, wanted: dict[str, str]) -> int:
        sql = catalogue.COUNT.format(where=_where(wanted))
        return sum(int(row[0]) for row in self._catalogue("count", THE_TABLES, sql, tuple(wanted.values())))

    def _columns(self, where: str, given: tuple[Any, ...], tables: list[Any]) -> list[Any]:
        """A broken view makes some servers fail the whole statement; then views are left out and end as unreadable."""
        try:
            return self._catalogue("columns", THE_COLUMNS, catalogue.COLUMNS.format(where=where), given)
        except SourceError as error:
            views = [row[1] for row in tables if row[2] == "VIEW"]
            if error.code != "read_failed" or not views:
                raise
        less = f"{where} AND x.TABLE_NAME NOT IN ({', '.join(['%s'] * len(views))})"
        return self._catalogue("columns", THE_COLUMNS, catalogue.COLUMNS.format(where=less), (*given, *views))

    # -- rows ------------------------------------------------------------------------------------------------------

    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        source = f"{quoted(table.schema)}.{quoted(table.name)}"
        if not columns:
            total = self._run(f"SELECT COUNT(*) FROM {source}", (), self.limits.statement_seconds, table.label)
            yield canonical.batch([], [], total[0][0])
            return
        wanted = ", ".join(self.printed(column) for column in columns)
        yield from self._rows(f"SELECT {wanted} FROM {source}", columns, table.label)

    def printed(self, column: Column) -> str:
        if self.cutting and column.value_class in (ValueClass.TEXT, ValueClass.BINARY):
            return f"LEFT({text_of(column)}, {self.limits.cell + 1})"
        return text_of(column)

    def query(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        if parameters:
            with self._session().cursor() as cursor:
                sql = cursor.mogrify(sql, tuple(parameters))
        yield from self._rows(sql, columns, said("the statement"))

    def _rows(self, sql: str, columns: Sequence[Column], what: str) -> Iterator[pa.RecordBatch]:
        for rows in self._stream(sql, what):
            with making_sense(self.place, what):
                arrays = arrays_of(rows, len(columns))
                ready = [_canonical(column, values) for column, values in zip(columns, arrays, strict=True)]
                batch = canonical.batch(columns, ready, len(rows))
            yield batch

    def _stream(self, sql: str, what: str) -> Iterator[list[bytes]]:
        """Rows as the server packed them, unbuffered, by the batch."""
        pymysql = load_driver(self.kind, _DRIVER)
        connection = self._session()
        watchdog = self._watchdog
        assert watchdog is not None
        self.statements += 1
        self._busy, ended = True, False
        most = 2 * (
            self.limits.batch_bytes + self.limits.row_bytes
        )  # from the server between two batches, with headers
        end = time.monotonic() + self.limits.read_seconds
        cursor = connection.cursor(pymysql.cursors.SSCursor)
        try:
            with watchdog.limit(self.limits.statement_seconds, most):
                cursor.execute(sql)
                cursor._result._read_row_from_packet = _payload  # whole rows; taking them apart is mysql_rows' work
                while rows := self._some(cursor, what):
                    watchdog.rest()  # a slow reader of ours is no silence of the server
                    yield rows
                    watchdog.extend(min(self.limits.silence_seconds, end - time.monotonic()), most)
            self._busy, ended = False, True
        except (pymysql.Error, *_GARBAGE) as error:
            if watchdog.fired == "size":  # no row was that long in coming, so it is one row
                raise self._row_too_large(what) from None
            raise self._failure(error, what, self.limits.silence_seconds) from None
        finally:
            if not ended:  # the reader stops early: the rest of the table must not cross the wire
                with contextlib.suppress(AttributeError):
                    cursor._result.unbuffered_active = False
                self.close()

    def _some(self, cursor: Any, what: str) -> list[bytes]:
        rows: list[bytes] = []
        size = 0
        while len(rows) < self.limits.batch_rows and size < self.limits.batch_bytes:
            row = cursor.read_next()
            if row is None:
                break
            if len(row) > self.limits.row_bytes:
                raise self._row_too_large(what)
            rows.append(row)
            size += len(row)
        return rows

    def _row_too_large(self, what: str) -> SourceError:
        return SourceError("row_too_large", object=what, megabytes=self.limits.row_bytes >> 20)


def _where(wanted: dict[str, str]) -> str:
    return " AND ".join(f"x.{name} = %s" for name in wanted) or f"x.TABLE_SCHEMA NOT IN {catalogue.SYSTEM!r}"


# What PyMySQL raises, besides its own errors, on bytes that are no MySQL protocol.
_NONSENSE = (struct.error, LookupError, ValueError, AssertionError, TypeError)
_GARBAGE = (struct.error, IndexError, ValueError, AssertionError, RuntimeError, OSError, EOFError, TypeError)


def _payload(packet: Any) -> Any:
    return packet.get_all_data()


def _canonical(column: Column, values: pa.Array) -> pa.Array:
    kind = column.type.split("(")[0].split()[0].lower()
    if column.value_class is ValueClass.BINARY:
        return pa.array([None if item is None else item.hex() for item in values.to_pylist()], pa.string())
    text = canonical.decoded(values)
    if column.value_class is ValueClass.INTEGER:
        return canonical.integers(text) if "zerofill" in column.type or kind == "year" else text
    if column.value_class is ValueClass.DECIMAL:
        return canonical.decimals(canonical.integers(text) if "zerofill" in column.type else text)
    if kind == "float":
        return canonical.widened_floats(text)
    change = canonical.BY_CLASS.get(column.value_class)
    return change(text) if change else text


def text_of(column: Column) -> str:
    """SQL for the column's value before ``canonical``: floats in full, bits as numbers, geometry as WKT."""
    kind = column.type.split("(")[0].split()[0].lower()
    name = quoted(column.name)
    if kind == "float":
        return f"{name} + 0e0"
    if kind == "bit":
        return f"{name} + 0"
    return f"ST_AsText({name})" if kind in catalogue.GEOMETRY else name


def quoted(name: str) -> str:
    if "\0" in name:
        raise SourceError("no_such_table", object=name.replace("\0", "\\0"))
    return "`" + name.replace("`", "``") + "`"
