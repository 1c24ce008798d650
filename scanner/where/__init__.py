"""Conditions over the columns of a table: the ``where`` of a rule.

The text is read by a grammar of our own into a small tree (``syntax``), and every dialect's SQL is written anew from
that tree, values always as parameters (``render``): nothing a person typed reaches a source. ``matches`` says in
Python what every rendering must say.

Definitions, the same everywhere: text compares by code point; numbers by value, NaN equal to itself and above
Infinity; a number compared with a floating-point column is the nearest double; dates and times by time, a date being
its midnight; nulls as in SQL (three-valued logic); LIKE knows ``%`` and ``_``, heeds case, and has no escape character.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.errors import RuleError
from scanner.model import Column, Table
from scanner.where.dialects import PLAIN_CONSTANTS, is_plain_constant
from scanner.where.evaluate import truth
from scanner.where.render import render
from scanner.where.syntax import Rejected, parse_tree
from scanner.where.tree import Compare, In, Node, columns_of, comparisons_of

__all__ = ["Condition", "parse"]


@dataclass(frozen=True, slots=True)
class Condition:
    tree: Node

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it looks at, each once, in order of appearance."""
        return tuple(dict.fromkeys(column.name for column in columns_of(self.tree)))

    def matches(self, row: Mapping[str, str | None]) -> bool:
        """Whether a row of canonical values (null is None) fulfils the condition; not known is no."""
        return truth(self.tree, row) is True

    def sql(self, dialect: str, column_sql: Callable[[Column], str]) -> tuple[str, list[Any]]:
        """The condition in ``postgresql``, ``mysql``, ``sqlite`` or ``duckdb``, in parentheses, with its parameters.

        ``column_sql`` gives the reference of a column, quoted for the dialect (with ``%`` doubled where the driver
        formats); for ``duckdb`` it is an expression of the column's canonical text, elsewhere the column itself.
        """
        return render(self.tree, dialect, column_sql)

    def duckdb(
        self, column_sql: Callable[[Column], str], is_plain: Callable[[Column], bool] = lambda column: False
    ) -> tuple[str, list[Any]]:
        """``sql("duckdb", …)``: over columns of canonical text, as the pull plan holds them.

        ``is_plain``: all values of the column are plain (``scanner.values.typed``). They compare at a tenth of the cost.
        """
        ordered = [item for item in comparisons_of(self.tree) if item.value_class in PLAIN_CONSTANTS]
        plain = all(is_plain(column) for item in ordered for column in columns_of(item))
        plain = plain and all(
            is_plain_constant(text, item.value_class) for item in ordered for text in _constants(item)
        )
        return self.sql("duckdb_plain" if plain else "duckdb", column_sql)


def _constants(item: Compare | In) -> tuple[str, ...]:
    if isinstance(item, In):
        return item.values
    return () if isinstance(item.right, Column) else (item.right,)


def parse(text: str, table: Table, *, rule: str = "") -> Condition:
    """The condition a text states over the table's columns.

    Raises RuleError(rule, "where", what is not allowed): functions, sub-selects, casts, comments, unknown columns,
    constants that are no values of their column, more than 20 KB, control characters, deep nesting.
    """
    try:
        return Condition(parse_tree(text, table))
    except Rejected as error:
        raise RuleError(rule, "where", error.args[0]) from None
