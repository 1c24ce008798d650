"""The source tree as the architecture tests see it: files that git knows, parsed."""

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "assets", "standards", "genes", "quality", "quantity")
PACKAGES = ("scanner", "core", *APPS, "datagene", "demo")


@functools.cache
def files() -> tuple[Path, ...]:
    """Python files of the project, migrations left out, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = (Path(line) for line in listed.splitlines())
    return tuple(path for path in found if "migrations" not in path.parts and (ROOT / path).is_file())


def product() -> list[Path]:
    return [path for path in files() if path.parts[0] in PACKAGES]


def lines(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.AST) -> int:
    return (node.end_lineno or 0) - node.lineno + 1  # type: ignore[attr-defined]
