"""One table at its source: builds the statements of the push plan and sends them; knows no rule and no measure."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from scanner.connectors.base import Connector
from scanner.model import Column, Table, ValueClass
from scanner.push.dialects import DIALECTS
from scanner.push.sql import Sql, joined, sql
from scanner.where.render import render
from scanner.where.tree import Node

COUNT = Column("n", 0, "bigint", ValueClass.INTEGER)


class Target:
    """Every ``Sql`` made here is in the dialect of the table's connector."""

    def __init__(self, connector: Connector, table: Table, alias: str = "t") -> None:
        self.connector, self.table, self._alias = connector, table, alias
        self.dialect = DIALECTS[connector.dialect]
        self.relation = self._escaped(self.dialect.relation(table)) + f" {alias}"

    @property
    def primary_key(self) -> list[Column]:
        """Its columns in key order; empty when the table has none or the account cannot read all of it."""
        found = [column for name in self.table.primary_key if (column := self.table.column(name)) is not None]
        return found if len(found) == len(self.table.primary_key) else []

    # expressions
    def key(self, column: Column) -> str:
        """What tells the column's values apart."""
        return self._escaped(self.dialect.key(self._quoted(column), self._printed(column), column))

    def order(self, columns: Sequence[Column]) -> str:
        """What sorts rows by the columns' values."""
        return ", ".join(self.dialect.order(self.key(column), column) for column in columns)

    def output(self, column: Column) -> str:
        """What ``stream`` takes for the column; only of a key once rows are grouped by it."""
        is_text = column.value_class is ValueClass.TEXT
        return self.key(column) if is_text else self._escaped(self._printed(column))

    def length(self, column: Column) -> str | None:
        length = self.dialect.length(self._printed(column), column)
        return None if length is None else self._escaped(length)

    def is_null(self, column: Column) -> Sql:
        return Sql(f"{self._escaped(self._quoted(column))} IS NULL")

    def is_not_null(self, column: Column) -> Sql:
        return Sql(f"{self._escaped(self._quoted(column))} IS NOT NULL")

    def condition(self, tree: Node) -> Sql:
        text, parameters = render(tree, self.connector.dialect, self._operand)
        return Sql(text, tuple(parameters))

    def _operand(self, column: Column) -> str:
        return self._escaped(self.dialect.operand(self._quoted(column), self._printed(column), column))

    def _quoted(self, column: Column) -> str:
        return f"{self._alias}.{self.dialect.quoted(column.name)}"

    def _printed(self, column: Column) -> str:
        return self.connector.printed(column).replace(self.dialect.quoted(column.name), self._quoted(column))

    def _escaped(self, text: str) -> str:
        return text.replace("%", "%%") if self.dialect.formats else text

    # statements
    def select(self, outputs: Sql | str, where: Sql | None = None, tail: Sql | str = "") -> Sql:
        limit = sql(" WHERE {}", where) if where is not None else ""
        return sql("SELECT {} FROM {}{}{}", outputs, self.relation, limit, tail)

    def row(self, outputs: Sequence[Sql], where: Sql | None = None) -> tuple[Any, ...]:
        """The one row of an aggregate."""
        return self.connector.execute(*self._sent(self.select(joined(", ", outputs), where)))[0]

    def row_of_first(self, outputs: Sequence[Sql], columns: Sequence[Column], rows: int) -> tuple[Any, ...]:
        """The one row of an aggregate over the first rows only."""
        names = self._escaped(", ".join(self._quoted(column) for column in columns))
        first = f"(SELECT {names} FROM {self.relation} LIMIT {rows}) {self._alias}"
        return self.connector.execute(*self._sent(sql("SELECT {} FROM {}", joined(", ", outputs), first)))[0]

    def stream(self, statement: Sql, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        return self.connector.query(*self._sent(statement), columns)

    def stream_columns(self, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        """Every value of these columns, plain where that is cheaper."""
        outputs = ", ".join(map(self.output, columns))
        return self.connector.query_plain(*self._sent(self.select(outputs)), columns)

    def frequencies(
        self, columns: Sequence[Column], where: Sql | None = None, *, limit: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Each combination of values and how often it occurs; equal values may come more than once.

        With a limit the most frequent ones, equally frequent ones in their order.
        """
        keys = [self.key(column) for column in columns]
        tail = f" GROUP BY {', '.join(keys)}"
        if limit is not None:
            tail += f" ORDER BY count(*) DESC, {self.order(columns)} LIMIT {limit}"
        outputs = ", ".join([*map(self.output, columns), "count(*)"])
        return self.stream(self.select(outputs, where, tail), [*columns, COUNT])

    def frequency_sets(self, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        """Each value of each column and how often it occurs, in one reading of the table; last, which column it is.

        The column at place ``i`` of ``n`` is told by the bit ``n - 1 - i`` being the only one that is not set.
        """
        keys = [self.key(column) for column in columns]
        sets = ", ".join(f"({key})" for key in keys)
        outputs = ", ".join([*map(self.output, columns), "count(*)", f"GROUPING({', '.join(keys)})"])
        statement = self.select(outputs, tail=f" GROUP BY GROUPING SETS ({sets})")
        return self.stream(statement, [*columns, COUNT, COUNT])

    def _sent(self, statement: Sql) -> tuple[str, list[Any]]:
        """Without parameters the driver does not format, so what was doubled is not."""
        text = statement.text
        if self.dialect.formats and not statement.parameters:
            text = text.replace("%%", "%")
        return text, list(statement.parameters)
