"""Uploaded files as a source: a folder of our own for each upload, read by the ``files`` connector like any other."""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from assets import policy
from assets.models import DataSource
from assets.permissions import require
from assets.services.sources import register_source
from core import audit

ENDINGS = (".csv", ".tsv", ".xlsx", ".parquet")
MAX_FILES, MAX_BYTES = 50, 200 << 20  # of one upload
MAX_BODY = MAX_BYTES + (1 << 20)  # with the form around the files
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


class Upload(Protocol):
    """What this module needs of Django's uploaded file."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


def register_upload(*, actor: Person | None, agency: Agency, files: Sequence[Upload], **fields: Any) -> DataSource:
    """Store ``files`` in a folder that is named by nobody but us, and register it as a source of kind ``files``.

    The contents are judged by the census, in a worker. Raises PermissionDenied, ValidationError (no file, too many, too
    large, a kind of file that is not read, two of one name). When anything fails, no file stays.
    """
    require(actor, "source.manage", agency)
    names = _checked(files)
    folder = policy.upload_store() / uuid4().hex
    folder.mkdir(parents=True, mode=0o700)
    try:
        for name, file in zip(names, files, strict=True):
            _write(folder / name, file)
        with transaction.atomic():
            source = register_source(
                actor=actor, agency=agency, kind="files", parameters={"path": str(folder)}, uploaded=True, **fields
            )
            audit.record(
                actor=actor, verb="assets.source.upload", target=source, scope_id=agency.pk, changes={"files": names}
            )
    except BaseException:
        _discard(folder)
        raise
    return source


@transaction.atomic
def move_store(*, actor: Person | None, former: Path) -> int:
    """After the store of uploads was moved from ``former`` to where the settings say: name the new place in each source.

    Returns the number of sources changed.
    """
    store, moved = policy.upload_store(), 0
    if former == store:
        return 0
    for source in DataSource.objects.select_for_update().filter(
        kind="files", parameters__path__startswith=f"{former}/"
    ):
        old = Path(source.parameters["path"])
        if old.parent == former:
            path = str(store / old.name)
            source.parameters = {**source.parameters, "path": path}
            source.save(update_fields=["parameters"])
            changes = {"parameters": {"path": [str(old), path]}}
            audit.record(
                actor=actor, verb="assets.source.update", target=source, scope_id=source.agency_id, changes=changes
            )
            moved += 1
    return moved


def _checked(files: Sequence[Upload]) -> list[str]:
    if not files:
        raise ValidationError({"files": _("请选择文件。")})
    if len(files) > MAX_FILES or sum(file.size or 0 for file in files) > MAX_BYTES:
        limits = {"files": MAX_FILES, "size": MAX_BYTES >> 20}
        raise ValidationError({"files": _("一次最多上传 %(files)d 个文件，共 %(size)d MB。") % limits})
    names = [_safe_name(file.name or "") for file in files]
    if len({name.casefold() for name in names}) != len(names):
        raise ValidationError({"files": _("有文件重名，请改名后重新上传。")})
    return names


def _safe_name(name: str) -> str:
    """The last part of a name in one spelling of Unicode, without characters that mean something to a file system."""
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])).strip(" .")
    stem, ending = os.path.splitext(plain)
    if ending.lower() not in ENDINGS or not stem:
        shown = {"name": name, "kinds": "、".join(ENDINGS)}
        raise ValidationError({"files": _("不支持文件 %(name)s，可上传 %(kinds)s。") % shown})
    kept = stem.encode()[: 200 - len(ending)].decode(errors="ignore")
    return kept.lstrip(".") + ending


def _write(path: Path, file: Upload) -> None:
    """Count while writing: the announced size is the sender's word."""
    left = MAX_BYTES
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        for chunk in file.chunks():
            left -= len(chunk)
            if left < 0:
                raise ValidationError({"files": _("文件超过 %(size)d MB。") % {"size": MAX_BYTES >> 20}})
            target.write(chunk)


def _discard(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
