"""A rule and the table it is for: columns found, condition parsed, parameters as canonical values."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scanner.errors import RuleError, said
from scanner.model import Column, Rule, Table, ValueClass
from scanner.rules.durations import parse_duration
from scanner.rules.kinds import RULE_KINDS, RuleKind
from scanner.rules.verdicts import (
    Between,
    Checksum,
    DateForm,
    Freshness,
    InSet,
    Length,
    Matches,
    Reference,
    RowCount,
    Test,
)  # fmt: skip
from scanner.values.canonical import SPECIAL_NUMBERS, comparison_key
from scanner.values.dates import parse_format
from scanner.where import Condition, parse
from scanner.where.literals import Constant, Mismatch, canonical

DATED = (ValueClass.DATE, ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ)


@dataclass(frozen=True, slots=True)
class BoundRule:
    rule: Rule
    columns: tuple[Column, ...]
    condition: Condition | None
    test: Test  # None for not_null, unique and compound_unique

    @property
    def kind(self) -> RuleKind:
        return RULE_KINDS[self.rule.kind]

    @property
    def judged_column(self) -> Column | None:
        """The column whose frequency table alone decides, None where rows must be looked at."""
        by_rows = isinstance(self.test, (Reference, RowCount)) or self.rule.kind in ("not_null", "compound_unique")
        return None if by_rows else self.columns[0]

    @property
    def needs(self) -> set[str]:
        """Names of the table's columns that must be read for it."""
        return {column.name for column in self.columns} | set(self.condition.columns if self.condition else ())


def bind(rule: Rule, table: Table) -> BoundRule:
    """Raises RuleError for a column the table has not, a kind that does not fit the column, a condition not allowed."""
    columns = tuple(_column(rule, table, name) for name in rule.columns)
    condition = parse(rule.where, table, rule=rule.id) if rule.where else None
    return BoundRule(rule, columns, condition, _test(rule, columns))


def _column(rule: Rule, table: Table, name: str) -> Column:
    column = table.column(name)
    if column is None:
        raise RuleError(
            rule.id, "columns", said("the table {table} has no column {column!r}", table=table.label, column=name)
        )
    return column


def _test(rule: Rule, columns: tuple[Column, ...]) -> Test:
    given = rule.parameters
    match rule.kind:
        case "in_set":
            return InSet(frozenset(_allowed(given["values"], columns[0])))
        case "matches":
            return Matches(given["pattern"])
        case "length_between":
            return Length(given.get("min"), given.get("max"))
        case "between":
            return _between(rule, columns[0])
        case "date_format":
            _require(rule, columns[0], (ValueClass.TEXT, ValueClass.INTEGER))
            return DateForm(parse_format(given["format"]))
        case "checksum":
            return Checksum(given["scheme"])
        case "reference":
            return _reference(rule)
        case "row_count":
            return RowCount(given.get("min"), given.get("max"))
        case "freshness":
            _require(rule, columns[0], (*DATED, ValueClass.TEXT))
            return Freshness(parse_duration(given["max_age"]))
        case _:
            return None


def _require(rule: Rule, column: Column, classes: Iterable[ValueClass]) -> None:
    if column.value_class not in classes:
        raise RuleError(
            rule.id,
            "columns",
            said(
                "{kind} does not apply to {column}, which is {type}",
                kind=rule.kind,
                column=column.name,
                type=column.type,
            ),
        )


def _reference(rule: Rule) -> Reference:
    names = tuple(rule.parameters["columns"])
    if len(names) != len(rule.columns):
        detail = said(
            "must name as many columns as the rule has ({wanted}), not {given}",
            wanted=len(rule.columns),
            given=len(names),
        )
        raise RuleError(rule.id, "parameters.columns", detail)
    return Reference(rule.parameters["table"], names)


def _allowed(values: Iterable[Any], column: Column) -> Iterable[str]:
    """Canonical values; one that the column's class cannot hold is never met and left out."""
    for value in values:
        try:
            text, compared = _canonical(value, column)
        except Mismatch:
            continue
        if column.value_class is ValueClass.DATE and compared is ValueClass.TIMESTAMP:
            if not text.endswith("T00:00:00"):
                continue
            text = text.removesuffix("T00:00:00")
        yield text


def _canonical(value: Any, column: Column) -> tuple[str, ValueClass]:
    """The canonical value and the class it compares in. Raises Mismatch."""
    if column.value_class.is_number and not isinstance(value, bool):
        compared = ValueClass.FLOAT if column.value_class is ValueClass.FLOAT else ValueClass.DECIMAL
        return canonical_number(_number_text(value), compared), compared
    return canonical(_constant(value, column), column)


def canonical_number(text: str, value_class: ValueClass) -> str:
    """A number as written, of any size, as a canonical one: the nearest double in a column of doubles. Raises Mismatch."""
    text = text.strip()
    if text in SPECIAL_NUMBERS:
        return text
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        raise Mismatch(said("{text!r} is no number", text=text))
    number = Decimal(text)
    if value_class is ValueClass.FLOAT:
        double = float(number) + 0.0  # one zero
        return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(double, repr(double))
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def _constant(value: Any, column: Column) -> Constant:
    if isinstance(value, bool):
        kind = "boolean" if column.value_class is ValueClass.BOOLEAN else "string"
        return Constant(kind, "true" if value else "false")
    if isinstance(value, str):
        return Constant("string", value)
    kind = "number" if column.value_class.is_number or column.value_class is ValueClass.BOOLEAN else "string"
    return Constant(kind, _number_text(value))


def _number_text(value: int | float | Decimal | str) -> str:
    """A JSON number as text: what was written, as far as that is still known."""
    return repr(value) if isinstance(value, float) else str(value)


def _between(rule: Rule, column: Column) -> Between:
    value_class = column.value_class
    if value_class in (ValueClass.BOOLEAN, ValueClass.BINARY):
        _require(rule, column, ())
    given = [rule.parameters.get(name) for name in ("min", "max")]
    if value_class is ValueClass.TEXT and not any(isinstance(bound, str) for bound in given):
        number = Column(column.name, column.position, column.type, ValueClass.DECIMAL)
        low, high = (_bound(rule, name, number) for name in ("min", "max"))
        test = Between(low and low[0], high and high[0], ValueClass.DECIMAL, reads_numbers=True)
    else:
        low, high = (_bound(rule, name, column) for name in ("min", "max"))
        classes = {bound[1] for bound in (low, high) if bound}
        # a date with a time of day on either side makes both moments
        compared = ValueClass.TIMESTAMP if ValueClass.TIMESTAMP in classes else classes.pop()
        test = Between(_midnight(low, compared), _midnight(high, compared), compared)
    _check_order(rule, test)
    return test


def _bound(rule: Rule, name: str, column: Column) -> tuple[str, ValueClass] | None:
    value = rule.parameters.get(name)
    if value is None:
        return None
    if column.value_class.is_temporal and not isinstance(value, str):
        raise RuleError(
            rule.id,
            f"parameters.{name}",
            said("{column} is {type}: write a date in quotes", column=column.name, type=column.type),
        )
    try:
        return _canonical(value, column)
    except Mismatch as error:
        raise RuleError(rule.id, f"parameters.{name}", error.args[0]) from None


def _midnight(bound: tuple[str, ValueClass] | None, compared: ValueClass) -> str | None:
    if bound is None:
        return None
    text, value_class = bound
    return f"{text}T00:00:00" if value_class is ValueClass.DATE and compared is ValueClass.TIMESTAMP else text


def _check_order(rule: Rule, test: Between) -> None:
    if test.low is None or test.high is None:
        return
    low: Any = comparison_key(test.low, test.value_class)
    if low > comparison_key(test.high, test.value_class):
        raise RuleError(rule.id, "parameters.min", said("is greater than max"))
