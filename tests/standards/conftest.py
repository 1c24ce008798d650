"""An agency with an author, a reviewer, somebody of another agency, and the standards that the platform ships."""

from types import SimpleNamespace

import pytest

from standards.models import CodeSet
from standards.services.seed import adopt_shipped
from tests.accounts import world


@pytest.fixture
def office(db: None) -> SimpleNamespace:
    city = world.agency("滨海市")
    bureau, other = world.agency("市医保局", city), world.agency("市民政局", city)
    return SimpleNamespace(
        bureau=bureau,
        author=world.person(bureau, "steward"),
        reviewer=world.person(bureau, "leader"),
        stranger=world.person(other, "steward"),
        viewer=world.person(other, "viewer"),
    )


@pytest.fixture
def sexes(office: SimpleNamespace) -> CodeSet:
    """The shipped elements, and the four codes of GB/T 2261.1."""
    adopt_shipped(actor=None, agency=office.bureau, code_sets=("GB/T 2261.1",))
    return CodeSet.objects.get()
