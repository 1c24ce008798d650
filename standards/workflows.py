"""How editions of elements and code sets come into force: drafted, open to comments, reviewed by another, published."""

from django.utils.translation import gettext_lazy as _

from core.workflow import Transition, Workflow, register
from standards.choices import EditionState
from standards.services import editions

WRITING = (EditionState.DRAFT, EditionState.COMMENTING)
AUTHORED = ("draft", "submit")  # who ever wrote or submitted this edition may not decide on it


def _workflow(model: str) -> Workflow:
    return Workflow(
        model,
        (
            Transition("open_comments", _("公开征求意见"), (EditionState.DRAFT,), EditionState.COMMENTING, "standard.edit"),
            Transition(
                "submit", _("提交审核"), WRITING, EditionState.REVIEW, "standard.edit", check=editions.check_complete
            ),
            Transition("withdraw", _("撤回修改"), (EditionState.REVIEW,), EditionState.DRAFT, "standard.edit"),
            Transition(
                "return", _("退回修改"), (EditionState.REVIEW,), EditionState.DRAFT, "standard.review", opinion=True, not_by=AUTHORED
            ),
            Transition(
                "publish", _("发布标准"), (EditionState.REVIEW,), EditionState.PUBLISHED, "standard.review",
                not_by=AUTHORED, check=editions.check_complete, effect=editions.come_into_force,
            ),
            Transition(
                "retire", _("废止标准"), (EditionState.PUBLISHED,), EditionState.RETIRED, "standard.review",
                opinion=True, not_by=AUTHORED, effect=editions.go_out_of_force,
            ),
        ),
    )  # fmt: skip


def register_all() -> None:
    register(_workflow("standards.Edition"))
    register(_workflow("standards.CodeSetEdition"))
