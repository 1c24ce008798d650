"""What a condition says of one row, in Python: the oracle of every SQL rendering."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scanner.model import Column
from scanner.where.literals import widened
from scanner.where.order import comparison_key
from scanner.where.tree import And, Compare, In, IsNull, Like, Node, Not, Or

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def truth(node: Node, row: Mapping[str, str | None]) -> bool | None:
    """True, False or None (not known), as SQL has it."""
    match node:
        case And(nodes):
            return _all(truth(inner, row) for inner in nodes)
        case Or(nodes):
            some = _all(_not(truth(inner, row)) for inner in nodes)
            return _not(some)
        case Not(inner):
            return _not(truth(inner, row))
        case IsNull(left):
            return row[left.name] is None
        case Like(left, pattern):
            text = row[left.name]
            return None if text is None else like(text, pattern)
        case In(left, values, value_class):
            value = _key(left, row, value_class)
            return None if value is None else any(value == comparison_key(item, value_class) for item in values)
        case Compare(symbol, left, right, value_class):
            first = _key(left, row, value_class)
            second = _key(right, row, value_class) if isinstance(right, Column) else comparison_key(right, value_class)
            return None if first is None or second is None else _OPERATORS[symbol](first, second)


def like(text: str, pattern: str) -> bool:
    """``%`` any run, ``_`` any one character; steps, never backtracks further than the last ``%``."""
    at = step = 0
    resume: tuple[int, int] | None = None
    while at < len(text):
        wanted = pattern[step] if step < len(pattern) else None
        if wanted == "%":
            resume, step = (at, step), step + 1
        elif wanted is not None and wanted in ("_", text[at]):
            at, step = at + 1, step + 1
        elif resume is not None:
            at, step = resume[0] + 1, resume[1] + 1
            resume = (at, resume[1])
        else:
            return False
    return set(pattern[step:]) <= {"%"}


def _key(column: Column, row: Mapping[str, str | None], value_class: Any) -> Any:
    value = row[column.name]
    return None if value is None else comparison_key(widened(value, column.value_class, value_class), value_class)


def _not(known: bool | None) -> bool | None:
    return None if known is None else not known


def _all(parts: Iterable[bool | None]) -> bool | None:
    found: set[bool | None] = set(parts)
    return False if False in found else None if None in found else True
