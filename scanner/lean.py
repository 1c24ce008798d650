"""What a process that lives for a moment does without."""

import ctypes
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class _Absent:
    """A finder to whom one package does not exist. ``sys.modules[name] = None`` would confuse compiled importers."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == self._name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def without(name: str) -> None:
    """Imports of ``name`` fail from now on. Arrow tries pandas, which costs half a second, and does without."""
    sys.meta_path.insert(0, _Absent(name))


def bare_environment() -> dict[str, str]:
    """For a child that is to find this package and inherits nothing: no key, no password, no address of ours."""
    root = str(Path(__file__).parents[1])
    return {"PYTHONPATH": root, "LC_ALL": "C.UTF-8", "TMPDIR": tempfile.gettempdir()}


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, malloc.h of glibc


def settle() -> None:
    """Before numpy is imported: no threads for algebra that nobody asks for, and what buffers leave free is kept for others."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # else another C library
        mallopt(_MMAP_THRESHOLD, 32 << 20)
        mallopt(_TRIM_THRESHOLD, 32 << 20)
