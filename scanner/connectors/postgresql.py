"""PostgreSQL 12 or newer, by psycopg2."""

import io
import math
import queue
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from scanner.connectors import canonical
from scanner.connectors import postgresql_catalogue as catalogue
from scanner.connectors.base import Connector, Driver, Parameter, load_driver
from scanner.connectors.postgresql_catalogue import quoted
from scanner.connectors.postgresql_rows import arrays_of, prints_as_text, repeating
from scanner.connectors.shapes import (
    THE_COLUMNS,
    THE_KEYS,
    THE_RIGHTS,
    THE_TABLES,
    Shape,
    making_sense,
    senseless,
    shaped,
    without_doubles,
)
from scanner.connectors.watchdog import Watchdog, while_connecting
from scanner.errors import SourceError, said
from scanner.guard import Limits
from scanner.model import Column, Privileges, Snapshot, Table, TestReport, Unreadable, ValueClass

_DRIVER = Driver("psycopg2", "pip install psycopg2-binary")
_OLDEST = 120_000
_GARBAGE = (ValueError, LookupError, TypeError, ArithmeticError)  # values that are not of the type they say
_LOCKED = "55P03"  # SQLSTATE lock_not_available
_ROW_BYTES = 256  # what a row is reckoned at: a batch is so much for each of ``Limits.batch_rows``

# Applied where the server knows them. check_interval: a query whose client was killed ends within seconds.
_SESSION = {
    "default_transaction_read_only": "on", "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "TimeZone": "UTC",
    "extra_float_digits": "1", "bytea_output": "hex", "jit": "off", "standard_conforming_strings": "on",
    "client_connection_check_interval": "2s",
}  # fmt: skip
_APPLY = """
SELECT set_config(s.name, v.value, false) FROM pg_catalog.pg_settings s
JOIN unnest(%s::text[], %s::text[]) v(name, value) ON lower(s.name) = lower(v.name)"""

# Servers answer in their own language before a session stands, and libpq hands over no SQLSTATE then.
_REFUSALS = (
    ("wrong_password", r"password authentication failed|no password supplied|认证失败|没有提供口令|role .* does not exist"
                       r"|角色 .* 不存在|authentication failed"),
    ("unknown_database", r"database .* does not exist|数据库 .* 不存在"),
    ("no_permission", r"permission denied for database|对数据库 .* 权限不够"),
    ("timeout", r"timeout expired|timed out"),
)  # fmt: skip


class PostgreSQL(Connector):
    kind = "postgresql"
    label = "PostgreSQL"
    driver = _DRIVER
    dialect = "postgresql"
    can_cut = True
    parameters = (
        Parameter("host", "主机", "host"),
        Parameter("port", "端口", "int", default=5432),
        Parameter("database", "数据库"),
        Parameter("user", "用户名"),
        Parameter("password", "口令", required=False, secret=True),
        Parameter(
            "sslmode", "加密连接", "choice", required=False, default="prefer",
            choices=(("disable", "不加密"), ("prefer", "能加密就加密"), ("require", "必须加密"), ("verify-full", "必须加密并核验证书")),
        ),
    )  # fmt: skip

    _connection: Any = None
    _watchdog: Watchdog | None = None
    _raw = False  # a SQL_ASCII database: bytes pass unconverted and are decoded here

    # -- session ---------------------------------------------------------------------------------------------------

    def test(self) -> TestReport:
        started = time.monotonic()
        self._session()
        latency = round((time.monotonic() - started) * 1000)
        version, superuser, can_write, tables, schemas = self._about_session()
        held = Privileges(can_write=bool(superuser or can_write), superuser=bool(superuser))
        return TestReport(" ".join(version.split()[:2]), latency, held, schemas, tables)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.close()
        if connection is not None:
            connection.close()

    def _session(self) -> Any:
        if self._connection is None:
            self._connection = self._connect()
            self._watchdog = Watchdog(self._connection.fileno())
            try:
                self._prepare()
            except BaseException:
                self.close()  # never to be used without its settings
                raise
        return self._connection

    def _connect(self) -> Any:
        last: SourceError | None = None
        host, port = self.values["host"], self.values["port"]
        end = time.monotonic() + self.limits.connect_seconds  # for all addresses together
        for address in self.hosts.addresses(host, port):
            try:
                return self._connect_to(address)
            except SourceError as error:
                last = error
                if error.code not in ("unreachable", "timeout") or time.monotonic() > end:
                    break
        raise last or SourceError("unreachable", host=host, port=port, reason=said("the name has no address"))

    def _connect_to(self, address: str) -> Any:
        """Keywords only: in a URL or a "dbname" a value could bring its own host or options."""
        psycopg2 = load_driver(self.kind, _DRIVER)
        seconds = max(2, math.ceil(self.limits.connect_seconds))
        mode = self.values["sslmode"]
        extra = {"sslrootcert": "system"} if mode == "verify-full" else {}
        if mode in ("disable", "prefer") and psycopg2.extensions.libpq_version() >= 160_000:
            extra["require_auth"] = "!password"  # the bare password goes to nobody over a line that may be read
        port, started = self.values["port"], time.monotonic()
        try:
            with while_connecting(address, port, seconds + 0.5):  # libpq waits on while the server keeps talking
                return psycopg2.connect(
                    host=self.values["host"], hostaddr=address, port=port, dbname=self.values["database"],
                    user=self.values["user"], password=self._secrets.get("password", ""), passfile="/dev/null/none",
                    sslmode=mode, connect_timeout=seconds, client_encoding="UTF8",
                    application_name="datagene", options="", gssencmode="disable", keepalives=1, keepalives_idle=30,
                    keepalives_interval=10, keepalives_count=3, tcp_user_timeout=60_000, **extra,
                )  # fmt: skip
        except psycopg2.Error as error:
            late = "timed out; " if time.monotonic() - started > seconds else ""
            raise self._refusal(late + str(error), seconds) from None
        except UnicodeDecodeError as error:  # a server that speaks GBK before the session has an encoding
            raise self._refusal(error.object.decode("gb18030", "backslashreplace"), seconds) from None

    def _refusal(self, message: str, seconds: int) -> SourceError:
        where = {name: self.values[name] for name in ("host", "port", "user", "database")}
        for code, pattern in _REFUSALS:
            if re.search(pattern, message, re.IGNORECASE):
                return SourceError(
                    code, **where, seconds=seconds, object=said("database {name}", name=where["database"])
                )
        reason = message.strip().splitlines()[-1].strip() if message.strip() else "the connection was refused"
        return SourceError("unreachable", **where, reason=reason)

    def _prepare(self) -> None:
        connection = self._connection
        connection.autocommit = True
        if connection.server_version < _OLDEST:
            raise SourceError("unsupported", kind=self.label, feature=said("servers older than PostgreSQL 12"))
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            self._raw = True
            connection.set_client_encoding("LATIN1")  # one character a byte; the server converts nothing
        settings = _SESSION | {
            "statement_timeout": str(round(self.limits.read_seconds * 1000)),
            "lock_timeout": str(round(self.limits.lock_seconds * 1000)),
        }
        try:
            self._apply(settings)
        except SourceError as error:  # a platform that cannot watch its clients refuses this one setting
            if error.code != "read_failed":
                raise
            self._apply({name: value for name, value in settings.items() if name != "client_connection_check_interval"})

    def _apply(self, settings: dict[str, str]) -> None:
        self._run(_APPLY, [list(settings), list(settings.values())], self.limits.connect_seconds, "the session")

    # -- statements ------------------------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._session()
        self.statements += 1
        return self._run(sql, list(parameters) or None, self.limits.statement_seconds, said("the statement"))

    def _catalogue(
        self,
        sql: str,
        shape: Shape,
        what: str,
        schema: str | None = None,
        name: str | None = None,
        careful: bool = False,
    ) -> list[tuple[Any, ...]]:
        self._session()
        self.statements += 1
        given = {
            "schema": schema, "name": name, "careful": careful, "comment": self.limits.comment + 1, "tables": self.limits.tables,
        }  # fmt: skip
        rows = self._run(sql, given if "%(" in sql else None, self.limits.answer_seconds, what)
        return shaped(rows, shape, self.place, what)

    def _about_session(self) -> tuple[Any, ...]:
        rows = self._catalogue(catalogue.SESSION, catalogue.SHAPES["session"], THE_RIGHTS)
        if len(rows) != 1:
            reason = said("{found} rows instead of one", found=len(rows))
            raise SourceError("bad_answer", source=self.place, object=THE_RIGHTS, reason=reason)
        return rows[0]

    def _run(self, sql: str, parameters: Any, seconds: float, what: str) -> list[tuple[Any, ...]]:
        psycopg2 = load_driver(self.kind, _DRIVER)
        assert self._watchdog is not None
        try:
            with self._watchdog.limit(seconds, self.limits.answer_bytes), self._connection.cursor() as cursor:
                cursor.execute(self._wire(sql), self._wire(parameters))
                return [self._unwire(row) for row in cursor.fetchall()] if self._raw else cursor.fetchall()
        except psycopg2.Error as error:
            raise self._failure(error, what, seconds) from None
        except _GARBAGE as error:
            self.close()
            raise senseless(self.place, what, error) from None

    def _wire(self, value: Any) -> Any:
        """For SQL_ASCII: text as the characters whose Latin-1 bytes are its UTF-8 bytes."""
        if not self._raw:
            return value
        if isinstance(value, str):
            return value.encode().decode("latin-1")
        if isinstance(value, dict):
            return {name: self._wire(item) for name, item in value.items()}
        return [self._wire(item) for item in value] if isinstance(value, list) else value

    def _unwire(self, value: Any) -> Any:
        if isinstance(value, str):
            return canonical.decode(value.encode("latin-1"))
        if isinstance(value, tuple | list):
            return type(value)(self._unwire(item) for item in value)
        return value

    def _failure(self, error: Any, what: str, seconds: float = 0) -> SourceError:
        """The psycopg2 error as ours; a session that broke is dropped."""
        where = {"host": self.values["host"], "port": self.values["port"]}
        state = error.pgcode or ""
        fired = self._watchdog.fired if self._watchdog is not None else ""
        if self._connection is not None and (self._connection.closed or fired or not state):
            self.close()
        if fired == "size":
            return SourceError("answer_too_large", object=what, megabytes=self.limits.answer_bytes >> 20)
        if fired or state == "57014":
            return SourceError("timeout", **where, seconds=round(seconds or self.limits.read_seconds), object=what)
        if state == "42501":
            return SourceError("no_permission", object=what)
        if state in ("42P01", "3F000"):
            return SourceError("no_such_table", object=what)
        if not state and isinstance(error, load_driver(self.kind, _DRIVER).DataError):  # the driver's own, over a value
            return senseless(self.place, what, error)
        if not state or state[:2] in ("08", "57"):
            return SourceError("connection_lost", **where, object=what)
        reason = error.diag.message_primary or str(error).strip()
        return SourceError(
            "read_failed", object=what, state=state, reason=self._unwire(reason) if self._raw else reason
        )

    # -- structure -------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        before = self.statements
        _, superuser, can_write, count, _ = self._about_session()
        tables, unreadable = self._structure(None, None)
        held = Privileges(can_write=bool(superuser or can_write), superuser=bool(superuser))
        cut = max(0, count - self.limits.tables)
        return Snapshot(self.kind, tuple(tables), tuple(unreadable), held, self.statements - before, cut)

    def describe(self, schema: str, name: str) -> Table:
        label = f"{schema}.{name}"
        if "\0" in label:
            raise SourceError("no_such_table", object=label)
        tables, unreadable = self._structure(schema, name)
        if tables:
            return tables[0]
        if unreadable:
            raise SourceError(unreadable[0].code, object=label, reason=unreadable[0].reason)
        raise SourceError("no_such_table", object=label)

    def _structure(self, schema: str | None, name: str | None) -> tuple[list[Table], list[Unreadable]]:
        try:
            return self._assembled(schema, name, careful=False)
        except SourceError as error:
            if error.params.get("state") != _LOCKED:
                raise
            return self._assembled(schema, name, careful=True)

    def _assembled(
        self, schema: str | None, name: str | None, *, careful: bool
    ) -> tuple[list[Table], list[Unreadable]]:
        shapes = catalogue.SHAPES
        tables, columns, keys = (
            self._catalogue(sql, shape, what, schema, name, careful)
            for sql, shape, what in (
                (catalogue.tables_statement(careful=careful), shapes["tables"], THE_TABLES),
                (catalogue.COLUMNS, shapes["columns"], THE_COLUMNS),
                (catalogue.KEYS, shapes["keys"], THE_KEYS),
            )
        )
        with making_sense(self.place, THE_TABLES):
            found = catalogue.assemble(tables, columns, keys, self.limits)
        without_doubles(found[0], self.place)
        return found

    # -- rows ------------------------------------------------------------------------------------------------------

    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        yield from self._read(table, columns, plain=False)

    def read_plain(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        yield from self._read(table, columns, plain=True)

    def _read(self, table: Table, columns: Sequence[Column], *, plain: bool) -> Iterator[pa.RecordBatch]:
        source = catalogue.relation(table)
        self._session()
        self.statements += 1
        if not columns:
            total = self._run(f"SELECT count(*) FROM {source}", None, self.limits.statement_seconds, table.label)
            yield canonical.batch([], [], total[0][0])
            return
        wanted = ", ".join(self._output(column) for column in columns)
        yield from self._rows(f"SELECT {wanted} FROM {source}", columns, table.label, plain=plain)

    def _output(self, column: Column) -> str:
        cut = self.cutting and column.value_class is ValueClass.TEXT
        return quoted(column.name) if prints_as_text(column) and not cut else self.printed(column)

    def printed(self, column: Column) -> str:
        kept = self.limits.cell + 1
        if self.cutting and column.value_class is ValueClass.BINARY:
            return f"pg_catalog.substr({quoted(column.name)}, 1, {kept})::pg_catalog.text"
        if self.cutting and column.value_class is ValueClass.TEXT:
            return f"pg_catalog.left({text_of(column)}, {kept})"
        return text_of(column)

    def query(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        yield from self._query(sql, parameters, columns, plain=False)

    def query_plain(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        yield from self._query(sql, parameters, columns, plain=True)

    def _query(
        self, sql: str, parameters: Sequence[Any], columns: Sequence[Column], *, plain: bool
    ) -> Iterator[pa.RecordBatch]:
        self._session()
        self.statements += 1
        if parameters:  # COPY takes none, so the driver writes them in
            with self._connection.cursor() as cursor:
                stated = cursor.mogrify(self._wire(sql), self._wire(list(parameters)))
            sql = stated.decode()  # for SQL_ASCII the bytes are UTF-8 too
        yield from self._rows(sql, columns, said("the statement"), plain=plain)

    def _rows(self, sql: str, columns: Sequence[Column], what: str, *, plain: bool = False) -> Iterator[pa.RecordBatch]:
        words: frozenset[int] | None = None
        for text in self._copy(f"COPY ({sql}) TO STDOUT", what):
            with making_sense(self.place, what):
                arrays = arrays_of(text, columns, raw=self._raw, plain=plain, words=words or ())
                words = repeating(arrays) if words is None and plain else words
                ready = canonical.batch(columns, arrays, len(arrays[0]))
            yield ready

    def _copy(self, sql: str, what: str) -> Iterator[bytes]:
        """Whole rows by the batch. psycopg2 pushes rows; a thread and a short queue turn that into pulling."""
        psycopg2 = load_driver(self.kind, _DRIVER)
        connection, watchdog = self._connection, self._watchdog
        assert watchdog is not None
        batches = _Batches(self.limits, what, watchdog)
        worker = threading.Thread(
            target=batches.fill, args=(connection, self._wire(sql), psycopg2.Error), name="source-copy", daemon=True
        )
        watchdog.extend(self.limits.statement_seconds, batches.most)
        worker.start()
        ended = False
        try:
            while (item := batches.ready.get()) is not None:
                if isinstance(item, BaseException):
                    ended = not isinstance(item, SourceError)
                    if watchdog.fired == "size":  # no row was that long in coming, so it is one row
                        item = batches.row_too_large()
                    raise item if isinstance(item, SourceError) else self._failure(item, what)
                yield item
            ended = True
        finally:
            if ended:
                watchdog.rest()
            else:  # the reader stops early: the rest of the table must not cross the wire
                batches.abandon()
                watchdog.cut()
            worker.join()
            if not ended or connection.closed:
                self.close()


class _Batches(io.RawIOBase):
    """The file that COPY writes to, behind a buffer that gathers rows without a call of ours for each.

    The buffer hands over whole rows: all it has when the next one does not fit, and a row longer than it by itself.
    """

    def __init__(self, limits: Limits, what: str, watchdog: Watchdog) -> None:
        self.ready: queue.Queue[bytes | BaseException | None] = queue.Queue(2)
        self.most = 2 * (limits.batch_bytes + limits.row_bytes)  # from the server between two batches, with headers
        self._limits, self._what = limits, what
        self._end = time.monotonic() + limits.read_seconds
        self._watchdog = watchdog
        self._abandoned = False

    def fill(self, connection: Any, sql: str, failures: type[Exception]) -> None:
        size = min(self._limits.batch_bytes, self._limits.row_bytes, self._limits.batch_rows * _ROW_BYTES)
        rows = io.BufferedWriter(self, size)
        try:
            with connection.cursor() as cursor:
                cursor.copy_expert(sql, rows)
            rows.flush()
            self._put(None)
        except (failures, SourceError) as error:
            self._put(error)
        finally:
            self._abandoned = True  # what is left in the buffer goes nowhere
            rows.close()

    def writable(self) -> bool:
        return True

    def write(self, rows: Any) -> int:
        """Called by the buffer only."""
        if self._abandoned:
            return len(rows)
        if len(rows) > self._limits.row_bytes:
            self._watchdog.cut()
            raise self.row_too_large()
        self._watchdog.rest()  # a slow reader of ours is no silence of the server
        self._put(bytes(rows))
        self._watchdog.extend(min(self._limits.silence_seconds, self._end - time.monotonic()), self.most)
        return len(rows)

    def row_too_large(self) -> SourceError:
        return SourceError("row_too_large", object=self._what, megabytes=self._limits.row_bytes >> 20)

    def abandon(self) -> None:
        self._abandoned = True
        while not self.ready.empty():
            self.ready.get_nowait()

    def _put(self, item: bytes | BaseException | None) -> None:
        while not self._abandoned:
            try:
                self.ready.put(item, timeout=1)
                return
            except queue.Full:
                continue


def text_of(column: Column) -> str:
    """SQL for the column's value as text, before ``canonical``; a cast cuts the blanks of CHAR(n), abbrev the /32."""
    if column.type == "inet":
        return f"pg_catalog.abbrev({quoted(column.name)})"
    return f"{quoted(column.name)}::pg_catalog.text"
