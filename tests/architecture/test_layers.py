"""Who may lean on whom: imports (import-linter), foreign keys (which imports do not show), writes (services only)."""

import ast
import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField

from tests.architecture.source import APPS, ROOT, product, tree

RANKS = {name: rank for rank, name in enumerate(("core", *APPS))}
WRITES = {"save", "create", "update", "delete", "get_or_create", "update_or_create"}
BOUNDARY = {"views.py", "api.py", "jobs.py", "forms.py", "filters.py", "serializers.py", "admin.py"}


def test_imports_keep_the_layers() -> None:
    """In a process of its own: the linter switches off every logger of the one it runs in."""
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_foreign_keys_never_point_up() -> None:
    up = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in RANKS
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey | ManyToManyField)
        and RANKS.get(field.related_model._meta.app_label, -1) > RANKS[model._meta.app_label]
    ]
    assert up == []


def _is_boundary(path: Path) -> bool:
    inside = path.parts[0] in (*APPS, "core")
    return inside and (
        path.name in BOUNDARY or {"views", "api", "serializers"} & set(path.parts) or "commands" in path.parts
    )


def _writes(path: Path) -> list[str]:
    """Calls such as ``x.objects.create(…)`` or ``row.save()``; a call with a dict or on a service module is not one."""
    found = []
    for node in ast.walk(tree(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, owner = node.func.attr, ast.unparse(node.func.value)
        writes = name.startswith("bulk_") or name in WRITES
        if writes and (
            "objects" in owner or (name in ("save", "delete") and not owner.startswith(("super()", "self")))
        ):
            found.append(f"{path}:{node.lineno} {owner}.{name}")
    return found


def test_only_services_write() -> None:
    assert [line for path in product() if _is_boundary(path) for line in _writes(path)] == []
