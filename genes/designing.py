"""A new column held against its data element before anything is built: what deviates, and how it would be declared."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from genes import conforming
from genes.choices import Aspect
from genes.conforming import Codes
from genes.engine.ddl import Declared, Table
from standards import notation
from standards.notation import Dialect, Notation, NotationError

# Product → whose column types it takes; SQLite takes anything.
TYPES: Mapping[str, Dialect] = {
    "postgresql": "postgresql", "kingbase": "postgresql", "opengauss": "postgresql", "mysql": "mysql", "mariadb": "mysql",
    "oracle": "oracle", "dameng": "dameng", "sqlite": "postgresql",
}  # fmt: skip
_BYTES = 3  # of a Chinese character in UTF-8
_COMMENTLESS = ("sqlite",)


@dataclass(frozen=True)
class Standard:
    """What a data element asks of its columns. ``names``: English and short names, the one for new columns first."""

    name: str
    notation: str = ""
    names: Sequence[str] = ()
    code_set: str = ""  # its reference
    zero_code: str = ""  # a code of the set that begins with a zero, if one does


@dataclass(frozen=True)
class Deviation:
    """``key`` is one of genes.advice, ``facts`` fill its sentence. ``grave``: values of the element would not fit or be known."""

    key: str
    grave: bool
    facts: Mapping[str, Any] = field(default_factory=dict)


def deviations(column: Declared, standard: Standard | None, product: str) -> list[Deviation]:
    """What of one column deviates: from good manners, and from the element that it carries."""
    found = []
    if not column.readable:
        found.append(Deviation("type_unknown", True, {"type": column.type[:80]}))
    if not column.comment and product not in _COMMENTLESS:
        found.append(Deviation("no_comment", True))
    if standard is not None:
        found += [*_of_type(column, standard, product), *_of_name(column, standard)]
        if standard.code_set:
            found.append(Deviation("code_set", False, {"code_set": standard.code_set}))
    return found


def repeated(table: Table) -> dict[str, int]:
    """Names that stand twice in a table, by their lower-case form, with how often."""
    counted = Counter(column.name.lower() for column in table.columns)
    return {name: count for name, count in counted.items() if count > 1}


def _of_type(column: Declared, standard: Standard, product: str) -> Iterator[Deviation]:
    try:
        shapes = notation.parse(standard.notation)
    except NotationError as error:
        if standard.notation:
            yield Deviation("notation", False, {"notation": standard.notation, "said": str(error)[:120]})
        return
    codes = Codes((standard.zero_code,)) if standard.zero_code else None
    found = conforming.declared(
        notation=standard.notation, codes=codes, value_class=column.value_class, length=column.length
    )
    wanted = {"notation": standard.notation, "wanted": notation.ddl_type(standard.notation, TYPES[product])}
    if Aspect.TYPE in found:
        yield Deviation(
            str(found[Aspect.TYPE]["reason"]), True, {"type": column.type, "code": standard.zero_code, **wanted}
        )
    elif Aspect.LENGTH in found:
        yield Deviation("too_short", True, {**found[Aspect.LENGTH], **wanted})
    elif column.length is not None:
        yield from _of_length(column, shapes, wanted)
    yield from _of_number(column, shapes, wanted)


def _of_length(column: Declared, shapes: Sequence[Notation], wanted: Mapping[str, Any]) -> Iterator[Deviation]:
    """The length holds the characters; perhaps not their bytes, and perhaps more than there ever are."""
    assert column.length is not None
    widest = max((shape.most or 0 for shape in shapes if shape.kind == "text"), default=0)
    if column.in_bytes and column.length < widest * _BYTES:
        yield Deviation("bytes", True, {"declared": column.length, "needed": widest, **wanted})
    only = shapes[0]
    if len(shapes) == 1 and only.most and only.least == only.most and column.length > only.most:
        yield Deviation("too_long_for", False, {"declared": column.length, "needed": only.most, **wanted})


def _of_number(column: Declared, shapes: Sequence[Notation], wanted: Mapping[str, Any]) -> Iterator[Deviation]:
    numbers = [shape for shape in shapes if shape.kind == "number"]
    if column.digits is None or column.decimals is None or not numbers:
        return
    before, after = max(shape.most or 0 for shape in numbers), max(shape.decimals or 0 for shape in numbers)
    if column.digits - column.decimals < before or column.decimals < after:
        yield Deviation("too_narrow", True, {"type": column.type, **wanted})


def _of_name(column: Declared, standard: Standard) -> Iterator[Deviation]:
    known = {bare(name) for name in (*standard.names, standard.name)}
    if standard.names and bare(column.name) not in known:
        yield Deviation("name", False, {"name": column.name[:60], "wanted": standard.names[0]})


def bare(name: str) -> str:
    """A name without its case and its underscores: GMSFHM, gmsf_hm."""
    return name.replace("_", "").replace(" ", "").casefold()


def corrected(column: Declared, standard: Standard, product: str) -> str:
    """The line that declares the column by the standard, comment included where the product says it there; "" without a notation."""
    comment = column.comment or standard.name
    try:
        return notation.ddl_column(column.name, standard.notation, TYPES[product], comment)
    except NotationError:
        return ""


def commented(column: Declared, standard: Standard, table: Table, product: str) -> str:
    """The statement that says the comment, for products that say it apart; "" for the others."""
    if product in _COMMENTLESS:
        return ""
    return notation.ddl_comment(table.name, column.name, TYPES[product], column.comment or standard.name)


def json_schema(columns: Sequence[tuple[Declared, Standard | None]], table: Table) -> dict[str, Any]:
    """JSON Schema of a row as it stands on the wire: what is known of an element is said, the rest may be anything."""
    properties = {}
    for column, standard in columns:
        shape: dict[str, Any] = {}
        with suppress(NotationError):
            shape = notation.json_schema(standard.notation) if standard else {}
        title = standard.name if standard else column.comment[:200]
        properties[column.name] = ({"title": title} if title else {}) | shape
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": table.comment or table.name, "type": "object",
        "properties": properties,
    }  # fmt: skip
