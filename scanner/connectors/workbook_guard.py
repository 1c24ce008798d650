"""A workbook is a zip file from a stranger: what it may be before anything parses it.

Refused: too many members, too much or too dense content (counted while inflating, because headers lie), names that
lead out, document types and entities (XXE, billion laughs), and sheets whose cell references span a grid that would not
fit in memory: 1.4 KB can name the cells A1 and XFD1048576.
"""

import re
import stat
import zipfile
from typing import IO

from scanner.errors import Said, SourceError, said
from scanner.guard import Limits

_BLOCK = 1 << 20
_DENSE_ABOVE = 1 << 20  # bytes; small members may be as dense as they like
_OVERLAP = 64  # a pattern may lie across two blocks
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_REFERENCE = re.compile(
    rb'\sr\s*=\s*["\']\$?([A-Za-z]{1,3})\$?([0-9]{1,7})["\']|<(?:\w+:)?row\s[^>]{0,40}?r\s*=\s*["\']([0-9]{1,7})["\']'
)


def check(file: IO[bytes], shown: str, limits: Limits) -> None:
    """SourceError not_a_workbook or file_rejected; leaves the file at its start."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in {name.replace("\\", "/").lower() for name in names}:
                raise SourceError("not_a_workbook", path=shown)
            if len(members) > limits.workbook_members:
                raise _rejected(shown, said("it has more than {limit} parts", limit=limits.workbook_members))
            left = limits.workbook_bytes
            for member in members:
                _check_name(member, shown)
                left -= _check_content(archive, member, shown, left, limits)
    except SourceError:
        raise
    except (zipfile.BadZipFile, EOFError):
        raise SourceError("not_a_workbook", path=shown) from None
    except (NotImplementedError, RuntimeError, OSError, ValueError, zipfile.LargeZipFile) as error:
        raise _rejected(shown, said("it cannot be unpacked: {error}", error=str(error))) from None
    except Exception as error:  # zlib.error and whatever else a broken archive brings about
        raise _rejected(shown, said("it cannot be unpacked: {error}", error=type(error).__name__)) from None
    file.seek(0)


def _check_name(member: zipfile.ZipInfo, shown: str) -> None:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        raise _rejected(shown, said("a part of it has a name that leads out of the archive"))
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _rejected(shown, said("a part of it is a link"))
    if member.flag_bits & 1:
        raise _rejected(shown, said("it is encrypted"))


def _check_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str, left: int, limits: Limits) -> int:
    """Bytes of the inflated member."""
    size, tail, grid = 0, b"", _Grid()
    is_xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    is_sheet = "worksheets/" in member.filename.lower()
    with archive.open(member) as part:
        while block := part.read(_BLOCK):
            size += len(block)
            if size > left:
                raise _rejected(shown, said("it holds more than {limit} MiB", limit=limits.workbook_bytes >> 20))
            if size > _DENSE_ABOVE and size > limits.workbook_ratio * max(1, member.compress_size):
                raise _rejected(
                    shown, said("a part of it is packed more than {limit} times", limit=limits.workbook_ratio)
                )
            piece = tail + block
            if is_xml and _DOCTYPE.search(piece.replace(b"\0", b"")):  # UTF-16 too
                raise _rejected(shown, said("it declares a document type or an entity"))
            if is_sheet and grid.see(piece) > limits.workbook_cells:
                raise _rejected(shown, said("a sheet spans more than {limit} cells", limit=limits.workbook_cells))
            tail = piece[-_OVERLAP:]
    return size


class _Grid:
    """The largest grid that cell references of a sheet span: what a reader that fills it would allocate."""

    def __init__(self) -> None:
        self._rows = self._columns = 1

    def see(self, text: bytes) -> int:
        for letters, digits, row in _REFERENCE.findall(text):
            self._rows = max(self._rows, int(digits or row))
            if letters:
                self._columns = max(self._columns, column_number(letters))
        return self._rows * self._columns


def column_number(letters: bytes) -> int:
    """A is 1, XFD is 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _rejected(shown: str, reason: Said) -> SourceError:
    return SourceError("file_rejected", path=shown, reason=reason)
