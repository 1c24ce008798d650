"""The estate as data: reads ``estate/*.tables`` into sources, tables and columns.

One file a source. A line is one of

    source  KEY  KIND  AGENCY  NAME          the data source (first line)
    table   SCHEMA.NAME  ROWS  DRAW  COMMENT a table; DRAW says whom its rows are about
    NAME  TYPE  GENERATOR  [pk] [!fault=n …] [COMMENT]      a column
    view    SCHEMA.NAME  SQL                 a view (databases only)

DRAW is ``people`` or ``firms`` (each at most once), ``people*`` or ``firms*`` (any number of times) or ``-``.
An empty comment is a fact of life: many agencies write none.
"""

from dataclasses import dataclass, field
from pathlib import Path

ESTATE = Path(__file__).parent / "estate"


@dataclass(frozen=True)
class ColumnSpec:
    name: str
    type: str
    generator: str
    primary_key: bool
    faults: dict[str, int]
    comment: str


@dataclass(frozen=True)
class TableSpec:
    schema: str
    name: str
    rows: int
    draw: str
    comment: str
    columns: list[ColumnSpec] = field(default_factory=list)


@dataclass(frozen=True)
class SourceSpec:
    key: str
    kind: str
    agency: str
    name: str
    tables: list[TableSpec] = field(default_factory=list)
    views: list[tuple[str, str]] = field(default_factory=list)


def sources() -> list[SourceSpec]:
    """Every source of the estate, in the order of their file names."""
    return [_parse(path) for path in sorted(ESTATE.glob("*.tables"))]


def _parse(path: Path) -> SourceSpec:
    source: SourceSpec | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            if words[0] == "source":
                source = SourceSpec(words[1], words[2], words[3], " ".join(words[4:]))
            elif source is None:
                raise ValueError("the first line names the source")
            elif words[0] == "table":
                schema, _, name = words[1].rpartition(".")
                source.tables.append(TableSpec(schema, name, int(words[2]), words[3], " ".join(words[4:])))
            elif words[0] == "view":
                source.views.append((words[1], " ".join(words[2:])))
            else:
                source.tables[-1].columns.append(_column(words))
        except (ValueError, IndexError) as error:
            raise ValueError(f"{path.name} line {number}: {error}") from error
    if source is None:
        raise ValueError(f"{path.name} is empty")
    return source


def _column(words: list[str]) -> ColumnSpec:
    name, kind, generator, *rest = words
    primary_key = bool(rest) and rest[0] == "pk"
    rest = rest[1:] if primary_key else rest
    faults = {}
    while rest and rest[0].startswith("!"):
        fault, _, count = rest.pop(0)[1:].partition("=")
        faults[fault] = int(count)
    return ColumnSpec(name, kind, generator, primary_key, faults, " ".join(rest))
