"""A rule as one condition: which rows break it, in the source's own SQL. Counts, examples and keys follow from it.

``None`` means that the dialect cannot say it exactly (a regular expression of RE2, a check digit, a text read as a
number); then the frequency table of the column is judged here (``scanner.push.judging``).
"""

from collections.abc import Collection

from scanner.model import Column, ValueClass
from scanner.push.sql import Sql, both, joined, sql
from scanner.push.target import Target
from scanner.rules.binding import BoundRule
from scanner.rules.verdicts import Between, InSet, Length, Reference
from scanner.where.tree import And, Compare, In, Node, Not

MOST_PARAMETERS = 1_000
MOST_DIGITS = 60  # of a number that every dialect holds


def looked_at(target: Target, bound: BoundRule) -> Sql:
    """The rows the rule evaluates: those under its ``where``, without nulls but for not_null."""
    condition = target.condition(bound.condition.tree) if bound.condition else None
    if bound.rule.kind in ("not_null", "row_count"):
        return both(condition)
    return both(condition, *(target.is_not_null(column) for column in bound.columns))


def broken(target: Target, bound: BoundRule) -> Sql | None:
    """True for the rows that break a rule which looks at one row at a time; they are among those looked at."""
    column = bound.columns[0] if bound.columns else None
    match bound.test:
        case None if bound.rule.kind == "not_null":
            return joined(" OR ", map(target.is_null, bound.columns))
        case InSet(allowed) if column and _are_plain(allowed, column):
            return target.condition(Not(In(column, tuple(sorted(allowed)), compared_class(column))))
        case Between(low, high, value_class, False) if column and _are_plain({low or "", high or ""}, column):
            return target.condition(Not(And(_bounds(column, low, high, value_class))))
        case Length(low, high) if column and (length := target.length(column)):
            limits = [f"{length} {sign} {bound}" for sign, bound in (("<", low), (">", high)) if bound is not None]
            return Sql(" OR ".join(limits))
        case _:
            return None


def broken_among_rows(target: Target, bound: BoundRule, referenced: tuple[Target, list[Column]] | None) -> Sql | None:
    """The same for rules that look at other rows: unique, compound_unique, reference."""
    if not target.dialect.judges_groups:
        return None
    if isinstance(bound.test, Reference) and referenced is not None:
        return _without_counterpart(target, bound, *referenced)
    if bound.rule.kind in ("unique", "compound_unique"):
        keys = ", ".join(target.key(column) for column in bound.columns)
        repeated = target.select(keys, looked_at(target, bound), f" GROUP BY {keys} HAVING count(*) > 1")
        return sql("({}) IN ({})", keys, repeated)
    return None


def compared_class(column: Column) -> ValueClass:
    """The class in which conditions compare a column with values of its own class."""
    return ValueClass.DECIMAL if column.value_class is ValueClass.INTEGER else column.value_class


def _are_plain(values: Collection[str], column: Column) -> bool:
    """Whether every dialect takes the values as parameters without loss."""
    if len(values) > MOST_PARAMETERS or any("\0" in value for value in values):
        return False
    return not column.value_class.is_number or all(len(value) <= MOST_DIGITS for value in values)


def _bounds(column: Column, low: str | None, high: str | None, value_class: ValueClass) -> tuple[Node, ...]:
    compared = ValueClass.DECIMAL if value_class is ValueClass.INTEGER else value_class
    pairs = ((">=", low), ("<=", high))
    return tuple(Compare(operator, column, bound, compared) for operator, bound in pairs if bound is not None)


def _without_counterpart(target: Target, bound: BoundRule, other: Target, columns: list[Column]) -> Sql | None:
    pairs = list(zip(bound.columns, columns, strict=True))
    if any(column.value_class is not counterpart.value_class for column, counterpart in pairs):
        return None
    equal = " AND ".join(f"{target.key(column)} = {other.key(counterpart)}" for column, counterpart in pairs)
    return sql("NOT EXISTS ({})", other.select("1", Sql(equal)))
