"""xlsx workbooks: checked, then taken apart by a child process that may die without harm (``workbook_child.py``)."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

import scanner
from scanner.connectors import workbook_guard
from scanner.errors import SourceError, said
from scanner.guard import Limits, open_file
from scanner.model import Column, ValueClass

OLD_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what an xls file of 1997 to 2003 begins with
_ROOT = str(Path(scanner.__file__).parents[1])
LOST_DIGITS = "数字超过 15 位，末尾数字已丢失 (digits lost: a workbook keeps only 15)"


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    columns: tuple[Column, ...]
    rows: int
    file: Path


class Workbook:
    """The sheets of one workbook; holds a temporary folder until ``close``."""

    def __init__(self, path: Path, shown: str, limits: Limits) -> None:
        """SourceError not_a_workbook, file_rejected, too_large, no_such_path."""
        self._folder = tempfile.TemporaryDirectory(prefix="datagene-workbook-")
        try:
            self.sheets = _sheets(path, shown, Path(self._folder.name), limits)
        except BaseException:
            self._folder.cleanup()
            raise

    def close(self) -> None:
        self._folder.cleanup()


def grids(path: Path, shown: str, limits: Limits) -> dict[str, list[list[str]]]:
    """Every cell of every sheet as text in its place, for tables that people wrote; xls too. SourceError as ``Workbook``."""
    with tempfile.TemporaryDirectory(prefix="datagene-workbook-") as folder:
        found = _taken_apart(path, shown, Path(folder), limits, "grid")
    return {item["sheet"]: item["grid"] for item in found}


def batches(sheet: Sheet, wanted: Sequence[int]) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(sheet.file), "rb") as source, pa.ipc.open_file(source) as reader:
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number).select(list(wanted))


def _sheets(path: Path, shown: str, folder: Path, limits: Limits) -> tuple[Sheet, ...]:
    return tuple(
        Sheet(item["sheet"], tuple(_columns(item["columns"])), item["rows"], folder / f"{number}.arrow")
        for number, item in enumerate(_taken_apart(path, shown, folder, limits))
    )


def _taken_apart(path: Path, shown: str, folder: Path, limits: Limits, *how: str) -> list[dict[str, Any]]:
    with os.fdopen(open_file(path, limits.workbook_bytes), "rb") as file:
        # An xls file is no archive: only the limits of the child hold it.
        if how != ("grid",) or file.read(len(OLD_MAGIC)) != OLD_MAGIC:
            workbook_guard.check(file, shown, limits)
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # the child reads the descriptor; file.seek may stay within its buffer
        _run_child(file.fileno(), shown, folder, limits, *how)
    try:
        found: list[dict[str, Any]] = json.loads((folder / "sheets.json").read_text(encoding="utf-8"))
    except OSError:
        raise SourceError("not_a_workbook", path=shown) from None
    return found


def _columns(found: Sequence[dict[str, str]]) -> Iterator[Column]:
    for position, item in enumerate(found, 1):
        comment = LOST_DIGITS if item["lost"] else ""
        yield Column(item["name"], position, item["class"], ValueClass(item["class"]), comment=comment)


def _run_child(descriptor: int, shown: str, folder: Path, limits: Limits, *how: str) -> None:
    """SourceError file_rejected when the child is killed, not_a_workbook when it gives up by itself."""
    seconds = round(limits.workbook_seconds)
    command = [
        sys.executable, "-m", "scanner.connectors.workbook_child",
        str(folder), str(limits.workbook_memory), str(seconds), *how,
    ]  # fmt: skip
    environment = {"PYTHONPATH": _ROOT, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, stdin=descriptor, capture_output=True, timeout=seconds, check=False, env=environment, cwd=folder
        )
    except subprocess.TimeoutExpired:
        reason = said("reading it took more than {seconds} s", seconds=seconds)
        raise SourceError("file_rejected", path=shown, reason=reason) from None
    if done.returncode == 0:
        return
    told = done.stderr.decode(errors="replace")
    if done.returncode < 0 or "MemoryError" in told or "memory allocation" in told:
        raise SourceError("file_rejected", path=shown, reason=said("reading it needs more memory or time than allowed"))
    last = told.strip().splitlines()[-1] if told.strip() else said("it cannot be read")
    if "calamine" in last.lower() or "Error" in last:
        raise SourceError("not_a_workbook", path=shown)
    raise SourceError("file_rejected", path=shown, reason=last)
