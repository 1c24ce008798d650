"""Registering sources: who may, what is refused, and where secrets go."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from assets import policy
from assets.models import DataSource
from assets.selectors.register import sources_visible_to
from assets.services import sources, systems
from core import crypto
from core.models import AuditEntry, Schedule, SearchDocument

pytestmark = pytest.mark.django_db

POSTGRES = {"host": "10.2.3.4", "port": 5432, "user": "reader", "database": "people"}


def register(city: SimpleNamespace, **fields: Any) -> DataSource:
    given: dict[str, Any] = {"kind": "postgresql", "name": "人口库", "parameters": POSTGRES}
    return sources.register_source(actor=city.police.manager, agency=city.police.agency, **{**given, **fields})


def test_the_password_is_sealed_and_appears_nowhere(city: SimpleNamespace) -> None:
    source = register(city, secrets={"password": "s3cret-口令"})
    assert source.sealed_secrets.startswith("v1:")
    assert "s3cret" not in repr(vars(source)) + source.sealed_secrets
    assert "s3cret" not in str(list(AuditEntry.objects.values()))
    assert (
        crypto.unseal(source.sealed_secrets, crypto.aad(source, "sealed_secrets"))
        == '{"password": "s3cret-\\u53e3\\u4ee4"}'
    )


def test_a_sealed_password_does_not_open_in_another_row(city: SimpleNamespace) -> None:
    one = register(city, secrets={"password": "s3cret"})
    two = register(city, name="户籍库")
    DataSource.objects.filter(pk=two.pk).update(sealed_secrets=one.sealed_secrets)
    two.refresh_from_db()
    with pytest.raises(crypto.CryptoError):
        policy.open_connector(two)


def test_who_points_a_source_elsewhere_enters_the_password_anew(city: SimpleNamespace) -> None:
    source = register(city, secrets={"password": "s3cret"})
    moved = {**POSTGRES, "host": "10.9.9.9"}
    with pytest.raises(ValidationError) as refused:
        sources.update_source(actor=city.police.manager, source=source, parameters=moved)
    assert refused.value.message_dict == {"secrets": ["连接参数已改变，请重新填写口令。"]}
    sources.update_source(actor=city.police.manager, source=source, parameters=moved, secrets={"password": "new"})
    source.refresh_from_db()
    assert source.parameters["host"] == "10.9.9.9"


def test_a_change_without_secrets_keeps_them(city: SimpleNamespace) -> None:
    source = register(city, secrets={"password": "s3cret"})
    sources.update_source(actor=city.police.manager, source=source, name="人口基础库")
    after = DataSource.objects.get()
    assert (after.name, after.sealed_secrets) == ("人口基础库", source.sealed_secrets)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "oracle99"}, "kind"),
        ({"parameters": {**POSTGRES, "host": "10.2.3.4,evil"}}, "parameters.host"),
        ({"parameters": {**POSTGRES, "port": 99999}}, "parameters.port"),
        ({"parameters": {**POSTGRES, "options": "-c x=y"}}, "parameters.options"),
        ({"parameters": {"port": 5432, "user": "a", "database": "b"}}, "parameters.host"),
        ({"secrets": {"pin": "1"}}, "secrets.pin"),
        ({"name": ""}, "name"),
        ({"census_cron": "every day"}, "census_cron"),
    ],
)
def test_bad_input_names_the_field(city: SimpleNamespace, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        register(city, **fields)
    assert list(refused.value.message_dict) == [field]
    assert DataSource.objects.count() == 0


def test_a_name_is_used_once_in_an_agency(city: SimpleNamespace) -> None:
    register(city)
    with pytest.raises(ValidationError):
        register(city)
    sources.register_source(
        actor=city.civil.manager, agency=city.civil.agency, kind="postgresql", name="人口库", parameters=POSTGRES
    )


def test_only_a_manager_of_the_agency_registers(city: SimpleNamespace) -> None:
    for person in (city.police.steward, city.police.viewer, city.civil.manager):
        with pytest.raises(PermissionDenied):
            sources.register_source(
                actor=person, agency=city.police.agency, kind="postgresql", name="x", parameters=POSTGRES
            )


def test_a_folder_outside_the_allowed_ones_is_refused(city: SimpleNamespace, settings: Any, tmp_path: Any) -> None:
    settings.SOURCE_FOLDERS = (str(tmp_path / "data"),)
    with pytest.raises(ValidationError) as refused:
        register(city, kind="files", parameters={"path": "/etc"})
    assert list(refused.value.message_dict) == ["parameters.path"]


def test_schedules_follow_the_source(city: SimpleNamespace) -> None:
    source = register(city, census_cron="0 2 * * *", scan_cron="0 3 * * 0")
    assert dict(Schedule.objects.values_list("kind", "cron")) == {
        "assets.census": "0 2 * * *", "assets.scan": "0 3 * * 0",
    }  # fmt: skip
    sources.disable_source(actor=city.police.manager, source=source)
    assert set(Schedule.objects.values_list("enabled", flat=True)) == {False}
    sources.enable_source(actor=city.police.manager, source=source)
    sources.update_source(actor=city.police.manager, source=source, scan_cron="")
    assert list(Schedule.objects.values_list("kind", "enabled")) == [("assets.census", True)]
    sources.remove_source(actor=city.police.manager, source=source)
    assert not Schedule.objects.exists()


def test_a_removed_source_keeps_no_secret_and_is_found_nowhere(city: SimpleNamespace) -> None:
    source = register(city, secrets={"password": "s3cret"})
    assert SearchDocument.objects.filter(kind="source").count() == 1
    sources.remove_source(actor=city.police.manager, source=source)
    assert DataSource.objects.get().sealed_secrets == ""
    assert list(sources_visible_to(city.police.manager)) == []
    assert SearchDocument.objects.filter(kind="source").count() == 0
    register(city)  # its name is free again


def test_a_system_and_its_source_belong_to_one_agency(city: SimpleNamespace) -> None:
    system = systems.create_system(actor=city.civil.manager, agency=city.civil.agency, code="S1", name="婚姻登记系统")
    with pytest.raises(ValidationError) as refused:
        register(city, system=system)
    assert list(refused.value.message_dict) == ["system"]


def test_a_system_with_sources_is_not_deleted(city: SimpleNamespace) -> None:
    system = systems.create_system(actor=city.police.manager, agency=city.police.agency, code="S1", name="户籍系统")
    source = register(city, system=system)
    with pytest.raises(ValidationError):
        systems.delete_system(actor=city.police.manager, system=system)
    sources.remove_source(actor=city.police.manager, source=source)
    systems.delete_system(actor=city.police.manager, system=system)
    assert SearchDocument.objects.filter(kind="system").count() == 0
