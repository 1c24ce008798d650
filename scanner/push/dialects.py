"""What the push plan needs of a dialect beyond how its values compare (``scanner.where.dialects``)."""

from typing import Protocol

from scanner.connectors.folder import quoted
from scanner.connectors.postgresql_catalogue import relation
from scanner.model import Column, Table, ValueClass
from scanner.where.order import duckdb_key


class PushDialect(Protocol):
    formats: bool  # the driver formats the statement, so a literal % is doubled when there are parameters
    judges_groups: bool  # its GROUP BY and joins tell exactly the values apart that differ canonically
    sets: int  # columns that one statement groups by, each for itself

    def quoted(self, name: str) -> str:
        """An identifier."""

    def relation(self, table: Table) -> str:
        """What FROM takes to read the table's own rows."""

    def operand(self, quoted: str, printed: str, column: Column) -> str:
        """What stands for the column in a condition (``Condition.sql``)."""

    def key(self, quoted: str, printed: str, column: Column) -> str:
        """What GROUP BY takes, so that text is told apart by code point."""

    def order(self, key: str, column: Column) -> str:
        """What ORDER BY makes of a key: numbers by value, text by code point."""

    def length(self, printed: str, column: Column) -> str | None:
        """The length of the canonical text; None when the dialect cannot say it exactly."""


class _Standard:
    sets = 1

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def relation(self, table: Table) -> str:
        return ".".join(self.quoted(name) for name in (table.schema, table.name) if name)

    def order(self, key: str, column: Column) -> str:
        return key


class PostgreSQL(_Standard):
    formats = True
    judges_groups = True
    sets = 16

    def relation(self, table: Table) -> str:
        return relation(table)

    def operand(self, quoted: str, printed: str, column: Column) -> str:
        return f"({printed})" if column.value_class is ValueClass.TEXT else quoted

    def key(self, quoted: str, printed: str, column: Column) -> str:
        return f'({printed}) COLLATE "C"' if column.value_class is ValueClass.TEXT else quoted

    def length(self, printed: str, column: Column) -> str | None:
        as_printed = column.value_class in (ValueClass.TEXT, ValueClass.INTEGER)
        return f"pg_catalog.char_length({printed})" if as_printed else None


class MySQL(_Standard):
    formats = True
    judges_groups = False  # filesort looks at the first max_sort_length bytes of a value

    def quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def operand(self, quoted: str, printed: str, column: Column) -> str:
        return f"({printed})"

    def key(self, quoted: str, printed: str, column: Column) -> str:
        if (
            column.value_class is ValueClass.TEXT
        ):  # no collation both MySQL and MariaDB know keeps trailing blanks apart
            return f"CAST(CONVERT({printed} USING utf8mb4) AS BINARY)"
        return printed

    def length(self, printed: str, column: Column) -> str | None:
        return f"CHAR_LENGTH(CONVERT({printed} USING utf8mb4))" if column.value_class is ValueClass.TEXT else None


class SQLite(_Standard):
    formats = False
    judges_groups = False  # the number 1 and the text '1' are one value of a text column

    def operand(self, quoted: str, printed: str, column: Column) -> str:
        return f"({printed})"

    def key(self, quoted: str, printed: str, column: Column) -> str:
        return f"({printed}) COLLATE BINARY"

    def length(self, printed: str, column: Column) -> str | None:
        return None


class DuckDB(_Standard):
    """Files: read by our own DuckDB, whose columns are canonical text already."""

    formats = False
    judges_groups = False

    def quoted(self, name: str) -> str:
        return quoted(name)

    def operand(self, quoted: str, printed: str, column: Column) -> str:
        return f"({printed})"

    def key(self, quoted: str, printed: str, column: Column) -> str:
        return printed

    def order(self, key: str, column: Column) -> str:
        return (
            f"CAST({key} AS DOUBLE)" if column.value_class is ValueClass.FLOAT else duckdb_key(key, column.value_class)
        )

    def length(self, printed: str, column: Column) -> str | None:
        return None


DIALECTS: dict[str, PushDialect] = {
    "postgresql": PostgreSQL(), "mysql": MySQL(), "sqlite": SQLite(), "duckdb": DuckDB(),
}  # fmt: skip
