"""Uploaded files: stored under a name of our own, registered, read by a worker, and closed to everybody else."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from assets import policy
from assets.models import DataSource, Table
from assets.services import requests, sources, uploads
from tests.assets.support import finished

pytestmark = pytest.mark.django_db


def file(name: str, content: bytes = b"a,b\n1,2\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def upload(city: SimpleNamespace, *files: SimpleUploadedFile, **fields: Any) -> DataSource:
    return uploads.register_upload(
        actor=city.police.manager, agency=city.police.agency, files=files, **{"name": "报送", **fields}
    )


def test_an_upload_is_a_source_like_any_other(city: SimpleNamespace) -> None:
    source = upload(
        city, file("企业.csv", "名称,代码\n滨海一厂,A1\n".encode("gb18030")), file("b.TSV", b"x\ty\n1\t2\n")
    )
    job = finished(requests.request_census(actor=city.police.manager, source=source))
    assert (job.state, job.partial, job.error_text) == ("succeeded", False, "")
    assert set(Table.objects.values_list("name", flat=True)) == {"企业", "b"}


def test_the_name_of_a_file_leads_nowhere(city: SimpleNamespace) -> None:
    source = upload(city, file("x.csv"))
    evil = SimpleUploadedFile("y.csv", b"a\n1\n")
    for name in ("../../etc/cron.d/x.csv", "..\\..\\x.csv", "/etc/x.csv", ".hidden.csv", "a\x00b.csv"):
        evil._name = name
        source = upload(city, evil, name=f"报送 {len(name)} {name!r}"[:50])
        (stored,) = policy.upload_store().glob(f"{source.parameters['path'].rpartition('/')[2]}/*")
        assert stored.resolve().parent == policy.upload_store().resolve() / source.parameters["path"].rpartition("/")[2]


@pytest.mark.parametrize(
    "files",
    [
        (),
        (file("run.exe"),),
        (file(".csv"),),
        (file("a.csv"), file("A.csv")),
        tuple(file(f"{n}.csv") for n in range(51)),
    ],
)
def test_what_is_not_taken_leaves_no_file(city: SimpleNamespace, files: tuple[SimpleUploadedFile, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        upload(city, *files)
    assert list(refused.value.message_dict) == ["files"]
    assert not policy.upload_store().exists() or not list(policy.upload_store().iterdir())


def test_a_refused_registration_leaves_no_file(city: SimpleNamespace) -> None:
    with pytest.raises(ValidationError):
        upload(city, file("a.csv"), name="")
    assert list(policy.upload_store().iterdir()) == []


def test_nobody_names_the_store_or_a_folder_in_it(city: SimpleNamespace) -> None:
    source = upload(city, file("a.csv"))
    for path in (source.parameters["path"], str(policy.upload_store()), str(policy.upload_store().parent)):
        with pytest.raises(ValidationError):
            sources.register_source(
                actor=city.civil.manager, agency=city.civil.agency, kind="files", name="偷看", parameters={"path": path}
            )
    sources.update_source(actor=city.police.manager, source=source, parameters=source.parameters, name="报送二")


def test_only_a_manager_uploads(city: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        uploads.register_upload(actor=city.police.viewer, agency=city.police.agency, files=[file("a.csv")], name="x")
