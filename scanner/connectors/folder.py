"""What lies in a folder: every step is taken from a directory that was looked at, so that no swapped link leads out."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from scanner.connectors import canonical
from scanner.errors import SourceError, said
from scanner.guard import Limits, inside, real_path
from scanner.model import Unreadable

TEXTS = (".csv", ".tsv", ".tab")
WORKBOOKS = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")
_DEPTH = 32  # of sub-folders
_ENTRIES = 1_000_000  # of one folder that are looked at


@dataclass
class Walk:
    """What was found: (schema, file) in order, what stands in the way of reading, and how many files are too many."""

    files: list[tuple[str, Path]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    cut: int = 0


def root_of(path: Path, allowed: tuple[Path, ...] | None) -> Path:
    """The folder of a source, links followed; SourceError bad_parameter, no_such_path, outside_folder."""
    if not path.is_absolute():
        raise SourceError("bad_parameter", name="path", reason=said("must be absolute"))
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise SourceError("no_such_path", path=str(path)) from None
    if not root.is_dir():
        raise SourceError("no_such_path", path=f"{path} (it is no folder)")
    if allowed is not None and not any(root.is_relative_to(folder) for folder in allowed):
        raise SourceError("outside_folder", path=str(path))
    return root


def walk(root: Path, limits: Limits) -> Walk:
    """Every file under ``root`` that claims to be a table, the first ``limits.tables`` by folder and name."""
    found, waiting = Walk(), [("", root)]
    end = time.monotonic() + limits.answer_seconds
    while waiting:
        schema, folder = waiting.pop()
        try:
            with _entries(folder) as entries:
                for entry in entries:
                    _look_at(entry, schema, folder, root, found, waiting)
        except SourceError:
            if not schema:
                raise
            found.unreadable.append(
                Unreadable(f"{schema}/", said("the account may not read the folder {folder}", folder=schema))
            )
        if time.monotonic() > end:
            raise SourceError("too_large", object=said("the folder"), reason=said("it takes too long to list"))
    found.files.sort(key=lambda item: (item[0], item[1].name))
    found.cut = max(0, len(found.files) - limits.tables)
    del found.files[limits.tables :]
    return found


@contextmanager
def _entries(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
    """The entries by name. The folder must be where it was said to be: not a link, nor reached through one."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise SourceError("no_permission", object=str(folder)) from None
    try:
        if real_path(descriptor, folder) != str(folder):
            raise SourceError("outside_folder", path=str(folder))
        with os.scandir(descriptor) as listed:
            yield sorted(islice(listed, _ENTRIES), key=lambda entry: entry.name)
    finally:
        os.close(descriptor)


def _look_at(
    entry: os.DirEntry[str], schema: str, folder: Path, root: Path, found: Walk, waiting: list[tuple[str, Path]]
) -> None:
    path = folder / entry.name
    name = f"{schema}/{name_of(path)}" if schema else name_of(path)
    if entry.name.startswith((".", "~$")):
        return
    if entry.is_dir(follow_symlinks=False):
        if name.count("/") < _DEPTH:
            waiting.append((name, path))
        return
    suffix = path.suffix.lower()
    if suffix == ".xls":
        reason = said("{name} is a workbook of the old form (xls); save it as xlsx", name=name)
        found.unreadable.append(Unreadable(name, reason, "unsupported"))
    if suffix not in (*TEXTS, *WORKBOOKS, *PARQUET):
        return
    try:
        inside(root, path)  # a link is followed only to a file inside the folder
    except SourceError as error:
        found.unreadable.append(Unreadable(name, SourceError(error.code, path=name).said, error.code))
        return
    found.files.append((schema, path))


def name_of(path: Path) -> str:
    """A file's name as text: archives from Windows leave names in GB18030, which are bytes to us."""
    return canonical.decode(os.fsencode(path.name))


def stem(path: Path) -> str:
    return Path(name_of(path)).stem


def quoted(name: str) -> str:
    """An identifier for DuckDB, to which Name and name are one: names with capitals are told apart by their digest."""
    if name != name.lower():
        name += "~" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return '"' + name.replace('"', '""') + '"'
