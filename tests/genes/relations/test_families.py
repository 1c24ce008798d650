"""Families, conflicts and joins follow from bound columns by a job; nobody sees more of them than their own agency's."""

from types import SimpleNamespace

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from core import jobs
from core.models import Job
from genes.models import Family, FamilyMember, Join, Sketch
from genes.services import families, joins
from genes.services.decisions import say_none, undo
from tests.genes.relations.made import bind, column, element


def members(code: str, number: int) -> set[str]:
    found = FamilyMember.objects.filter(family__element__code=code, family__number=number)
    return set(found.values_list("column__table__name", flat=True))


def test_columns_that_share_values_are_one_family(people: SimpleNamespace) -> None:
    assert members("P007", 1) == {"czrk", "djry"}
    family = Family.objects.get(element=element("P007"))
    assert (family.number, family.members.filter(conflicting=True).count()) == (1, 0)


def test_a_birthday_written_otherwise_shares_nothing_and_no_half_of_two_is_usual(people: SimpleNamespace) -> None:
    assert members("P006", 0) == {"czrk", "djry"}
    assert not FamilyMember.objects.filter(conflicting=True).exists()


def test_who_differs_from_the_most_is_in_conflict(people: SimpleNamespace) -> None:
    people.police.run("CREATE TABLE lszk AS SELECT * FROM czrk")
    people.police.census()
    people.police.scan()
    bind(people.city.police.steward, "lszk", csrq="P006")
    jobs.drain()
    odd = FamilyMember.objects.get(conflicting=True)
    assert odd.column == column("djry", "csrq")
    assert set(odd.differs) == {"format"}
    assert odd.differs["format"][0] != odd.differs["format"][1]


def test_a_column_set_free_leaves_its_family_and_comes_back(people: SimpleNamespace) -> None:
    say_none(actor=people.city.civil.steward, column=column("djry", "sfzh"))
    jobs.drain()
    assert members("P007", 0) == {"czrk"}
    assert members("P007", 1) == set()
    undo(actor=people.city.civil.steward, columns=[column("djry", "sfzh")])
    jobs.drain()
    assert members("P007", 1) == {"czrk", "djry"}


def test_what_lies_in_a_key_is_found_across_sources(people: SimpleNamespace) -> None:
    join = Join.objects.get(column=column("djry", "sfzh"), target=column("czrk", "sfzh"))
    assert (join.share, join.key_share, join.same_element, join.alike, join.declared) == (1, 1, True, 1, False)
    assert not Join.objects.filter(column=column("czrk", "sfzh")).exists()  # 150 of 400 is no containment


def test_a_join_found_again_stays_the_same_and_one_that_ends_goes(people: SimpleNamespace) -> None:
    before = Join.objects.get(column=column("djry", "sfzh"))
    joins.join([before.column_id], joins.keys())
    again = Join.objects.get(column=column("djry", "sfzh"))
    assert (again.pk, again.found_at) == (before.pk, before.found_at)
    people.civil.run("UPDATE djry SET sfzh = 'X' || rowid")
    people.civil.scan()
    assert not Join.objects.filter(column=column("djry", "sfzh")).exists()


def test_a_declared_foreign_key_is_a_join_without_values(people: SimpleNamespace) -> None:
    people.civil.run(
        "CREATE TABLE ffjl (id INTEGER PRIMARY KEY, ry INTEGER REFERENCES dx (id)); CREATE TABLE dx (id INTEGER PRIMARY KEY)"
    )
    people.civil.census()
    people.civil.scan()
    join = Join.objects.get(column=column("ffjl", "ry"))
    assert (join.target, join.declared, join.share) == (column("dx", "id"), True, None)


def test_running_numbers_contain_each_other_and_mean_nothing(people: SimpleNamespace) -> None:
    serial = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90) INSERT INTO {0} SELECT i FROM n;"
    )
    people.civil.run(
        "".join(f"CREATE TABLE {name} (xh INTEGER PRIMARY KEY);" + serial.format(name) for name in ("a1", "a2"))
    )
    people.civil.census()
    people.civil.scan()
    assert Sketch.objects.get(column=column("a1", "xh")).sequential
    assert not Join.objects.filter(column__table__name="a1").exists()


def test_a_sketch_holds_no_value_and_is_bounded(people: SimpleNamespace) -> None:
    sketch = Sketch.objects.get(column=column("czrk", "sfzh"))
    hashes = np.frombuffer(sketch.hashes, "<u8")
    assert (sketch.k, len(hashes), sketch.distinct) == (256, 256, 400)
    assert list(hashes) == sorted(set(hashes.tolist()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Sketch.objects.filter(pk=sketch.pk).update(hashes=b"x" * 8_193)


def test_sketches_under_another_key_do_not_compare(people: SimpleNamespace) -> None:
    Sketch.objects.filter(column=column("djry", "sfzh")).update(key_id="other")
    families.group([element("P007").pk])
    assert members("P007", 0) == {"czrk", "djry"}


def test_one_job_takes_up_many_decisions(people: SimpleNamespace) -> None:
    before = Job.objects.filter(kind="genes.relate").count()
    for name in ("xm", "csrq"):
        say_none(actor=people.city.civil.steward, column=column("djry", name))
    assert Job.objects.filter(kind="genes.relate").count() == before + 1
    jobs.drain()
    assert members("P001", 0) == {"czrk"}


def test_only_a_steward_of_the_agency_sets_a_column_free(people: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        say_none(actor=people.city.police.steward, column=column("djry", "sfzh"))
