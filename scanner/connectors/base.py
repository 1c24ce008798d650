"""What every connector offers; a new one subclasses ``Connector`` and is named in ``registry.py``."""

import importlib
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import pyarrow as pa

from scanner.errors import SourceError, said
from scanner.guard import OPEN, HostPolicy, Limits
from scanner.model import Column, Snapshot, Table, TestReport, Unreadable

__all__ = ["Connector", "Driver", "Parameter"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One typed field of a source: the registration form, the API and the command line are made from these."""

    name: str
    label: str  # Chinese, plain
    type: str = "text"  # text, int, bool, choice, path, host
    required: bool = True
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()  # (value, Chinese label)
    help: str = ""
    secret: bool = False  # comes from ``secrets``, is sealed at rest and never shown


@dataclass(frozen=True, slots=True)
class Driver:
    """The Python module that a connector needs and the line that installs it."""

    module: str
    pip: str


class Connector(ABC):
    """A read-only session with one source, opened on first use; not for use by two threads at once."""

    kind: ClassVar[str]
    label: ClassVar[str]  # Chinese, plain
    parameters: ClassVar[tuple[Parameter, ...]]
    driver: ClassVar[Driver | None] = None
    dialect: ClassVar[str]  # the SQL that ``execute`` speaks: postgresql, mysql, sqlite, duckdb
    sole_session: str = ""  # set before use: the name under which no other session works; one left behind is ended
    statements: int = 0  # sent on this instance so far; session set-up is not counted
    reads_files: ClassVar[bool] = False  # strangers' files: read in a process of their own (``scanner.apart``)
    can_cut: ClassVar[bool] = False  # ``cutting`` has an effect
    cutting: bool = False  # take only the first ``limits.cell`` characters, and one more, of each value

    def __init__(
        self,
        parameters: Mapping[str, Any],
        secrets: Mapping[str, str] | None = None,
        *,
        limits: Limits | None = None,
        hosts: HostPolicy = OPEN,
        folders: Sequence[Path] | None = None,
    ) -> None:
        """SourceError bad_parameter for a field that is missing, unknown or malformed."""
        self.values = clean(self.parameters, parameters)
        for name, secret in (secrets or {}).items():
            check_text(name, secret)
        self.limits = limits or Limits()
        self.hosts = hosts
        self.folders = None if folders is None else tuple(folders)  # real paths that files must lie under
        self._secrets = dict(secrets or {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.values}>"  # secrets stay out

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def place(self) -> str:
        """Where the source is, for a sentence about it."""
        host = self.values.get("host")
        return f"{host}:{self.values.get('port')}" if host else str(self.values.get("path") or self.label)

    @abstractmethod
    def test(self) -> TestReport:
        """Connect and look around; SourceError says what is wrong."""

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """What is there, by a number of statements that does not grow with the number of tables."""

    @abstractmethod
    def describe(self, schema: str, name: str) -> Table:
        """One table as it is now; SourceError no_such_table or no_permission."""

    @abstractmethod
    def read(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        """Every row by one statement: each column a string column of canonical values, named as the column is.

        Without columns the batches have no column but still count rows. Close the iterator to stop early.
        """

    def read_plain(self, table: Table, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        """As ``read``, but a column may come in its plain type (``scanner.values.typed``) where that is cheaper."""
        return self.read(table, columns)

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """One read-only statement of the push plan; placeholders %s (PostgreSQL, MySQL) or ? (SQLite, DuckDB)."""

    def printed(self, column: Column) -> str:
        """SQL that prints a column's value as ``read`` takes it, before it is made canonical; ``%`` is not doubled."""
        raise SourceError("unsupported", kind=self.label, feature=said("the push plan"))

    def query(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        """The rows of one statement as a stream: each output is the ``printed`` form of a column, made canonical.

        Placeholders as in ``execute``; the batches' columns stand in the order of the outputs.
        """
        raise SourceError("unsupported", kind=self.label, feature=said("the push plan"))

    def query_plain(self, sql: str, parameters: Sequence[Any], columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        """As ``query``, but an output may come in its plain type, as in ``read_plain``."""
        return self.query(sql, parameters, columns)

    @abstractmethod
    def close(self) -> None:
        """End the session; harmless when there is none."""

    def still_there(self, objects: Iterable[tuple[str, str]]) -> tuple[Unreadable, ...]:
        """Which of the known (schema, name) that a snapshot lacks may exist all the same, out of the account's sight.

        Engines whose catalogue shows every object answer with nothing: what the snapshot lacks is gone.
        """
        return ()


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # and halves of characters, which nothing can encode
_LONGEST = 1_000  # characters of a field
_IPV6 = r"[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?"
_HOST = re.compile(rf"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?|{_IPV6}|\[{_IPV6}\]")


def clean(fields: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values by type, defaults filled in; SourceError bad_parameter names the field."""
    known = {field.name: field for field in fields if not field.secret}
    for name in given:
        if name not in known:
            raise SourceError("bad_parameter", name=name, reason=said("is not a parameter of this kind of source"))
    return {name: _value(field, given.get(name)) for name, field in known.items()}


def _value(field: Parameter, value: Any) -> Any:
    if value is None or value == "":
        if field.required and field.default is None:
            raise SourceError("bad_parameter", name=field.name, reason=said("is required"))
        return field.default
    if field.type == "int":
        return _port(field, value)
    if field.type == "bool":
        if not isinstance(value, bool):
            raise SourceError("bad_parameter", name=field.name, reason=said("must be true or false"))
        return value
    check_text(field.name, value)
    if field.type == "choice" and value not in {choice for choice, _ in field.choices}:
        known = ", ".join(choice for choice, _ in field.choices)
        raise SourceError("bad_parameter", name=field.name, reason=said("must be one of {known}", known=known))
    if field.type == "path" and (not value.startswith("/") or value.startswith("//")):
        raise SourceError("bad_parameter", name=field.name, reason=said("must be an absolute path, and no address"))
    return _host(field, value) if field.type == "host" else value


def check_text(name: str, value: Any) -> None:
    """SourceError bad_parameter, without the value, which may be a secret."""
    if not isinstance(value, str) or _CONTROL.search(value):
        raise SourceError("bad_parameter", name=name, reason=said("must be text without control characters"))
    if len(value) > _LONGEST:
        raise SourceError(
            "bad_parameter", name=name, reason=said("must be at most {limit} characters long", limit=_LONGEST)
        )


def _port(field: Parameter, value: Any) -> int:
    text = str(value)
    plain = not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) <= 5
    if not plain or not 0 < int(text) < 65_536:
        raise SourceError("bad_parameter", name=field.name, reason=said("must be a whole number from 1 to 65535"))
    return int(text)


def _host(field: Parameter, value: str) -> str:
    """A host name or address and nothing else: no list, no socket path, no option smuggled in."""
    host = unicodedata.normalize("NFKC", value.strip())
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = ""
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise SourceError("bad_parameter", name=field.name, reason=said("must be one host name or address"))
    return host.strip("[]")


CUT = "…（过长，已截断 cut）"


def limited(table: Table, limits: Limits) -> Table:
    """The table with no more columns and no longer texts than allowed; what was cut says so."""
    kept = table.columns[: limits.columns]
    return replace(
        table, comment=_cut(table.comment, limits.comment), cut=table.cut + len(table.columns) - len(kept),
        columns=tuple(_limited_column(column, limits.comment) for column in kept),
    )  # fmt: skip


def _limited_column(column: Column, most: int) -> Column:
    texts = (column.comment, column.type, column.default or "")
    if all(len(text) <= most for text in texts):
        return column
    comment, kind, default = (_cut(text, most) for text in texts)
    return replace(column, comment=comment, type=kind, default=default if column.default is not None else None)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def unique_names(header: Sequence[Any]) -> list[str]:
    """Column names from a header: trimmed, the nameless called column_3, the second of a name called name_2."""
    found: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(header, 1):
        name = plain_name = ("" if cell is None else str(cell)).replace("\0", "").strip() or f"column_{place}"
        times = 1
        while name in taken:
            times += 1
            name = f"{plain_name}_{times}"
        taken.add(name)
        found.append(name)
    return found


def load_driver(kind: str, driver: Driver) -> Any:
    """The driver's module; SourceError driver_missing with the pip line."""
    try:
        return importlib.import_module(driver.module)
    except ImportError:
        raise SourceError("driver_missing", kind=kind, command=driver.pip) from None
