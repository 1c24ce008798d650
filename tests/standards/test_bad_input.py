"""Bad input to the registry: each is a clear message that names the place, on every way in."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from standards.code_rules import CodeRow
from standards.code_tables import MappingRow
from standards.models import Code, CodeSet, DataElement
from standards.services.code_sets import create_code_set, replace_codes, replace_mappings
from standards.services.elements import create_element
from tests.accounts import world

pytestmark = pytest.mark.django_db


def drafted(office: SimpleNamespace) -> CodeSet:
    return create_code_set(actor=office.author, agency=office.bureau, reference="BH 1", name="船类", label="2026")


def test_a_code_set_with_duplicate_codes_is_refused_by_line_and_keeps_what_it_had(office: SimpleNamespace) -> None:
    code_set = drafted(office)
    edition = code_set.editions.get()
    replace_codes(actor=office.author, edition=edition, rows=[CodeRow(1, "1", "甲")])
    with pytest.raises(ValidationError) as caught:
        replace_codes(actor=office.author, edition=edition, rows=[CodeRow(1, "2", "乙"), CodeRow(2, "2", "丙")])
    assert caught.value.message_dict == {"codes": ["第 2 行：代码 2 与第 1 行重复。"]}
    assert list(Code.objects.filter(edition=edition).values_list("code", flat=True)) == ["1"]


def test_cyclic_supersession_is_refused_by_its_codes(office: SimpleNamespace) -> None:
    code_set = drafted(office)
    rows = [CodeRow(line, code, code) for line, code in enumerate("ABC", 1)]
    replace_codes(actor=office.author, edition=code_set.editions.get(), rows=rows)
    circle = [MappingRow(1, "A", "B"), MappingRow(2, "B", "C"), MappingRow(3, "C", "A")]
    with pytest.raises(ValidationError, match=r"代码对照形成循环：.* → "):
        replace_mappings(actor=office.author, code_set=code_set, rows=circle)
    assert code_set.mappings.count() == 0


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "“x9”不是数据格式"), ("en", "'x9' is not a notation")])
def test_a_notation_that_does_not_parse_is_told_in_the_language_of_the_page(
    office: SimpleNamespace, language: str, word: str
) -> None:
    with translation.override(language), pytest.raises(ValidationError) as caught:
        create_element(actor=office.author, agency=office.bureau, code="N1", domain="general", name="甲", notation="x9")
    assert word in caught.value.message_dict["notation"][0]
    assert not DataElement.objects.exists()


def test_two_elements_of_one_name_are_both_listed_and_told_apart_by_their_codes(office: SimpleNamespace) -> None:
    for code in ("N1", "N2"):
        create_element(actor=office.author, agency=office.bureau, code=code, domain="general", name="船名")
    page = world.browser(office.viewer).get("/standards/elements/?q=船名").content.decode()
    assert (page.count("N1"), page.count("N2")) >= (1, 1)
    found = DataElement.objects.filter(name="船名").values_list("code", flat=True)
    assert sorted(found) == ["N1", "N2"]
