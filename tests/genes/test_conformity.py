"""Bound columns are held to their element on the rows that are there; deviations stay until a re-scan passes."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import re2
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets import contributors
from assets.models import Column
from genes.choices import Aspect, DeviationState
from genes.conforming import Codes, check_of, declared
from genes.models import Conformity, Deviation
from genes.selectors import conformity
from genes.services.conformity import accept_deviation, withdraw_acceptance
from genes.services.decisions import accept, undo
from standards.models import DataElement
from standards.notation import check
from tests.accounts import world

SEX = Codes(("0", "1", "2", "9"))


def bind(register: SimpleNamespace, name: str, code: str) -> Column:
    column = Column.objects.get(name=name, table__name="ry_jbxx")
    accept(actor=register.steward, column=column, element=DataElement.objects.get(code=code))
    return column


def by_name(name: str) -> DataElement:
    return DataElement.objects.get(name=name)


def change(register: SimpleNamespace, *statements: str) -> None:
    register.source.run(";".join(statements))
    register.source.scan()


@pytest.fixture
def bound(register: SimpleNamespace) -> SimpleNamespace:
    """Citizen ids and sexes, bound; two of the sixty ids broken, one sex outside the code set."""
    bind(register, "gmsfhm", by_name("公民身份号码").code)
    bind(register, "xb", by_name("性别").code)
    change(
        register,
        "UPDATE ry_jbxx SET gmsfhm = '11010519491231002Y' WHERE id IN (3, 4)",
        "UPDATE ry_jbxx SET gmsfhm = NULL WHERE id = 5",
        "UPDATE ry_jbxx SET xb = '男' WHERE id = 6",
    )
    return register


def test_values_are_counted_on_real_rows(bound: SimpleNamespace) -> None:
    ids = Conformity.objects.get(column__name="gmsfhm")
    assert (ids.aspect, ids.checked, ids.failed) == (Aspect.CHECKSUM, 59, 2)
    sexes = Conformity.objects.get(column__name="xb")
    assert (sexes.aspect, sexes.checked, sexes.failed) == (Aspect.CODES, 60, 1)
    assert not Conformity.objects.filter(column__name="xm").exists()  # not bound, not held to anything


def test_rates_add_up_the_columns(bound: SimpleNamespace) -> None:
    rate = conformity.added(conformity.by_source(bound.steward))
    assert (rate.columns, rate.kept, rate.values, rate.failed, rate.unchecked) == (2, 0, 119, 3, 0)
    assert rate.value_share == pytest.approx(116 / 119)
    [agency] = conformity.by_agency(conformity.by_source(bound.steward))
    assert (agency.values, agency.failed) == (119, 3)
    bind(bound, "xm", by_name("姓名").code)
    assert conformity.added(conformity.by_source(bound.steward)).unchecked == 1  # until the next scan


def test_only_a_passing_re_scan_clears(bound: SimpleNamespace) -> None:
    deviation = Deviation.objects.get(column__name="gmsfhm", aspect=Aspect.CHECKSUM)
    assert (deviation.state, deviation.failed) == (DeviationState.OPEN, 2)
    assert "11010519491231002Y" not in str(deviation.examples)
    bound.source.scan()
    assert Deviation.objects.get(pk=deviation.pk).cleared_at is None
    change(bound, "UPDATE ry_jbxx SET gmsfhm = '11010519491231002X' WHERE id IN (3, 4)")
    assert Deviation.objects.get(pk=deviation.pk).state == DeviationState.CLEARED
    change(bound, "UPDATE ry_jbxx SET gmsfhm = '1' WHERE id = 3")
    again = Deviation.objects.get(pk=deviation.pk)
    assert (again.state, again.first_at > deviation.first_at) == (DeviationState.OPEN, True)


def test_a_failed_read_clears_nothing(bound: SimpleNamespace) -> None:
    bound.source.path.rename(bound.source.path.with_suffix(".away"))
    bound.source.scan()
    assert Deviation.objects.filter(cleared_at=None).count() == 2
    assert Conformity.objects.get(column__name="gmsfhm").failed == 2


def test_accepted_until_a_day(bound: SimpleNamespace) -> None:
    deviation = Deviation.objects.get(column__name="xb")
    leader = world.person(bound.source.bureau.agency, "leader")
    today = timezone.localdate()
    with pytest.raises(PermissionDenied):
        accept_deviation(
            actor=world.person(bound.source.bureau.agency, "viewer"), deviation=deviation, reason="x", until=today
        )
    for reason, until in (
        ("", today),
        ("改造中", today - timedelta(days=1)),
        ("改造中", today + timedelta(days=2_000)),
    ):
        with pytest.raises(ValidationError):
            accept_deviation(actor=leader, deviation=deviation, reason=reason, until=until)
    accepted = accept_deviation(actor=leader, deviation=deviation, reason="改造中", until=today)
    assert accepted.state == DeviationState.ACCEPTED
    assert list(conformity.open_deviations(leader).values_list("column__name", flat=True)) == ["gmsfhm"]
    bound.source.scan()
    assert Deviation.objects.get(pk=deviation.pk).state == DeviationState.ACCEPTED  # found again, still accepted
    Deviation.objects.filter(pk=deviation.pk).update(accepted_until=today - timedelta(days=1))
    assert Deviation.objects.get(pk=deviation.pk).state == DeviationState.OPEN
    assert withdraw_acceptance(actor=leader, deviation=deviation).accepted_by is None


def test_what_is_not_bound_any_more_is_held_to_nothing(bound: SimpleNamespace) -> None:
    column = Column.objects.get(name="xb")
    undo(actor=bound.steward, columns=[column])
    assert conformity.conformities_visible_to(bound.steward).filter(column=column).count() == 0
    bound.source.scan()
    assert Deviation.objects.get(column=column).state == DeviationState.CLEARED


def test_what_was_read_for_one_element_is_not_said_of_another(bound: SimpleNamespace) -> None:
    class Meanwhile:
        """Somebody decides while the table is being read."""

        name = "meanwhile"

        def rules_for(self, table: Any) -> list[Any]:
            bind(bound, "xb", by_name("民族").code)
            return []

        def store(self, **_facts: Any) -> None:
            pass

        finish = store

    contributors.register(Meanwhile())
    try:
        bound.source.scan()
    finally:
        contributors.unregister("meanwhile")
    assert not Conformity.objects.filter(column__name="xb").exists()
    assert conformity.added(conformity.by_source(bound.steward)).unchecked == 1
    bound.source.scan()
    assert Conformity.objects.get(column__name="xb").edition.name == "民族"


@pytest.mark.parametrize(
    ("notation", "scheme", "codes", "value_class", "expected"),
    [
        ("an18", "citizen_id", None, "text", (Aspect.CHECKSUM, "checksum")),
        ("n1", "", SEX, "text", (Aspect.CODES, "in_set")),
        ("c..50", "", None, "text", (Aspect.NOTATION, "length_between")),
        ("an..18", "", None, "text", (Aspect.NOTATION, "matches")),
        ("n8 YYYYMMDD", "", None, "date", (Aspect.NOTATION, "")),
        ("n8 YYYYMMDD", "", None, "text", (Aspect.NOTATION, "matches")),
        ("n6 / c..50", "", None, "text", (Aspect.NOTATION, "matches")),
        ("c..ul", "", None, "text", None),
        ("??", "", None, "text", None),
        ("an18", "", None, "date", None),
    ],
)
def test_the_strictest_check_is_made(
    notation: str, scheme: str, codes: Codes | None, value_class: str, expected: Any
) -> None:
    check = check_of(notation=notation, check_scheme=scheme, codes=codes, value_class=value_class)
    assert (check and (check.aspect, check.kind)) == expected


@pytest.mark.parametrize(
    ("notation", "values", "failing"),
    [
        ("an..18", ["A1", "1234567890123456789", "汉"], ["1234567890123456789", "汉"]),
        ("n6 / c..5", ["110000", "北京", "一二三四五六"], ["一二三四五六"]),
        ("n..5,2", ["123.45", "-1", "1.234", "x"], ["1.234", "x"]),
        ("n8 YYYYMMDD", ["20240229", "20230229"], ["20230229"]),
    ],
)
def test_patterns_judge_as_the_notation_does(notation: str, values: list[str], failing: list[str]) -> None:
    made = check_of(notation=notation, check_scheme="", codes=None, value_class="text")
    assert made is not None
    assert [value for value in values if not re2.search(made.parameters["pattern"], value)] == failing
    assert [value for value in values if not check(notation, value).valid] == failing


@pytest.mark.parametrize(
    ("notation", "codes", "value_class", "length", "aspects"),
    [
        ("an18", None, "text", 15, {Aspect.LENGTH}),
        ("an18", None, "text", 20, set()),
        ("an..6", Codes(("01", "02")), "integer", None, {Aspect.TYPE}),
        ("n1", SEX, "integer", None, set()),
        ("an18", None, "timestamp", None, {Aspect.TYPE}),
        ("c..50", None, "decimal", None, {Aspect.TYPE}),
    ],
)
def test_declarations_that_cannot_hold_the_element(
    notation: str, codes: Codes | None, value_class: str, length: int | None, aspects: set[Aspect]
) -> None:
    assert set(declared(notation=notation, codes=codes, value_class=value_class, length=length)) == aspects


def test_pages_show_the_rates_and_the_register(bound: SimpleNamespace) -> None:
    agency = bound.source.bureau.agency
    leader, stranger = world.person(agency, "leader"), world.person(world.agency("别的局", bound.city.top), "leader")
    client, other = world.browser(leader), world.browser(stranger)
    page = client.get("/genes/conformity/").content.decode()
    assert "119 个取值中 3 个不符合" in page
    assert agency.name in page
    assert "119" not in other.get("/genes/conformity/").content.decode()
    assert "gmsfhm" in client.get("/genes/conformity/columns/?kept=no").content.decode()
    assert "gmsfhm" not in client.get("/genes/conformity/columns/?kept=yes").content.decode()
    deviation = Deviation.objects.get(column__name="xb")
    address = deviation.get_absolute_url()
    assert other.get(address).status_code == 404
    assert client.get(address).status_code == 200
    refused = client.post(f"{address}accept/", {"reason": "改造中", "until": "2001-01-01"})
    assert (refused.status_code, "三年之内" in refused.content.decode()) == (422, True)
    until = timezone.localdate() + timedelta(days=30)
    assert client.post(f"{address}accept/", {"reason": "改造中", "until": until}).status_code == 302
    assert "改造中" in client.get(address).content.decode()
    assert "xb" not in client.get("/genes/deviations/?state=open").content.decode()
    assert client.post(f"{address}withdraw/").status_code == 302
    assert Deviation.objects.get(pk=deviation.pk).state == DeviationState.OPEN
    element = DataElement.objects.get(name="性别")
    assert "60 个取值中 1 个不符合" in client.get(f"{element.get_absolute_url()}conformity/").content.decode()
    for kind in ("csv", "xlsx"):
        assert b"".join(client.get(f"/genes/deviations/?export={kind}"))


def test_the_interface_says_the_same(bound: SimpleNamespace) -> None:
    client = world.browser(world.person(bound.source.bureau.agency, "leader"))
    rates = client.get("/api/v1/conformity/rates/").json()
    assert (rates["overall"]["values"], rates["overall"]["failed"]) == (119, 3)
    rows = client.get("/api/v1/conformity/").json()["results"]
    assert {(row["column"]["name"], row["failed"]) for row in rows} == {("gmsfhm", 2), ("xb", 1)}
    [deviation] = client.get("/api/v1/deviations/?state=open&aspect=codes").json()["results"]
    until = str(timezone.localdate() + timedelta(days=30))
    accept = f"/api/v1/deviations/{deviation['id']}/accept/"
    assert client.post(accept, {"reason": "", "until": until}, content_type="application/json").status_code == 400
    answer = client.post(accept, {"reason": "改造中", "until": until}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")


def test_lists_ask_as_often_for_two_rows_as_for_one(bound: SimpleNamespace) -> None:
    client = world.browser(world.person(bound.source.bureau.agency, "leader"))
    for path in ("/genes/conformity/columns/", "/genes/deviations/"):
        client.get(path)
        with CaptureQueriesContext(connection) as two:
            client.get(path)
        with CaptureQueriesContext(connection) as one:
            client.get(f"{path}?q=gmsfhm")
        assert len(two) <= len(one) + 1
