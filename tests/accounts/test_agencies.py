"""The agency tree: places, order, moves, and what the database refuses."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from accounts import selectors, services
from accounts.models import Agency
from core.models import AuditEntry, SearchDocument
from tests.accounts import world

pytestmark = pytest.mark.django_db


def test_path_runs_from_the_root_to_the_agency() -> None:
    city = world.agency("滨海市")
    bureau = world.agency("公安局", city)
    assert (city.path, city.level) == (f"/{city.id.hex}/", 1)
    assert (bureau.path, bureau.level) == (f"/{city.id.hex}/{bureau.id.hex}/", 2)


def test_names_sort_by_pinyin_below_their_parent() -> None:
    city = world.agency("滨海市")
    names = ["税务局", "公安局", "卫生健康委员会", "财政局"]
    for name in names:
        world.agency(name, city)
    ordered = selectors.in_tree_order(Agency.objects.all())
    assert [one.name for one in ordered] == ["滨海市", "财政局", "公安局", "税务局", "卫生健康委员会"]
    assert [one.depth for one in ordered] == [0, 1, 1, 1, 1]  # type: ignore[attr-defined]


def test_move_carries_the_whole_subtree() -> None:
    city = world.agency("滨海市")
    old, new = world.agency("甲区", city), world.agency("乙区", city)
    office = world.agency("民政局", old)
    desk = world.agency("登记处", office)
    services.update_agency(actor=None, agency=office, parent=new)
    office.refresh_from_db()
    desk.refresh_from_db()
    assert (office.path, office.level) == (f"{new.path}{office.id.hex}/", 3)
    assert (desk.path, desk.level) == (f"{office.path}{desk.id.hex}/", 4)


def test_agency_cannot_move_below_itself() -> None:
    city = world.agency("滨海市")
    office = world.agency("民政局", city)
    desk = world.agency("登记处", office)
    with pytest.raises(ValidationError) as caught:
        services.update_agency(actor=None, agency=office, parent=desk)
    assert caught.value.message_dict == {"parent": ["上级机构不能是本机构或其下级。"]}


def test_depth_is_bounded_also_when_moving() -> None:
    top = world.agency("顶")
    deep = top
    for level in range(2, 13):
        deep = world.agency(f"第 {level} 级", deep)
    with pytest.raises(ValidationError):
        world.agency("第 13 级", deep)
    other = world.agency("另一个顶")
    with pytest.raises(ValidationError):
        services.update_agency(actor=None, agency=top, parent=other)


def test_same_name_is_refused_among_siblings_only() -> None:
    city = world.agency("滨海市")
    first, second = world.agency("甲区", city), world.agency("乙区", city)
    world.agency("财政局", first)
    world.agency("财政局", second)
    with pytest.raises(ValidationError, match="同一上级机构下已有这个名称"):
        world.agency("财政局", second)


@pytest.mark.parametrize("code", ["", " ", "a b", "中文", "../x", "-a", "a" * 65, "a\n"])
def test_impossible_codes_are_refused(code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_agency(actor=None, code=code, name="机构")
    assert list(caught.value.message_dict) == ["code"]


def test_database_itself_refuses_a_broken_tree() -> None:
    city = world.agency("滨海市")
    for broken in ({"path": "/x/"}, {"parent": city}, {"level": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agency.objects.filter(pk=city.pk).update(**broken)


def test_only_set_up_adds_a_root() -> None:
    admin = world.person(world.agency("滨海市"), "system_admin")
    with pytest.raises(PermissionDenied):
        services.create_agency(actor=admin, code="NEW", name="另一个市")


def test_manager_of_a_district_manages_nothing_above_or_beside_it() -> None:
    city = world.agency("滨海市")
    mine, beside = world.agency("甲区", city), world.agency("乙区", city)
    admin = world.person(mine, "system_admin")
    services.create_agency(actor=admin, code="A1", name="民政局", parent=mine)
    for parent in (city, beside):
        with pytest.raises(PermissionDenied):
            services.create_agency(actor=admin, code="A2", name="民政局", parent=parent)
    with pytest.raises(PermissionDenied):
        services.update_agency(actor=admin, agency=mine, parent=beside)


def test_change_is_audited_and_searchable() -> None:
    city = world.agency("滨海市")
    services.update_agency(actor=None, agency=city, name="临海市")
    entry = AuditEntry.objects.get(verb="agency.update")
    assert (entry.target, entry.scope_id, entry.changes) == (
        f"accounts.Agency:{city.pk}",
        city.pk,
        {"name": ["滨海市", "临海市"]},
    )
    assert SearchDocument.objects.get(key=f"accounts.Agency:{city.pk}").title == "临海市"


def test_unchanged_agency_leaves_no_trace() -> None:
    city = world.agency("滨海市")
    services.update_agency(actor=None, agency=city, name="滨海市")
    assert AuditEntry.objects.filter(verb="agency.update").count() == 0
