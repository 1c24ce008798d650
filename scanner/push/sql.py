"""Pieces of a statement with their parameters, joined without ever losing the order of either."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """Text and parameters. Where the driver formats (``%s``), a literal ``%`` stands doubled in the text."""

    text: str
    parameters: tuple[Any, ...] = ()

    def __add__(self, other: "Sql") -> "Sql":
        return Sql(self.text + other.text, self.parameters + other.parameters)


def sql(template: str, *parts: "Sql | str") -> Sql:
    """The template with each ``{}`` replaced by a piece; strings are SQL, never values."""
    pieces = [part if isinstance(part, Sql) else Sql(part) for part in parts]
    parameters = tuple(parameter for piece in pieces for parameter in piece.parameters)
    return Sql(template.format(*(piece.text for piece in pieces)), parameters)


def joined(separator: str, parts: Iterable[Sql]) -> Sql:
    pieces = list(parts)
    parameters = tuple(parameter for piece in pieces for parameter in piece.parameters)
    return Sql(separator.join(piece.text for piece in pieces), parameters)


def both(*conditions: Sql | None) -> Sql:
    """All of the conditions, TRUE when there is none."""
    held = [condition for condition in conditions if condition is not None]
    return joined(" AND ", [sql("({})", condition) for condition in held]) if held else Sql("1 = 1")


def batches(items: Sequence[Sql], *, width: int = 400, parameters: int = 5_000) -> Iterable[list[Sql]]:
    """Expressions in groups that one SELECT of any engine takes; a single one may exceed the parameters."""
    group: list[Sql] = []
    held = 0
    for item in items:
        if group and (len(group) >= width or held + len(item.parameters) > parameters):
            yield group
            group, held = [], 0
        group.append(item)
        held += len(item.parameters)
    if group:
        yield group
