"""Code sets: codes come as tables with errors by line, editions are reviewed, published codes never change, old codes lead to new ones."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from core import workflow
from standards import selectors
from standards.choices import EditionState
from standards.code_rules import CodeRow
from standards.code_tables import CODES, MAPPINGS, MappingRow, codes_of, mappings_of
from standards.comparing import compare_codes
from standards.models import Code, CodeSet
from standards.services.code_sets import (
    create_code_set,
    draft_code_edition,
    edit_code_edition,
    replace_codes,
    replace_mappings,
)
from standards.services.review import discard_draft
from standards.tables import read_text


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.field) for problem in codes_of(read_text(text, CODES))[1]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("1,男\n2,女", []),
        ("1,男\n1,女", [(3, "code")]),
        ("1,男\n,女\n3,", [(3, "code"), (4, "name")]),
        ("x" * 61 + ",长", [(2, "code")]),
    ],
)
def test_what_is_wrong_with_codes_is_said_by_line(rows: str, expected: list[tuple[int, str]]) -> None:
    assert problems("代码,名称\n" + rows) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("110000,北京,,1980-01-01,\n110103,崇文区,110000,1980/1/1,2010年7月1日", []),
        ("110103,崇文区,110000,,", [(2, "parent")]),
        ("1,甲,2,,\n2,乙,3,,\n3,丙,1,,", [(4, "parent")]),
        ("1,甲,1,,", [(2, "parent")]),
        ("1,甲,,2000-01-01,2000-01-01", [(2, "valid_to")]),
        ("1,甲,,1980-01-01,1999-01-01\n1,乙,,1999-01-01,", []),
        ("1,甲,,1980-01-01,2000-01-01\n1,乙,,1999-12-31,", [(3, "valid_from")]),
        ("1,甲,,1980-01-01,\n1,乙,,1999-01-01,", [(3, "valid_from")]),
        ("1,甲,,昨天,2000-02-30", [(2, "valid_from"), (2, "valid_to")]),
    ],
)
def test_parents_and_dates_must_hold_together(rows: str, expected: list[tuple[int, str]]) -> None:
    assert problems("代码,名称,上级代码,启用日期,停用日期\n" + rows) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("a,b,2000-01-01\na,c,2000-01-01", []),  # split
        ("a,b,1990-01-01\nb,a,2000-01-01", []),  # came back ten years later
        ("a,b,2000-01-01\nb,a,2000-01-01", [(2, "new")]),
        ("a,b,\nb,c,\nc,a,2000-01-01", [(2, "new")]),
        ("a,a,", [(2, "new")]),
        (",b,", [(2, "old")]),
        ("a,b,\na,b,", [(3, "old")]),
    ],
)
def test_mappings_may_not_lead_round(rows: str, expected: list[tuple[int, str]]) -> None:
    found = mappings_of(read_text("旧代码,新代码,变更日期\n" + rows, MAPPINGS))[1]
    assert [(problem.line, problem.field) for problem in found] == expected


def test_a_new_edition_begins_with_the_codes_and_is_published_by_another(
    office: SimpleNamespace, sexes: CodeSet
) -> None:
    first = sexes.current
    edition = draft_code_edition(actor=office.author, code_set=sexes)
    assert draft_code_edition(actor=office.author, code_set=sexes) == edition
    assert [code.code for code in edition.codes.all()] == ["0", "1", "2", "9"]
    edit_code_edition(actor=office.author, edition=edition, label="2026", valid_from=date(2026, 3, 1))
    replace_codes(
        actor=office.author,
        edition=edition,
        rows=[CodeRow(1, "1", "男"), CodeRow(2, "2", "女性"), CodeRow(3, "3", "其他")],
    )
    assert [(row.key, row.kind) for row in compare_codes(first, edition)] == [
        ("1", "changed"), ("3", "added"), ("0", "removed"), ("9", "removed"),
    ]  # fmt: skip
    edition = workflow.apply(edition, "submit", actor=office.author)
    with pytest.raises(PermissionDenied):
        workflow.apply(edition, "publish", actor=office.author)
    workflow.apply(edition, "publish", actor=office.reviewer)
    sexes.refresh_from_db()
    first.refresh_from_db()
    assert (sexes.current.label, first.state, first.valid_to) == ("2026", EditionState.SUPERSEDED, date(2026, 3, 1))


def test_codes_of_a_published_edition_never_change(office: SimpleNamespace, sexes: CodeSet) -> None:
    """Neither by the service nor past it."""
    edition = sexes.current
    with pytest.raises(ValidationError):
        replace_codes(actor=office.author, edition=edition, rows=[CodeRow(1, "1", "男")])
    attempts = (
        lambda: edition.codes.filter(code="1").update(name="悄悄改掉"),
        lambda: edition.codes.filter(code="1").delete(),
        lambda: Code.objects.create(edition=edition, code="5", name="悄悄加上"),
        lambda: type(edition).objects.filter(pk=edition.pk).update(label="1984"),
        lambda: type(edition).objects.filter(pk=edition.pk).delete(),
    )
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="never"), transaction.atomic():
            attempt()
    assert list(edition.codes.values_list("code", "name"))[1] == ("1", "男性")


def test_an_edition_without_codes_is_not_submitted(office: SimpleNamespace) -> None:
    code_set = create_code_set(actor=office.author, agency=office.bureau, reference="YB-01", name="险种", label="1")
    with pytest.raises(ValidationError) as refused:
        workflow.apply(code_set.editions.get(), "submit", actor=office.author)
    assert "codes" in refused.value.message_dict
    with pytest.raises(ValidationError):
        create_code_set(actor=office.author, agency=office.bureau, reference="YB-01", name="别的", label="1")
    with pytest.raises(PermissionDenied):
        create_code_set(actor=office.stranger, agency=office.bureau, reference="YB-02", name="险种", label="1")


def test_a_draft_that_is_given_up_leaves_nothing_of_a_new_code_set(office: SimpleNamespace, sexes: CodeSet) -> None:
    edition = draft_code_edition(actor=office.author, code_set=sexes)
    discard_draft(actor=office.author, edition=edition)
    assert sexes.editions.count() == 1
    new = create_code_set(actor=office.author, agency=office.bureau, reference="YB-01", name="险种", label="1")
    discard_draft(actor=office.author, edition=new.editions.get())
    assert list(CodeSet.objects.all()) == [sexes]


def test_old_codes_lead_to_codes_that_exist(office: SimpleNamespace, sexes: CodeSet) -> None:
    rows = [MappingRow(1, "M", "1", date(2003, 1, 1)), MappingRow(2, "X", "")]
    assert replace_mappings(actor=office.author, code_set=sexes, rows=rows) == 2
    assert [str(row) for row in sexes.mappings.all()] == ["M → 1", "X → —"]
    with pytest.raises(ValidationError, match="8"):
        replace_mappings(actor=office.author, code_set=sexes, rows=[MappingRow(1, "M", "8")])
    assert sexes.mappings.count() == 2


def test_the_table_that_people_edit_reads_back_as_it_was(office: SimpleNamespace) -> None:
    code_set = create_code_set(actor=office.author, agency=office.bureau, reference="YB-01", name="险种", label="1")
    rows = [
        CodeRow(2, "310", '职工"医保"', "", date(2000, 1, 1), date(2020, 1, 1), "旧"),
        CodeRow(3, "390", "居民\t医保", "310", None, None, "=1+1"),
    ]
    edition = code_set.editions.get()
    replace_codes(actor=office.author, edition=edition, rows=rows)
    again, wrong = codes_of(read_text(selectors.codes_as_text(edition), CODES))
    assert (again, wrong) == (rows, [])
