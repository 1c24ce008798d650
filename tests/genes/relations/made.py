"""Two agencies whose tables carry the same elements: the police register people, civil affairs hold some of them again."""

import random
from types import SimpleNamespace
from typing import Any

from accounts.models import Grant, Person
from accounts.services import create_person
from assets.models import Column
from genes.services.decisions import accept
from standards.models import DataElement
from tests.genes.made_values import citizen_id

PEOPLE = 400


def script(table: str, ids: list[str], extra: str = "", born: str = "%04d%02d%02d") -> str:
    """A table of people: id number, name, day of birth, day of registration."""
    rows = ", ".join(
        f"('{number}', '姓名{place}', '{born % (int(number[6:10]), int(number[10:12]), int(number[12:14]))}', '2026-10-{1 + place % 28:02d}')"
        for place, number in enumerate(ids)
    )
    return f"CREATE TABLE {table} (sfzh TEXT{extra}, xm TEXT, csrq TEXT, djrq DATE); INSERT INTO {table} VALUES {rows};"


def numbers(seed: int = 1, count: int = PEOPLE) -> list[str]:
    rng = random.Random(seed)
    return list(dict.fromkeys(citizen_id(rng) for _ in range(count)))


def column(table: str, name: str) -> Column:
    return Column.objects.select_related("source", "table").get(table__name=table, name=name)


def element(code: str) -> DataElement:
    return DataElement.objects.get(code=code)


def bind(actor: Any, table: str, **codes: str) -> None:
    """Decide by hand which element each column carries."""
    for name, code in codes.items():
        accept(actor=actor, column=column(table, name), element=element(code))


def person(agency: Any, username: str, *roles: str) -> Person:
    made = create_person(actor=None, username=username, name=username, agency=agency)
    for role in roles:
        Grant.objects.create(person=made, role=role, agency=agency)
    return made


def same_people(sqlite_source: Any, city: SimpleNamespace) -> SimpleNamespace:
    """The police hold 400 people, civil affairs 150 of them with birthdays written otherwise; all columns are bound."""
    ids = numbers()
    police = sqlite_source(script("czrk", ids, " PRIMARY KEY"), name="人口库", bureau=city.police)
    civil = sqlite_source(script("djry", ids[:150], born="%04d/%02d/%02d"), name="救助库", bureau=city.civil)
    for source in (police, civil):
        source.census()
        source.scan()
    bind(city.police.steward, "czrk", sfzh="P007", xm="P001", csrq="P006")
    bind(city.civil.steward, "djry", sfzh="P007", xm="P001", csrq="P006")
    chief = person(city.top, "chief", "leader")
    planner = person(city.top, "planner", "steward", "leader")
    return SimpleNamespace(police=police, civil=civil, city=city, chief=chief, planner=planner)
