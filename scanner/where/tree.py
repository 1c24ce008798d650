"""The tree a condition is parsed into: nothing here can hold text of the person who wrote it but as a value.

Every comparison has a column on its left; BETWEEN is two comparisons; NOT stands above what it negates.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.model import Column, ValueClass


@dataclass(frozen=True, slots=True)
class Compare:
    """``left operator right``; a ``str`` on the right is a canonical value of ``value_class``."""

    operator: str  # one of OPERATORS
    left: Column
    right: Column | str
    value_class: ValueClass  # how both sides compare: DECIMAL stands for integers too


@dataclass(frozen=True, slots=True)
class In:
    left: Column
    values: tuple[str, ...]
    value_class: ValueClass


@dataclass(frozen=True, slots=True)
class Like:
    """``%`` is any run of characters, ``_`` any one character, all else itself: there is no escape character."""

    left: Column
    pattern: str


@dataclass(frozen=True, slots=True)
class IsNull:
    left: Column


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple["Node", ...]


Node = Compare | In | Like | IsNull | Not | And | Or

OPERATORS = ("=", "<>", "<", "<=", ">", ">=")
MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def columns_of(node: Node) -> Iterator[Column]:
    """Every column the tree names, in order, repeats included."""
    match node:
        case Not(inner):
            yield from columns_of(inner)
        case And(nodes) | Or(nodes):
            for inner in nodes:
                yield from columns_of(inner)
        case Compare(_, left, Column() as right, _):
            yield from (left, right)
        case Compare(_, left, _, _) | In(left, _, _) | Like(left, _) | IsNull(left):
            yield left


def comparisons_of(node: Node) -> Iterator[Compare | In]:
    """Every comparison of a column with a constant or another column."""
    match node:
        case Not(inner):
            yield from comparisons_of(inner)
        case And(nodes) | Or(nodes):
            for inner in nodes:
                yield from comparisons_of(inner)
        case Compare() | In():
            yield node
