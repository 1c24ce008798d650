"""Run as a process of its own: a workbook on stdin, its sheets as Arrow files into a folder.

A parser of other people's files can be made to abort or to eat all memory; here that ends this process only. Usage:
``python -m scanner.connectors.workbook_child FOLDER MEMORY_BYTES CPU_SECONDS``. Writes ``N.arrow`` for sheet N and
``sheets.json`` at last: [{"sheet", "rows", "columns": [{"name", "class", "lost"}]}]. With a fourth argument ``grid`` every cell
is text in its place, headers and blank rows included, and a merged area repeats its text: [{"sheet", "grid": [[text]]}].
"""

import datetime
import io
import json
import math
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import python_calamine

from scanner.connectors.base import unique_names
from scanner.connectors.plain import plain
from scanner.lean import without
from scanner.model import ValueClass

_EXACT = 10**15  # Excel keeps 15 digits of a number; what is longer has lost its last ones
_BATCH = 65_536
Range = tuple[tuple[int, int], tuple[int, int]]  # (first row, first column), (last row, last column)


def main(arguments: Sequence[str]) -> None:
    folder, memory, seconds = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    found: list[dict[str, Any]] = []
    for about in book.sheets_metadata:
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(about.name)
        rows = sheet.to_python(skip_empty_area=False)
        if arguments[3:] == ["grid"]:
            found.append({"sheet": about.name, "grid": _grid(rows, list(sheet.merged_cell_ranges or ()))})
            continue
        written = _write(rows, list(sheet.merged_cell_ranges or ()), folder / f"{len(found)}.arrow")
        if written is not None:
            found.append({"sheet": about.name, **written})
    (folder / "sheets.json").write_text(json.dumps(found), encoding="utf-8")


def _grid(rows: list[list[Any]], merged: list[Range]) -> list[list[str]]:
    """The cells as text in their places. Merged areas count no further than the rows and columns that are there."""
    grid = [[_cell(cell) for cell in row] for row in rows]
    for (top, left), (bottom, right) in merged:
        for row in grid[top : bottom + 1]:
            row[left : right + 1] = [grid[top][left]] * len(row[left : right + 1])
    return grid


def _cell(cell: Any) -> str:
    _kind, texts, _lost = canonical_cells([cell])
    return texts[0] or ""


def _write(rows: list[list[Any]], merged: list[Range], target: Path) -> dict[str, Any] | None:
    """Write a sheet; None for an empty one, which is no table."""
    names, first = _header(rows, merged)
    if not names:
        return None
    body = [row for row in rows[first:] if any(cell != "" for cell in row)]
    width = len(names)
    cells = [[row[at] if at < len(row) else "" for row in body] for at in range(width)]
    while width and names[width - 1] == "" and all(cell == "" for cell in cells[width - 1]):
        width -= 1  # formatted but empty columns at the right
    columns, arrays = [], []
    for name, values in zip(unique_names(names[:width]), cells, strict=False):
        kind, texts, lost = canonical_cells(values)
        columns.append({"name": name, "class": kind.value, "lost": lost})
        arrays.append(pa.array(texts, pa.string()))
    table = pa.Table.from_arrays(arrays, names=[f"c{at}" for at in range(width)])
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=_BATCH)
    return {"rows": len(body), "columns": columns}


def _header(rows: list[list[Any]], merged: list[Range]) -> tuple[list[str], int]:
    """The column names and where the rows begin. A title (one cell across the sheet) above the header is passed over;
    a header of several rows, held together by merged cells, gives names such as 出生/年."""
    first = next((at for at, row in enumerate(rows) if any(cell != "" for cell in row)), None)
    if first is None:
        return [], 0
    width = max(len(row) for row in rows)
    while width > 1 and first + 1 < len(rows) and _is_title(rows, first, width, merged):
        first += 1
    depth = _header_depth(first, merged)
    lines = [[_label(cell) for cell in row] + [""] * (width - len(row)) for row in rows[first : first + depth]]
    for (top, left), (bottom, right) in merged:
        for at in range(max(top, first), min(bottom, first + depth - 1) + 1):
            for place in range(left, min(right, width - 1) + 1):
                lines[at - first][place] = lines[max(top, first) - first][left]
    names = []
    for place in range(width):
        parts: list[str] = []
        for line in lines:
            if line[place] and line[place] not in parts:
                parts.append(line[place])
        names.append("/".join(parts))
    return names, first + depth


def _is_title(rows: list[list[Any]], at: int, width: int, merged: list[Range]) -> bool:
    """One filled cell, merged over all others or standing alone over a row with several."""
    filled = [place for place, cell in enumerate(rows[at]) if cell != ""]
    below = sum(cell != "" for cell in rows[at + 1])
    if len(filled) > 1:
        return False
    spans = any(top == at and right - left + 1 >= max(2, width - 1) for (top, left), (_, right) in merged)
    return not filled or spans or (width > 2 and below > 1 and below >= width - 1)


def _header_depth(first: int, merged: list[Range]) -> int:
    """Rows of the header: more than one when a cell of its first row is merged across columns and one down rows."""
    here = [item for item in merged if item[0][0] == first]
    across = any(left < right for (_, left), (_, right) in here)
    down = max((bottom - top + 1 for (top, _), (bottom, _) in here), default=1)
    return down if across and down > 1 else 1


def _label(cell: Any) -> str:
    text = plain(cell) if isinstance(cell, float) else str(cell)
    return " ".join(text.split())


# -- cells -------------------------------------------------------------------------------------------------------------


def canonical_cells(cells: Sequence[Any]) -> tuple[ValueClass, list[str | None], bool]:
    """Class, canonical texts and whether digits were lost, of a column of cells; an empty cell is a null."""
    lost = any(isinstance(cell, float) and abs(cell) >= _EXACT for cell in cells)
    kind = _class_of([cell for cell in cells if cell != ""], lost)
    return kind, [None if cell == "" else _text(cell, kind) for cell in cells], lost


def _class_of(cells: Sequence[Any], lost: bool) -> ValueClass:
    kinds = {type(cell) for cell in cells}
    if not kinds or not kinds.isdisjoint((str, datetime.timedelta)):
        return ValueClass.TEXT
    if kinds == {bool}:
        return ValueClass.BOOLEAN
    if kinds <= {float, int}:
        if lost:
            return ValueClass.FLOAT
        return ValueClass.INTEGER if all(float(cell).is_integer() for cell in cells) else ValueClass.DECIMAL
    if kinds <= {datetime.date, datetime.datetime}:
        whole = all(not isinstance(cell, datetime.datetime) or cell.time() == datetime.time() for cell in cells)
        return ValueClass.DATE if whole else ValueClass.TIMESTAMP
    return ValueClass.TIME if kinds == {datetime.time} else ValueClass.TEXT


def _text(cell: Any, kind: ValueClass) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        if kind is ValueClass.FLOAT or (isinstance(cell, float) and abs(cell) >= _EXACT):
            return repr(float(cell)) if math.isfinite(cell) else "NaN"  # never shown as if its digits were exact
        return plain(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if kind is ValueClass.DATE else cell.isoformat()
    if isinstance(cell, datetime.date):
        return cell.isoformat() + ("T00:00:00" if kind is ValueClass.TIMESTAMP else "")
    return cell.isoformat() if isinstance(cell, datetime.time) else str(cell)


if __name__ == "__main__":
    without("pandas")
    main(sys.argv[1:])
