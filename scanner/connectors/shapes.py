"""What a catalogue answers is looked at before it is believed: a server may be broken, very strange, or not what it says.

Each catalogue statement states the shape of its rows. What does not fit is an error that names the source and what was
wrong, before anything is made of it: nothing is concluded from half an answer, least of all that something is gone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pyarrow as pa

from scanner.errors import Said, SourceError, said
from scanner.model import Table

Row = tuple[Any, ...]
_SHOWN = 60  # characters of a value that is out of place
_MOST = 2**63 - 1
LONGEST_NAME = 255  # characters; only SQLite and files have longer ones


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # halves of characters
        return False
    return True


def _is_name(value: Any) -> bool:
    return _is_text(value) and "\0" not in value and len(value) <= LONGEST_NAME


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and 0 <= value <= _MOST


class Kind:
    """What may stand at one place of a row: what it is called, whether a value is one, and whether none may be there."""

    def __init__(self, name: Said, fits: Callable[[Any], bool], *, null: bool = False) -> None:
        self.name, self.fits, self.null = name, fits, null

    def or_null(self) -> "Kind":
        return Kind(self.name, self.fits, null=True)


TEXT = Kind(said("text"), _is_text)
NAME = Kind(said("a name"), _is_name)
NUMBER = Kind(said("a number that is not negative"), _is_number)
FLAG = Kind(said("yes or no"), lambda value: value in (0, 1))
TEXTS = Kind(
    said("a list of texts"), lambda value: isinstance(value, list) and all(v is None or _is_text(v) for v in value)
)
Shape = Sequence[Kind]
THE_TABLES, THE_COLUMNS = said("the list of tables"), said("the list of columns")
THE_KEYS, THE_RIGHTS = said("the list of keys and indexes"), said("the rights of the account")


def shaped(rows: list[Row], shape: Shape, source: str, what: str) -> list[Row]:
    """The rows, when each has these values; SourceError bad_answer names the first that is out of place."""
    for number, row in enumerate(rows, 1):
        if len(row) != len(shape):
            reason = said(
                "row {row} has {found} values instead of {wanted}", row=number, found=len(row), wanted=len(shape)
            )
            raise SourceError("bad_answer", source=source, object=what, reason=reason)
    for place, (kind, values) in enumerate(zip(shape, zip(*rows, strict=True), strict=False), 1):
        for number, value in enumerate(values, 1):
            if not (kind.null if value is None else kind.fits(value)):
                reason = said(
                    "value {place} of row {row} is {found} instead of {wanted}",
                    place=place, row=number, found=_shown(value), wanted=kind.name,
                )  # fmt: skip
                raise SourceError("bad_answer", source=source, object=what, reason=reason)
    return rows


def _shown(value: Any) -> str:
    if value is None:
        return said("nothing")
    text = ascii(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def without_doubles(tables: Sequence[Table], source: str) -> None:
    """SourceError bad_answer when a table, or a column of one, is there twice."""
    twice = _doubles((table.schema, table.name) for table in tables)
    for table in tables:
        names = _doubles(column.name for column in table.columns)
        double = table.label if (table.schema, table.name) in twice else f"{table.label}.{min(names)}" if names else ""
        if double:
            reason = said("{name} is there twice", name=double)
            raise SourceError("bad_answer", source=source, object=THE_TABLES, reason=reason)


def _doubles(names: Iterable[Any]) -> set[Any]:
    return {name for name, times in Counter(names).items() if times > 1}


@contextmanager
def making_sense(source: str, what: str) -> Iterator[None]:
    """What comes to grief over bytes that follow no protocol, or no encoding, is the fault of who sent them."""
    try:
        yield
    except (pa.ArrowException, LookupError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise senseless(source, what, error) from None


def senseless(source: str, what: str, error: Exception) -> SourceError:
    reason = (
        said("it is no text in UTF-8") if isinstance(error, UnicodeError) else said("it does not follow the protocol")
    )
    return SourceError("bad_answer", source=source, object=what, reason=reason)
