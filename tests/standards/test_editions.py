"""An element is drafted, commented, reviewed by somebody else, published once and never edited again."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from core import workflow
from core.models import AuditEntry
from core.search import query
from standards import selectors
from standards.choices import EditionState, NameKind, RegistrationStatus
from standards.models import Code, CodeSet, DataElement, Edition, ElementName
from standards.services.elements import add_names, create_element, draft_edition, edit_draft
from standards.services.review import answer_comment, comment
from standards.services.seed import adopt_shipped
from tests.accounts import world

WORDS = {
    "name": "医保电子凭证号", "english_name": "medical_insurance_qr_code", "definition": "医保电子凭证上的号码",
    "object_class": "人", "property_term": "医保电子凭证号", "representation_term": "号码", "notation": "an..40", "level": "L3",
}  # fmt: skip


def written(office: SimpleNamespace, **changes: Any) -> Edition:
    element = create_element(
        actor=office.author, agency=office.bureau, code="YB001", domain="health", **{**WORDS, **changes}
    )
    return element.editions.get()


def published(office: SimpleNamespace) -> DataElement:
    edition = workflow.apply(written(office), "submit", actor=office.author)
    workflow.apply(edition, "publish", actor=office.reviewer)
    return DataElement.objects.get()


def test_publishing_takes_somebody_else(office: SimpleNamespace) -> None:
    edition = workflow.apply(written(office), "submit", actor=office.author)
    with pytest.raises(PermissionDenied):
        workflow.apply(edition, "publish", actor=office.author)
    with pytest.raises(PermissionDenied):
        workflow.apply(edition, "publish", actor=office.stranger)
    workflow.apply(edition, "publish", actor=office.reviewer)
    element = DataElement.objects.get()
    assert (element.current, element.registration_status) == (edition, RegistrationStatus.STANDARD)
    assert AuditEntry.objects.filter(verb="standards.edition.publish").count() == 1
    assert workflow.open_to(Edition.objects.get(), office.author) == []


def test_who_wrote_at_an_edition_does_not_publish_it_whoever_submits(office: SimpleNamespace) -> None:
    """Nor after a return: a new round does not wash the author clean."""
    helper = world.person(office.bureau, "steward")
    edition = written(office)
    edit_draft(actor=helper, edition=edition, definition="改过的定义")
    edition = workflow.apply(edition, "submit", actor=world.person(office.bureau, "steward"))
    for writer in (office.author, helper):
        with pytest.raises(PermissionDenied):
            workflow.apply(edition, "publish", actor=writer)
    workflow.apply(edition, "publish", actor=office.reviewer)


def test_returning_needs_an_opinion_and_starts_a_new_round(office: SimpleNamespace) -> None:
    edition = workflow.apply(written(office), "submit", actor=office.author)
    with pytest.raises(ValidationError):
        workflow.apply(edition, "return", actor=office.reviewer)
    edition = workflow.apply(edition, "return", actor=office.reviewer, opinion="定义不完整")
    assert edition.state == EditionState.DRAFT
    assert [step.opinion for step in workflow.history(edition)][-1] == "定义不完整"


@pytest.mark.parametrize(("field", "value"), [("definition", ""), ("notation", ""), ("object_class", " ")])
def test_an_incomplete_edition_is_not_submitted(office: SimpleNamespace, field: str, value: str) -> None:
    edition = written(office, **{field: value})
    with pytest.raises(ValidationError) as refused:
        workflow.apply(edition, "submit", actor=office.author)
    assert field in refused.value.message_dict
    assert Edition.objects.get().state == EditionState.DRAFT


def test_a_notation_that_does_not_parse_is_refused_when_written(office: SimpleNamespace) -> None:
    with pytest.raises(ValidationError) as refused:
        written(office, notation="xyz9")
    assert "xyz9" in str(refused.value.message_dict["notation"])
    assert not DataElement.objects.exists()


def test_the_next_edition_supersedes_and_the_old_stays_as_it_was(office: SimpleNamespace) -> None:
    element = published(office)
    first = element.current
    edition = draft_edition(actor=office.author, element=element)
    assert draft_edition(actor=office.author, element=element) == edition
    edit_draft(actor=office.author, edition=edition, name="医保凭证号", change_note="改名")
    workflow.apply(workflow.apply(edition, "submit", actor=office.author), "publish", actor=office.reviewer)
    element.refresh_from_db()
    first.refresh_from_db()
    assert (element.name, element.current.number, first.state, first.name) == (
        "医保凭证号",
        2,
        EditionState.SUPERSEDED,
        "医保电子凭证号",
    )


def test_a_published_edition_is_never_edited(office: SimpleNamespace) -> None:
    edition = published(office).current
    with pytest.raises(ValidationError):
        edit_draft(actor=office.author, edition=edition, name="别的")
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(definition="悄悄改掉")


def test_comments_are_taken_while_they_are_asked_for(office: SimpleNamespace) -> None:
    edition = written(office)
    with pytest.raises(ValidationError):
        comment(actor=office.stranger, edition=edition, text="太早")
    edition = workflow.apply(edition, "open_comments", actor=office.author)
    said = comment(actor=office.stranger, edition=edition, text="建议长度为 64")
    with pytest.raises(ValidationError):
        answer_comment(actor=office.author, edition=edition, said=said, accepted=False, text="")
    answer_comment(actor=office.author, edition=edition, said=said, accepted=True, text="")
    assert [(item.text, item.accepted) for item in selectors.comments_on(edition)] == [("建议长度为 64", True)]


def test_two_elements_do_not_share_a_code(office: SimpleNamespace) -> None:
    written(office)
    with pytest.raises(ValidationError) as refused:
        written(office)
    assert "code" in refused.value.message_dict


def test_names_are_added_once_and_found(office: SimpleNamespace) -> None:
    element = published(office)
    texts = ["电子凭证号", "电子凭证号 ", " ", "医保电子凭证号"]
    assert add_names(actor=office.author, element=element, kind=NameKind.SYNONYM, texts=texts) == 1
    assert ElementName.objects.get().text == "电子凭证号"
    found = query.search(office.author, "电子凭证号")
    assert element.get_absolute_url() in {hit.url for group in found.groups for hit in group.hits}


def test_what_is_shipped_is_adopted_once(office: SimpleNamespace) -> None:
    assert adopt_shipped(actor=None, agency=office.bureau) == (171, 27)
    assert adopt_shipped(actor=None, agency=office.bureau) == (0, 0)
    assert DataElement.objects.filter(current__isnull=False).count() == 171
    assert CodeSet.objects.get(reference="GB/T 3304").current.codes.count() == 56


def test_an_old_region_is_valid_as_of_its_day(office: SimpleNamespace) -> None:
    adopt_shipped(actor=None, agency=office.bureau, code_sets=("GB/T 2260",))
    edition = CodeSet.objects.get(reference="GB/T 2260").current

    def name(code: str, year: int) -> list[str]:
        return list(
            selectors.codes_valid_on(edition, date(year, 6, 1)).filter(code=code).values_list("name", flat=True)
        )

    assert (name("120111", 1985), name("120111", 2020)) == (["西郊区"], ["西青区"])
    assert (name("460400", 1990), name("460400", 2020)) == ([], ["儋州市"])
    assert Code.objects.filter(edition=edition, code="110103").exists()
