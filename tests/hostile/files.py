"""Files made to harm whoever opens them."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

SHEET = "xl/worksheets/sheet1.xml"
_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def workbook(changes: Mapping[str, bytes | None] = {}, names: Mapping[str, bytes] = {}) -> bytes:
    """A workbook of one small sheet with parts replaced, left out (None) or added."""
    plain = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([1])
    book.save(plain)
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in archive.namelist():
            content = changes.get(name, archive.read(name))
            if content is not None:
                target.writestr(name, content)
        for name, content in names.items():
            target.writestr(name, content)
    return made.getvalue()


def sheet(rows: str) -> bytes:
    return _SHEET.format(rows).encode()


def _links() -> bytes:
    """A part that is a symbolic link."""
    made = io.BytesIO(workbook())
    with zipfile.ZipFile(made, "a") as archive:
        link = zipfile.ZipInfo("xl/link.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


def _varint(number: int) -> bytes:
    """A positive number as Thrift's compact protocol writes it."""
    number, found = number << 1, bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def parquet(rows: int = 300) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array(range(rows), pa.int64()), "b": ["x"] * rows}), made, use_dictionary=True)
    return made.getvalue()


def claiming(rows: int) -> bytes:
    """Parquet of 300 rows whose footer says that they are so many."""
    plain = parquet(300)
    size = int.from_bytes(plain[-8:-4], "little")
    footer = plain[-8 - size : -8].replace(_varint(300), _varint(rows))
    return plain[: -8 - size] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def with_footer_of(size: int) -> bytes:
    plain = parquet()
    return plain[:-8] + (size & 0xFFFF_FFFF).to_bytes(4, "little") + plain[-4:]


def dictionary_bomb(path: Path, value: int, rows: int) -> None:
    """A file of a few KB whose one column holds so many rows of the same text of so many bytes."""
    codes = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * value]))
    pq.write_table(pa.table({"v": codes}), path, compression="zstd", store_schema=False)


# name → (content, a word of the reason)
WORKBOOKS: dict[str, tuple[bytes, str]] = {
    "inflated": (workbook({SHEET: sheet("<row><c/></row>" * 4_000_000)}), "packed"),
    "far cells": (
        workbook({SHEET: sheet('<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"/></row>')}), "spans"),
    "outside entity": (workbook({SHEET: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sheet("")}), "document type"),
    "billion laughs": (workbook({SHEET: f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>'.encode() + sheet("&l9;")}), "document type"),
    "name that climbs": (workbook(names={"../../../tmp/x.xml": b"x"}), "leads out"),
    "absolute name": (workbook(names={"/etc/cron.d/x": b"x"}), "leads out"),
    "name of Windows": (workbook(names={"..\\..\\x.xml": b"x"}), "leads out"),
    "link": (_links(), "is a link"),
    "many parts": (workbook(names={f"x/{n}": b"" for n in range(2_100)}), "parts"),
}  # fmt: skip
NO_WORKBOOKS = {
    "empty": b"", "text": b"a,b\n1,2\n", "cut": workbook()[:-40], "zip of nothing": workbook({"xl/workbook.xml": None}),
    "old form": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500,
}  # fmt: skip
PARQUETS = {
    "empty": b"", "magic alone": b"PAR1PAR1", "text": b"a,b\n1,2\n", "cut": parquet()[:-20], "footer gone": parquet()[:-8] + b"\0" * 8,
    "footer of nothing": with_footer_of(0), "footer beyond the file": with_footer_of(1 << 20), "footer of 4 GB": with_footer_of(-1),
    "footer of noise": b"PAR1" + b"\xff" * 200 + (200).to_bytes(4, "little") + b"PAR1",
    "encrypted": parquet()[:-4] + b"PARE",
}  # fmt: skip
