"""The files of the command line: columns and profiles, read so that a million of them fit."""

import csv
import json
from collections.abc import Callable, Container
from pathlib import Path
from typing import NamedTuple

from genes.engine import values
from genes.engine.codebook import CodeBook
from genes.engine.evidence import Column
from genes.engine.text import normal

Tell = Callable[[str], None]
_FIELDS = ("column_name", "data_type", "column_comment", "table_name", "table_comment")


class Columns(NamedTuple):
    ids: list[str]
    columns: list[Column]


def read_columns(path: Path, tell: Tell) -> Columns:
    """The columns of a file; one without a name and a comment is told of and stays, for its answer is NONE.

    Raises ValueError when a needed column of the file is missing, a row has no row_id or one that stands before.
    """
    ids: dict[str, int] = {}
    found: list[Column] = []
    shared: dict[str, str] = {}  # types and tables repeat
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            reader = csv.reader(file)
            head = next(reader, [])
            for needed in ("row_id", "column_name"):
                if needed not in head:
                    raise ValueError(f"{path.name} has no column {needed}")
            places = [head.index(name) if name in head else len(head) for name in _FIELDS]
            id_place = head.index("row_id")
            for cells in reader:
                if not cells:
                    continue
                cells += [""] * (len(head) + 1 - len(cells))
                row = cells[id_place]
                if not row.strip() or row in ids:
                    said = (
                        f"row_id {row} stands in line {ids[row]} already: it occurs twice"
                        if row in ids
                        else "no row_id"
                    )
                    raise ValueError(f"{path.name}, line {reader.line_num}: {said}")
                ids[row] = reader.line_num
                name, kind, comment, *table = (cells[place] for place in places)
                found.append(Column(name, *(shared.setdefault(text, text) for text in (kind, comment, *table))))
                if not normal(name) and not normal(comment):
                    tell(f"{path.name}, line {reader.line_num}: row {row} has neither a name nor a comment: NONE")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path.name} is not UTF-8 text (save it as UTF-8): {error}") from None
        except csv.Error as error:
            raise ValueError(f"{path.name}: {error}") from None
    return Columns(list(ids), found)


def read_profiles(path: Path, known: Container[str], book: CodeBook, tell: Tell) -> dict[str, values.Facts]:
    """row_id → facts of its values. A line that is no profile, or of an unknown row, is told of and left out.

    Raises ValueError when no line is one.
    """
    found: dict[str, values.Facts] = {}
    lines = 0
    with path.open(encoding="utf-8") as file:
        try:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                lines += 1
                try:
                    row, profile = _profile(line)
                    if row not in known:
                        raise ValueError(f"there is no row {row}")
                    found[row] = values.facts(profile, book)
                except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
                    tell(f"{path.name}, line {number}: no profile ({error}); its row is matched without values")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path.name} is not UTF-8 text: {error}") from None
    if lines and not found:
        raise ValueError(f'{path.name}: no line is {{"row_id": …, "profile": {{…}}}} of a row of the columns')
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _profile(line: str) -> tuple[str, values.Profile | None]:
    given = json.loads(line, parse_constant=_no_number)
    if not isinstance(given, dict) or "row_id" not in given or not isinstance(given.get("profile"), dict | None):
        raise ValueError('not {"row_id": …, "profile": {…}}')
    return str(given["row_id"]), given.get("profile")
