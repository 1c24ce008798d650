"""Tables that people wrote: a workbook, a CSV file or a paste becomes rows by the names of their columns, each with its line.

Printed tables have titles above the head, heads of two rows, merged cells, full-width letters and blank rows; all of that is read,
and what is not understood is said by line. A workbook is taken apart by the guarded child of the scanner, never in this process.
"""

import csv
import io
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from core.exporting import unarmed
from core.texts import Text, clean
from scanner.connectors import workbook
from scanner.errors import SourceError
from scanner.guard import Limits

MAX_BYTES = 10 << 20
MAX_ROWS = 20_000
MAX_COLUMNS = 200
LIMITS = replace(
    Limits(), workbook_bytes=60 << 20, workbook_cells=4_000_000, workbook_seconds=30, workbook_memory=2 << 30
)
CELL = 5_000  # characters of a cell that are read
HEAD_WITHIN = 20  # rows; a title and notes may stand above
Grid = list[list[str]]


class TableError(ValueError):
    """A table that cannot be read at all; its text says why and what to do."""


class Problem(NamedTuple):
    """What is wrong with one line of a table. ``field`` is the key of the column, "" for the line as a whole."""

    line: int
    field: str
    text: Text

    def __str__(self) -> str:
        return _("第 %(line)s 行：%(text)s") % {"line": self.line, "text": self.text}


@dataclass(frozen=True)
class Labels:
    """The columns that a table may have: key → the heads it is known by, the first one being ours."""

    names: Mapping[str, Sequence[str]]
    needed: Sequence[str]
    plain: frozenset[str] = frozenset()  # keys whose values are codes: full-width letters become plain ones
    least: int = 1  # how many known heads make a row the head
    opening: Sequence[str] = ()  # with which a printed block begins; without, one that is needed

    def key(self, head: str) -> str:
        """The column that a head names, "" for an unknown one. What stands in brackets counts when the head is known by it."""
        return self._by_head.get(_whole(head)) or self._by_head.get(_bare(head), "")

    @cached_property
    def _by_head(self) -> dict[str, str]:
        return {_whole(name): key for key, names in self.names.items() for name in names}


@dataclass(frozen=True)
class Table:
    """Rows by key of column, with the line each stands on; heads that mean nothing to us."""

    rows: list[tuple[int, dict[str, str]]]
    unknown: tuple[str, ...] = ()


def read_file(name: str, content: bytes, labels: Labels) -> Table:
    """A workbook (its first sheet with a known head) or a CSV file. Raises TableError."""
    return _first_known(read_grids(name, content), labels)


def read_grids(name: str, content: bytes) -> dict[str, Grid]:
    """The cells of every sheet of a workbook, or of a CSV file (its only sheet is called ""). Raises TableError."""
    if len(content) > MAX_BYTES:
        raise TableError(_("文件超过 %(size)s MB，请分成几份。") % {"size": MAX_BYTES >> 20})
    if content.startswith((b"PK\x03\x04", workbook.OLD_MAGIC)) or name.lower().endswith((".xlsx", ".xlsm")):
        return _sheets(name, content)
    return {"": grid_of(_decoded(content))}


def read_text(text: str, labels: Labels) -> Table:
    """A paste from a spreadsheet (tabs) or CSV text. Raises TableError."""
    return read_grid(grid_of(text), labels)


def grid_of(text: str) -> Grid:
    """Cells of a text, apart by tabs or commas, whichever its first rows have more of. Raises TableError."""
    top = "\n".join(text.split("\n", HEAD_WITHIN)[:HEAD_WITHIN])
    delimiter = "\t" if top.count("\t") > top.count(",") or "\t" in top.partition("\n")[0] else ","
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error as error:
        raise TableError(_("表格无法解析：%(detail)s。请检查引号是否成对。") % {"detail": error}) from None


def read_grid(grid: Grid, labels: Labels) -> Table:
    """Raises TableError without a head, without a needed column, or with too many rows."""
    found = _head(grid, labels)
    if found is None:
        needed = _("、").join(labels.names[key][0] for key in labels.needed)
        raise TableError(_("前 %(rows)s 行没有表头，至少应有：%(heads)s。") % {"rows": HEAD_WITHIN, "heads": needed})
    keys, heads, first = found
    missing = [labels.names[key][0] for key in labels.needed if key not in keys]
    if missing:
        raise TableError(_("表头缺少：%(names)s。") % {"names": _("、").join(missing)})
    if len(grid) - first > MAX_ROWS:
        raise TableError(_("超过 %(rows)s 行，请分成几份。") % {"rows": f"{MAX_ROWS:,}"})
    unknown = tuple(dict.fromkeys(head for key, head in zip(keys, heads, strict=True) if not key and head))
    return Table(_rows(grid, first, keys, labels), unknown)


def _rows(grid: Grid, first: int, keys: Sequence[str], labels: Labels) -> list[tuple[int, dict[str, str]]]:
    """The rows below the head; blank ones are left out, and a column that stands there twice counts where it is filled."""
    import pandas  # slow import: half a second

    body = [(row + [""] * len(keys))[: len(keys)] for row in grid[first:]]
    if not body:
        return []
    frame = pandas.DataFrame(body, dtype=str, index=range(first + 1, first + 1 + len(body)))
    frame = frame.map(tidy)
    frame = frame[(frame != "").any(axis=1)]
    known: dict[str, pandas.Series] = {}
    for place, key in enumerate(keys):
        if key:
            column = frame[place].map(plain) if key in labels.plain else frame[place]
            known[key] = known[key].where(known[key] != "", column) if key in known else column
    kept = pandas.DataFrame(known, index=frame.index)
    return [(int(line), dict(row)) for line, row in zip(kept.index, kept.to_dict("records"), strict=True)]


def _head(grid: Grid, labels: Labels) -> tuple[list[str], list[str], int] | None:
    """(key of each column, its head, index of the first row below) of the head: one row, or two held together."""
    for at, row in enumerate(grid[:HEAD_WITHIN]):
        keys = [labels.key(cell) for cell in row[:MAX_COLUMNS]]
        if sum(1 for key in set(keys) if key) < max(labels.least, min(2, len(labels.needed))):
            continue
        below = grid[at + 1][:MAX_COLUMNS] if at + 1 < len(grid) else []
        filled = [cell for cell in below if cell.strip()]
        if filled and all(_is_head(cell, row, labels) for cell in filled):
            width = max(len(row), len(below))
            both = list(zip(_wide(row, width), _wide(below, width), strict=True))
            return [labels.key(low) or labels.key(up) for up, low in both], [low or up for up, low in both], at + 2
        return keys, [cell.strip() for cell in row[:MAX_COLUMNS]], at + 1
    return None


def _is_head(cell: str, above: Sequence[str], labels: Labels) -> bool:
    return bool(labels.key(cell)) or cell in above


def _wide(row: Sequence[str], width: int) -> list[str]:
    cells = [cell.strip() for cell in row[:MAX_COLUMNS]]
    return cells + [""] * (min(width, MAX_COLUMNS) - len(cells))


def _sheets(name: str, content: bytes) -> dict[str, Grid]:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        try:
            return workbook.grids(Path(file.name), clean(name, 100), LIMITS)
        except SourceError as error:
            if error.code == "not_a_workbook":
                raise TableError(_("%(name)s 不是 xlsx 工作簿。") % {"name": clean(name, 100)}) from None
            raise TableError(
                _("%(name)s 被安全检查拒绝：内容过大、过密或结构异常。") % {"name": clean(name, 100)}
            ) from None


def _first_known(sheets: Mapping[str, Grid], labels: Labels) -> Table:
    """The first sheet that can be read; the complaint about the first filled one when none can."""
    complaint: TableError | None = None
    for grid in sheets.values():
        try:
            return read_grid(grid, labels)
        except TableError as error:
            complaint = complaint or error
    raise complaint or TableError(_("工作簿是空的。"))


def _decoded(content: bytes) -> str:
    if b"\x00" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(_("这不是文本文件，也不是 xlsx 工作簿。"))
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(_("无法识别文件编码，请另存为 UTF-8 或 GB18030。"))


def _whole(head: str) -> str:
    """A head without blanks, full-width forms and stars."""
    return "".join(unicodedata.normalize("NFKC", head).split()).lower().strip("*:")


def _bare(head: str) -> str:
    """The same without what stands in brackets: "数据 格式（必填）*" is 数据格式."""
    text = _whole(head)
    return text.partition("(")[0].strip("*:") or text


def tidy(cell: str) -> str:
    """Without blanks of every kind at the ends, lines ended alike, and without the apostrophe before what is no formula."""
    text = unarmed(cell).replace("\r\n", "\n").replace("\r", "\n")
    return clean(text.strip().strip("\u3000\ufeff\u200b").strip(), CELL)


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
