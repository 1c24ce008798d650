"""Where a source may be: networks and folders, by settings; and how the worker opens one.

``SOURCE_NETWORKS``: CIDR ranges that sources of every agency may stand in, or ("*",) for all; further ranges are opened
for one agency and those below it by its security administrator (``AllowedNetwork``). ``SOURCE_FOLDERS``: folders that
SQLite and file sources may lie in. Without folders a development machine takes any, production none (docs/settings.md).
Uploaded files have a store of their own.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from accounts.models import Agency
from assets.models import DataSource
from assets.selectors.networks import networks_of
from core import crypto
from scanner.apart import Apart
from scanner.connectors.base import Connector
from scanner.connectors.registry import connector_class, open_source
from scanner.errors import SourceError
from scanner.guard import OPEN, HostPolicy, Limits


def host_policy(agency: Agency) -> HostPolicy:
    """Where sources of ``agency`` may stand; our own servers (``SOURCE_REFUSED``) nowhere."""
    if "*" in settings.SOURCE_NETWORKS:
        return replace(OPEN, refused=tuple(settings.SOURCE_REFUSED))
    return HostPolicy.of([*settings.SOURCE_NETWORKS, *networks_of(agency)], settings.SOURCE_REFUSED)


def upload_store() -> Path:
    """Where uploaded files lie, one folder an upload."""
    return Path(settings.DATA_DIR) / "uploads"


def check_path(path: str) -> Path:
    """The real path; SourceError outside_folder unless a person may name it. Links are followed first.

    The store of uploads is nobody's to name: a folder in it belongs to the one source that its upload made.
    """
    real = Path(path).resolve()
    store = upload_store().resolve()
    folders = [Path(folder).resolve() for folder in settings.SOURCE_FOLDERS]
    anywhere = not folders and not settings.PRODUCTION
    overlaps = real.is_relative_to(store) or store.is_relative_to(real)
    if overlaps or not (anywhere or any(real.is_relative_to(folder) for folder in folders)):
        raise SourceError("outside_folder", path=path)
    return real


def check_stored_path(path: str) -> Path:
    """The same for a path that a source already has: an upload's own folder, or what a person may name."""
    real = Path(path).resolve()
    return real if real.parent == upload_store().resolve() else check_path(path)


@sensitive_variables()
def open_connector(source: DataSource, *, alone: bool = False) -> Connector | Apart:
    """What reads ``source``. Only jobs call this: secrets are unsealed nowhere but in a worker.

    ``alone``: by a job that holds the source for itself, so that whatever session is left of an earlier one is dead.
    """
    found = connector_class(source.kind)
    limits = Limits(tables=settings.SOURCE_MAX_TABLES, columns=settings.SOURCE_MAX_COLUMNS)
    paths = [source.parameters.get(field.name) for field in found.parameters if field.type == "path"]
    folders = [check_stored_path(path) for path in paths if path]  # what was approved now is what is opened later
    if found.reads_files:
        return Apart(source.kind, source.parameters, limits, folders)
    connector = open_source(
        source.kind, source.parameters, _secrets(source), limits=limits, hosts=host_policy(source.agency),
        folders=folders,
    )  # fmt: skip
    connector.sole_session = str(source.pk) if alone else ""
    return connector


@sensitive_variables()
def seal_secrets(source: DataSource, secrets: Mapping[str, str]) -> str:
    """One token over all secrets that are given; "" for none."""
    given = {name: value for name, value in secrets.items() if value}
    return crypto.seal(json.dumps(given), crypto.aad(source, "sealed_secrets")) if given else ""


@sensitive_variables()
def _secrets(source: DataSource) -> dict[str, str]:
    if not source.sealed_secrets:
        return {}
    opened: dict[str, str] = json.loads(crypto.unseal(source.sealed_secrets, crypto.aad(source, "sealed_secrets")))
    return opened


def is_uploaded(source: DataSource) -> bool:
    """Whether the source is a folder of our own upload store, whose path nobody types."""
    path = source.parameters.get("path", "")
    return bool(path) and Path(path).is_relative_to(upload_store())
