"""Data sources: register, change, disable, enable, remove. Secrets go in and never come out."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import Agency, Person
from assets import documents, policy
from assets.choices import SourceState
from assets.messages import as_stored, error_text
from assets.models import DataSource
from assets.permissions import require
from assets.services import schedules
from assets.services.systems import set_fields
from core import audit, clock, search
from core.jobs import NotACronText
from core.jobs.schedules import next_due
from scanner.connectors.base import Parameter, check_text, clean
from scanner.connectors.registry import connector_class
from scanner.errors import SourceError

SOURCE_FIELDS = (
    "name", "description", "system", "contact_name", "contact_phone", "values_policy", "push_only",
    "census_cron", "scan_cron",
)  # fmt: skip


@sensitive_variables("secrets")
@transaction.atomic
def register_source(
    *,
    actor: Person | None,
    agency: Agency,
    kind: str,
    parameters: Mapping[str, Any],
    secrets: Mapping[str, str] | None = None,
    uploaded: bool = False,
    **fields: Any,
) -> DataSource:
    """A new source of ``agency``; nothing is contacted here (``request_test`` does that, in a worker).

    ``parameters`` and ``secrets`` are those of the connector of ``kind``; ``fields`` are of ``SOURCE_FIELDS``;
    ``uploaded`` says that the path is a folder of our own (``uploads.register_upload``).
    Raises PermissionDenied, ValidationError by field (``parameters.<name>`` for a connection parameter).
    """
    require(actor, "source.manage", agency)
    _known(fields)
    source = DataSource(agency=agency, kind=kind, created_by=actor, **fields)
    source.parameters = _cleaned_parameters(kind, parameters, parameters if uploaded else {})
    source.sealed_secrets = policy.seal_secrets(source, _cleaned_secrets(kind, secrets or {}))
    _check(source)
    source.save(force_insert=True)
    schedules.keep(source, actor)
    changes = {**{name: [None, str(fields[name])] for name in fields}, "kind": [None, kind]}
    changes["parameters"] = [None, source.parameters]
    _indexed_and_audited(actor, "assets.source.register", source, changes)
    return source


@sensitive_variables("secrets")
@transaction.atomic
def update_source(
    *,
    actor: Person | None,
    source: DataSource,
    parameters: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    **fields: Any,
) -> DataSource:
    """Change a source. Without secrets the stored ones stay; with any, they are replaced together.

    Whoever points a source elsewhere must enter its secrets anew: a stored password is never sent to a server
    that it was not entered for. Raises PermissionDenied, ValidationError by field.
    """
    require(actor, "source.manage", source)
    _known(fields)
    source = _locked(source)
    changes = set_fields(source, fields)
    given = {name: value for name, value in _cleaned_secrets(source.kind, secrets or {}).items() if value}
    if parameters is not None:
        cleaned = _cleaned_parameters(source.kind, parameters, source.parameters)
        moved = set_fields(source, {"parameters": cleaned})
        if moved and source.has_secrets and not given:
            raise ValidationError({"secrets": _("连接参数已改变，请重新填写口令。")})
        changes |= moved
    if given:
        source.sealed_secrets = policy.seal_secrets(source, given)
        changes["secrets"] = ["***", "***"]
    if changes:
        if source.is_active and changes.keys() & {"parameters", "secrets"}:
            source.state = SourceState.REGISTERED
        _check(source)
        source.save()
        schedules.keep(source, actor)
        _indexed_and_audited(actor, "assets.source.update", source, _as_text(changes))
    return source


@transaction.atomic
def disable_source(*, actor: Person | None, source: DataSource) -> DataSource:
    """Stop contacting a source; what is known of it stays. Raises PermissionDenied."""
    return _switch(actor, source, SourceState.DISABLED, "assets.source.disable")


@transaction.atomic
def enable_source(*, actor: Person | None, source: DataSource) -> DataSource:
    """Contact a source again, beginning with a test. Raises PermissionDenied."""
    return _switch(actor, source, SourceState.REGISTERED, "assets.source.enable")


def _switch(actor: Person | None, source: DataSource, state: SourceState, verb: str) -> DataSource:
    require(actor, "source.manage", source)
    source = _locked(source)
    if source.is_active == (state != SourceState.DISABLED):
        return source
    before, source.state = source.state, state
    source.save()
    schedules.keep(source, actor)
    _indexed_and_audited(actor, verb, source, {"state": [before, state]})
    return source


@transaction.atomic
def remove_source(*, actor: Person | None, source: DataSource) -> None:
    """Take a source off the register: secrets and schedules are destroyed, what was recorded stays for the record.

    Raises PermissionDenied.
    """
    require(actor, "source.manage", source)
    source = _locked(source)
    before, source.state, source.sealed_secrets = source.state, SourceState.REMOVED, ""
    source.save()
    schedules.keep(source, actor)
    search.remove(documents.keys_of_source(source))
    audit.record(
        actor=actor, verb="assets.source.remove", target=source, scope_id=source.agency_id,
        changes={"state": [before, source.state]},
    )  # fmt: skip


def note_contact(source: DataSource, error: SourceError | None) -> None:
    """Keep how the last contact of a job went. No audit: the job's own row says it."""
    if error is None:
        DataSource.objects.filter(pk=source.pk).exclude(state__in=_STOPPED).update(
            state=SourceState.HEALTHY, error_code="", error_params={}, error_at=None
        )
        return
    code, params = as_stored(error)
    DataSource.objects.filter(pk=source.pk).exclude(state__in=_STOPPED).update(
        state=SourceState.FAILING, error_code=code, error_params=params, error_at=clock.now()
    )


_STOPPED = (SourceState.DISABLED, SourceState.REMOVED)


def _locked(source: DataSource) -> DataSource:
    """The row as it is now, locked. Raises ValidationError when it was removed meanwhile."""
    found = DataSource.objects.select_for_update(of=("self",)).select_related("agency", "system").get(pk=source.pk)
    if found.state == SourceState.REMOVED:
        raise ValidationError(_("该数据源已移除。"))
    return found


def _known(fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - set(SOURCE_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")


def _cleaned_parameters(kind: str, parameters: Mapping[str, Any], trusted: Mapping[str, Any]) -> dict[str, Any]:
    """Typed parameters with defaults; ValidationError names the field. A ``trusted`` path is not judged again."""
    try:
        values = clean(_fields_of(kind), parameters)
        for field in _fields_of(kind):
            path = values.get(field.name) if field.type == "path" else None
            if path and path != trusted.get(field.name):
                policy.check_path(path)
    except SourceError as error:
        code, params = as_stored(error)
        name = params.get("name") if code == "bad_parameter" else "path"
        raise ValidationError({f"parameters.{name}": error_text(code, params)}) from None
    return values


@sensitive_variables("secrets")
def _cleaned_secrets(kind: str, secrets: Mapping[str, str]) -> dict[str, str]:
    known = {field.name for field in _fields_of(kind) if field.secret}
    for name, value in secrets.items():
        if name not in known:
            raise ValidationError({f"secrets.{name}": _("没有名为 %(name)s 的口令项。") % {"name": name}})
        try:
            check_text(name, value)
        except SourceError:
            raise ValidationError({f"secrets.{name}": _("口令应为不含控制字符的文本。")}) from None
    return dict(secrets)


def _fields_of(kind: str) -> tuple[Parameter, ...]:
    try:
        return connector_class(kind).parameters
    except SourceError:
        raise ValidationError({"kind": _("不支持的数据源类型：%(kind)s。") % {"kind": kind}}) from None


def _check(source: DataSource) -> None:
    unset = [field.name for field in source._meta.fields if field.null and getattr(source, field.attname) is None]
    source.full_clean(exclude=["sealed_secrets", *unset])
    for name in ("census_cron", "scan_cron"):
        cron = getattr(source, name)
        try:
            if cron:
                next_due(cron, clock.now())
        except NotACronText:
            raise ValidationError({name: _("时间表 %(cron)s 无法识别。") % {"cron": cron}}) from None
    if source.system is not None and source.system.agency_id != source.agency_id:
        raise ValidationError({"system": _("信息系统与数据源不属于同一机构。")})


def _as_text(changes: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    plain = (str, int, float, bool, dict, type(None))
    return {name: [side if isinstance(side, plain) else str(side) for side in pair] for name, pair in changes.items()}


def _indexed_and_audited(actor: Person | None, verb: str, source: DataSource, changes: Mapping[str, Any]) -> None:
    search.index([documents.of_source(source)])
    audit.record(actor=actor, verb=verb, target=source, scope_id=source.agency_id, changes=changes)
