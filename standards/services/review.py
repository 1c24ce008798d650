"""What editions of elements and of code sets share on their way: authorship, comments and answers, citations, giving a draft up."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from core import audit, clock, impacts, search, workflow
from core.texts import clean
from standards.choices import EditionState
from standards.models import Citation, CodeSetEdition, Comment, Edition, StandardText
from standards.services.editions import recorded

AnyEdition = Edition | CodeSetEdition


def require_in_writing(edition: AnyEdition) -> None:
    """Raise ValidationError unless the edition may still be changed."""
    if edition.state not in (EditionState.DRAFT, EditionState.COMMENTING):
        raise ValidationError(_("只有草案和征求意见稿可以修改；已发布的标准请起草新版本。"))


@transaction.atomic
def move(*, actor: Person, edition: AnyEdition, step: str, opinion: str = "", uses: int | None = None) -> AnyEdition:
    """One step of the review. Retiring what is in use takes the number of its uses as the actor has seen them.

    Raises KeyError for an unknown step, PermissionDenied, ValidationError.
    """
    transition = workflow.of(edition).transition(step)
    require(actor, transition.verb, edition)
    if step == "retire" and (now := uses_of(edition)) and uses != now:
        told = _("现在有 %(count)s 处使用它。请先看影响清单，再确认这个数。") % {"count": now}
        raise ValidationError({"confirm": told})
    return workflow.apply(edition, step, actor=actor, opinion=opinion)


def uses_of(edition: AnyEdition) -> int:
    """How many things lean on the element or code set, the reader's or not."""
    owner = edition.element if isinstance(edition, Edition) else edition.code_set
    return sum(hit.count for hit in impacts.of(owner, None))


@transaction.atomic
def comment(*, actor: Person, edition: AnyEdition, text: str) -> Comment:
    """What an agency says while an edition is open to comments. Raises PermissionDenied, ValidationError."""
    require(actor, "standard.comment")
    if edition.state != EditionState.COMMENTING:
        raise ValidationError(_("该版本不在征求意见期。"))
    if not text.strip():
        raise ValidationError({"text": _("请填写意见。")})
    said = Comment.objects.create(
        target=audit.target_of(edition), agency=actor.agency, author=actor, text=clean(text.strip(), 2_000)
    )
    recorded(actor, "standards.edition.comment", edition, {"text": [None, said.text]})
    return said


@transaction.atomic
def answer_comment(*, actor: Person, edition: AnyEdition, said: Comment, accepted: bool, text: str) -> Comment:
    """Take a comment over or say why not. Raises PermissionDenied, ValidationError."""
    require(actor, "standard.edit", edition)
    if not accepted and not text.strip():
        raise ValidationError({"answer": _("不采纳时请说明理由。")})
    said.accepted, said.answer = accepted, clean(text.strip(), 2_000)
    said.answered_by, said.answered_at = actor, clock.now()
    said.save()
    recorded(actor, "standards.edition.answer", edition, {"accepted": [None, accepted], "answer": [None, said.answer]})
    return said


@transaction.atomic
def cite(
    *, actor: Person, edition: AnyEdition, text: StandardText, clause: str = "", checked_on: date | None = None
) -> Citation:
    """The edition rests on a clause of a text; `checked_on` is the day on which somebody compared it with the text itself.

    Citing does not change an edition, so a published one may be cited for. A clause that is cited already gets the new day.
    Raises PermissionDenied, ValidationError.
    """
    require(actor, "standard.edit", edition)
    if checked_on and checked_on > timezone.localdate():
        raise ValidationError({"checked_on": _("核对日期不能晚于今天。")})
    side = "edition" if isinstance(edition, Edition) else "code_edition"
    known = Citation.objects.filter(**{side: edition}, text=text, clause=clause.strip()).first()
    row = known or Citation(**{side: edition}, text=text, clause=clause.strip())
    row.checked_on = checked_on
    row.full_clean(exclude=("edition", "code_edition"), validate_unique=False, validate_constraints=False)
    row.save()
    recorded(actor, "standards.edition.cite", edition, {"citation": [None, f"{row} {checked_on or ''}".strip()]})
    return row


@transaction.atomic
def uncite(*, actor: Person, citation: Citation) -> None:
    """Raises PermissionDenied."""
    edition = citation.edition or citation.code_edition
    assert edition is not None
    require(actor, "standard.edit", edition)
    recorded(actor, "standards.edition.uncite", edition, {"citation": [str(citation), None]})
    citation.delete()


@transaction.atomic
def discard_draft(*, actor: Person, edition: AnyEdition) -> None:
    """Give up an edition that was never published; an element or code set that has no other edition goes with it.

    Raises PermissionDenied, ValidationError.
    """
    require(actor, "standard.edit", edition)
    edition = type(edition).objects.select_for_update(of=("self",)).get(pk=edition.pk)
    if edition.state != EditionState.DRAFT:
        raise ValidationError(_("只有草案可以放弃；征求意见和审核中的请先退回。"))
    owner = edition.element if isinstance(edition, Edition) else edition.code_set
    recorded(actor, "standards.edition.discard", owner, {"edition": [str(edition), None]})
    edition.delete()
    if not owner.editions.exists():
        search.remove([audit.target_of(owner)])
        owner.delete()
