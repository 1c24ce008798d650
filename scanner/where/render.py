"""A condition written anew in a dialect; every value becomes a parameter."""

from collections.abc import Callable
from typing import Any

from scanner.model import Column, ValueClass
from scanner.where.dialects import Dialect, dialect_of
from scanner.where.tree import And, Compare, In, IsNull, Like, Node, Not, Or

ColumnSql = Callable[[Column], str]
_ABOVE_TRUE = ("<", "<=", "<>")  # what holds of a value when the constant lies above every value
_BELOW_TRUE = (">", ">=", "<>")


def render(node: Node, dialect: str, column_sql: ColumnSql) -> tuple[str, list[Any]]:
    parameters: list[Any] = []
    return _Writer(dialect_of(dialect), column_sql, parameters).write(node), parameters


class _Writer:
    def __init__(self, dialect: Dialect, column_sql: ColumnSql, parameters: list[Any]) -> None:
        self.dialect, self.column_sql, self.parameters = dialect, column_sql, parameters

    def write(self, node: Node) -> str:
        match node:
            case And(nodes):
                return "(" + " AND ".join(self.write(inner) for inner in nodes) + ")"
            case Or(nodes):
                return "(" + " OR ".join(self.write(inner) for inner in nodes) + ")"
            case Not(inner):
                return f"(NOT {self.write(inner)})"
            case IsNull(left):
                return f"({self.column_sql(left)} IS NULL)"
            case Like(left, pattern):
                sql, parameter = self.dialect.like(self.column_sql(left), left, pattern)
                self.parameters.append(parameter)
                return f"({sql})"
            case In(left, values, value_class):
                return self.within(left, values, value_class)
            case Compare(symbol, left, Column() as right, value_class):
                return f"({self.beside(left, value_class)} {symbol} {self.beside(right, value_class)})"
            case Compare(symbol, left, right, value_class):
                return self.compare(symbol, left, str(right), value_class)

    def operand(self, column: Column, value_class: ValueClass) -> str:
        return self.dialect.operand(self.column_sql(column), column, value_class)

    def beside(self, column: Column, value_class: ValueClass) -> str:
        return self.dialect.beside(self.column_sql(column), column, value_class)

    def constant(self, value: str, column: Column, value_class: ValueClass) -> str:
        sql, parameter = self.dialect.constant(value, column, value_class)
        self.parameters.append(parameter)
        return sql

    def compare(self, symbol: str, left: Column, value: str, value_class: ValueClass) -> str:
        side = self.dialect.beyond(value, value_class)
        if side:
            return self.known(left, symbol in (_ABOVE_TRUE if side > 0 else _BELOW_TRUE))
        return f"({self.operand(left, value_class)} {symbol} {self.constant(value, left, value_class)})"

    def within(self, left: Column, values: tuple[str, ...], value_class: ValueClass) -> str:
        held = [value for value in values if not self.dialect.beyond(value, value_class)]
        if not held:
            return self.known(left, False)
        listed = ", ".join(self.constant(value, left, value_class) for value in held)
        return f"({self.operand(left, value_class)} IN ({listed}))"

    def known(self, column: Column, answer: bool) -> str:
        """The same answer for every value, and not known for null."""
        reference = self.column_sql(column)
        return f"({reference} IS NOT NULL OR NULL)" if answer else f"({reference} IS NULL AND NULL)"
