"""What a list shows, as a file: CSV or Excel, streamed, all pages, with the filters and the visibility of the page.

No cell can become a formula: text that begins like one is led by an apostrophe (CWE-1236), full-width forms included,
because spreadsheets take them for the plain ones. Who took what away is in the audit trail (`list.export`).
"""

import codecs
import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import activate, get_language
from django.utils.translation import gettext as _

from core import audit
from core.list_paging import Slice
from core.texts import Text, clean
from core.views import ListPage, is_htmx, with_query

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXCEL_ROWS = 100_000  # a workbook is written whole before it is sent; more rows go as CSV
CELL = 32_767  # characters that Excel keeps in a cell
CHUNK = 500
_TRIGGERS = tuple("=+-@\t\r\n＝＋－＠")
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # a workbook takes _x0041_ for an A
_CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the file. ``value(row)`` may be text, a number, a truth value, a moment, a list or None."""

    label: Text
    value: Callable[[Any], Any]


class ExportPage(ListPage):
    """A list that can be taken away: `?export=csv` or `?export=xlsx` beside the filters. Subclasses set `exports()`."""

    export_name: ClassVar[Text] = ""  # of the file; the title when empty

    def exports(self) -> Sequence[Field]:
        return ()

    def prepare(self, rows: Sequence[Any]) -> None:
        """Load what the cells of these rows need, for a page of the list and for a piece of the file alike."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind = request.GET.get("export", "")
        if kind not in FORMATS or not self.exports() or self.refused(filterset := self.filterset(request.GET)):
            return super().get(request, *args, **kwargs)
        rows = self.everything(filterset.qs if filterset else self.queryset())
        total = rows.count()
        if kind == "xlsx" and total > EXCEL_ROWS:
            told = _("共 %(total)s 行，超过 Excel 导出的上限 %(limit)s 行。请缩小范围，或导出 CSV。")
            messages.error(request, told % {"total": f"{total:,}", "limit": f"{EXCEL_ROWS:,}"})
            return HttpResponseRedirect(request.path + with_query(request.GET, export=None))
        name = str(self.export_name or self.title)
        pieces = _pieces(rows.iterator(chunk_size=CHUNK))
        answer: HttpResponse = respond(request, kind, name, self.exports(), self._prepared(pieces), total)
        return answer

    def _prepared(self, pieces: Iterable[list[Any]]) -> Iterator[Any]:
        for piece in pieces:
            self.prepare(piece)
            yield from piece

    def list_context(self, filterset: Any, page: Slice) -> dict[str, Any]:
        self.prepare(page.object_list)
        links = export_links(self.request) if self.exports() and page.total.count else []
        return {**super().list_context(filterset, page), "exports": links, "export_anew": is_htmx(self.request)}


def export_links(request: HttpRequest) -> list[tuple[str, str]]:
    """(label, URL) of the files of what this page shows now."""
    labels = {"csv": _("CSV（不限行数）"), "xlsx": _("Excel（xlsx）")}
    return [(labels[kind], request.path + with_query(request.GET, export=kind, page=None)) for kind in FORMATS]


def respond(
    request: HttpRequest, kind: str, name: str, fields: Sequence[Field], rows: Iterable[Any], total: int
) -> Any:
    """The file as an answer, written down in the audit trail before the first row leaves."""
    query = request.GET.copy()
    query.pop("export", None)
    changes = {"format": kind, "rows": total, "query": query.urlencode()[:1000]}
    actor: Any = request.user
    audit.record(actor=actor, verb="list.export", target=request.path, target_label=name, changes=changes)
    file = f"{name}-{timezone.localtime():%Y%m%d-%H%M}.{kind}"
    stream = workbook_pieces(fields, rows, name) if kind == "xlsx" else csv_pieces(fields, rows, get_language() or "")
    return StreamingHttpResponse(
        stream,
        content_type=FORMATS[kind],
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=file)},
    )


def csv_pieces(fields: Sequence[Field], rows: Iterable[Any], language: str) -> Iterator[bytes]:
    """UTF-8 with the mark that lets Excel read it as such, CRLF, numbers plain and moments as 2026-11-25 09:14:02."""
    activate(language)  # the server asks for the pieces when the request is over
    yield codecs.BOM_UTF8
    for piece in _pieces(_cells(fields, rows)):
        buffer = io.StringIO()
        csv.writer(buffer).writerows(piece)
        yield buffer.getvalue().encode()


def workbook_pieces(fields: Sequence[Field], rows: Iterable[Any], name: str) -> Iterator[bytes]:
    """A workbook with the rows on its only sheet, the head fixed. It is written before the first piece is asked for."""
    from openpyxl import Workbook  # slow import
    from openpyxl.utils import get_column_letter  # slow import

    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(mark for mark in name if mark not in "[]:*?/\\")[:31])
    sheet.freeze_panes = "A2"
    for place in range(1, len(fields) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 18
    for line in _cells(fields, rows):
        sheet.append([_ESCAPE.sub("_x005F_", item) if isinstance(item, str) else item for item in line])
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed when it is read to its end
    book.save(file)
    return _read(file)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        yield from iter(lambda: file.read(1 << 16), b"")


def _pieces(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of at most ``CHUNK`` items."""
    source = iter(items)
    while piece := list(islice(source, CHUNK)):
        yield piece


def _cells(fields: Sequence[Field], rows: Iterable[Any]) -> Iterator[list[Any]]:
    yield [cell(str(field.label)) for field in fields]
    for row in rows:
        yield [cell(field.value(row)) for field in fields]


def cell(value: Any) -> Any:
    """A value as a cell holds it: nothing, a number that a spreadsheet keeps exactly, or text that is no formula."""
    if value is None:
        return None
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float | Decimal) and -(10**15) < value < 10**15:  # false for NaN and infinities
        return value
    if isinstance(value, datetime):
        value = f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        value = _("、").join(map(str, value))
    text = clean(value, CELL - 1).translate(_CONTROL)
    return f"'{text}" if text.lstrip("'").startswith(_TRIGGERS) else text


def unarmed(text: str) -> str:
    """What a cell of ours said before it was kept from becoming a formula."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_TRIGGERS) else text
