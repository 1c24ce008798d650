"""Two at once, each on a connection of its own: what a person says stands, whoever was first."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction

from assets.models import Column
from genes.choices import MatchState, Origin
from genes.models import Binding, Match
from genes.services.decisions import accept, reject, say_none
from genes.services.matching import keep, propose
from standards.models import DataElement

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("gmsfhm", "xm", "sjhm")


@contextmanager
def beside(act: Callable[[], Any]) -> Iterator[None]:
    """``act`` runs on another connection until it is done or has to wait for this one; it ends after the block does."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # told by the test below
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        yield
        thread.start()
        while thread.is_alive() and not waiting():
            time.sleep(0.02)
    thread.join(30)
    assert (thread.is_alive(), failed) == (False, [])


def waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def columns() -> dict[str, Column]:
    return {column.name: column for column in Column.objects.filter(name__in=NAMES).select_related("source", "table")}


def decide(steward: Any, element: DataElement) -> None:
    """Each kind of word, on a column of its own."""
    there = columns()
    accept(actor=steward, column=there["gmsfhm"], element=element)
    reject(actor=steward, column=there["xm"], element=DataElement.objects.get(name="姓名"))
    say_none(actor=steward, column=there["sjhm"])


def assert_that_the_word_of_the_person_stands(element: DataElement) -> None:
    bound = dict(Binding.objects.filter(origin=Origin.PERSON).values_list("column__name", "element"))
    assert bound == {"gmsfhm": element.pk, "sjhm": None}
    proposed = Match.objects.filter(state=MatchState.PROPOSED, column__name__in=NAMES)
    assert set(proposed.values_list("column__name", flat=True)) <= {"xm"}  # which may carry another element
    refused = DataElement.objects.get(name="姓名")
    assert Match.objects.get(column__name="xm", element=refused).state == MatchState.REJECTED


def test_a_decision_taken_while_the_machine_stores_its_proposals_stands(register: SimpleNamespace) -> None:
    """Three turns on one estate: the person first, the machine first, and the machine again."""
    ids = [column.pk for column in columns().values()]
    answers, another = propose(ids), DataElement.objects.get(name="统一社会信用代码")
    with beside(lambda: keep(answers)):
        decide(register.steward, another)
    assert_that_the_word_of_the_person_stands(another)
    Binding.objects.all().delete()
    Match.objects.all().delete()
    with beside(lambda: decide(register.steward, another)):
        keep(answers)
    assert_that_the_word_of_the_person_stands(another)
    keep(answers)
    assert_that_the_word_of_the_person_stands(another)
