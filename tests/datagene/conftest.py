"""Two agencies with people and jobs of their own."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.choices import Role
from core.models import Job
from tests.accounts import world


def make_job(agency: Any, label: str, **fields: Any) -> Job:
    fields = {"kind": "assets.census", "target": "assets.DataSource:1", "target_label": label, **fields}
    if fields.get("state") in ("failed", "succeeded", "cancelled"):
        fields.setdefault("finished_at", timezone.now())
    return Job.objects.create(scope_id=agency.pk, **fields)


@pytest.fixture
def city(db: None) -> SimpleNamespace:
    """滨海市 with 公安局 and 税务局; a steward of each, one of the city, an auditor."""
    root = world.agency("滨海市")
    police, tax = world.agency("市公安局", root), world.agency("市税务局", root)
    return SimpleNamespace(
        root=root,
        police=police,
        tax=tax,
        chief=world.person(police, Role.STEWARD, over=root),
        officer=world.person(police, Role.STEWARD),
        viewer=world.person(police, Role.VIEWER),
        clerk=world.person(tax, Role.STEWARD),
        auditor=world.person(root, Role.AUDIT_ADMIN),
    )
