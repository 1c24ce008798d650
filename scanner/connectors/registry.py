"""The kinds of source there are: ours by dotted path, others by the entry-point group ``datagene.connectors``."""

import importlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from scanner.connectors.base import Connector, load_driver
from scanner.errors import SourceError, said
from scanner.guard import OPEN, HostPolicy, Limits

GROUP = "datagene.connectors"
_OURS = {
    "postgresql": "scanner.connectors.postgresql:PostgreSQL",
    "mysql": "scanner.connectors.mysql:MySQL",
    "sqlite": "scanner.connectors.sqlite:SQLite",
    "files": "scanner.connectors.files:Files",
}


@cache
def _paths() -> dict[str, str]:
    """Ours come last in the merge: a package cannot take over a kind of ours."""
    return {point.name: point.value for point in entry_points(group=GROUP)} | _OURS


KINDS: tuple[str, ...] = (*_OURS, *(kind for kind in _paths() if kind not in _OURS))


def connector_class(kind: str) -> type[Connector]:
    """The connector of a kind; SourceError unsupported when there is none. Does not need the driver."""
    path = _paths().get(kind)
    if path is None:
        raise SourceError("unsupported", kind=kind, feature=said("connections"))
    module, _, name = path.partition(":")
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, Connector)):
        raise SourceError("unsupported", kind=kind, feature=said("the Connector interface"))
    return found


def open_source(
    kind: str,
    parameters: Mapping[str, Any],
    secrets: Mapping[str, str] | None = None,
    *,
    limits: Limits | None = None,
    hosts: HostPolicy = OPEN,
    folders: Sequence[Path] | None = None,
) -> Connector:
    """A connector ready for use (it connects on first use); SourceError driver_missing, bad_parameter."""
    found = connector_class(kind)
    if found.driver is not None:
        load_driver(kind, found.driver)
    return found(parameters, secrets, limits=limits, hosts=hosts, folders=folders)
