"""How an authoritative source is named: proposed with its basis, ruled by another, ended."""

from django.utils.translation import gettext_lazy as _

from core.workflow import Transition, Workflow, register
from genes.choices import RulingState
from genes.selectors.authority import AUTHORED
from genes.services import rulings


def register_all() -> None:
    register(Workflow(
        "genes.Ruling",
        (
            Transition("submit", _("提交裁定"), (RulingState.DRAFT,), RulingState.REVIEW, "gene.decide", check=rulings.check),
            Transition("return", _("退回修改"), (RulingState.REVIEW,), RulingState.DRAFT, "authority.rule", opinion=True, not_by=AUTHORED),
            Transition(
                "rule", _("认定数源"), (RulingState.REVIEW,), RulingState.IN_FORCE, "authority.rule",
                not_by=AUTHORED, check=rulings.check, effect=rulings.come_into_force,
            ),
            Transition(
                "end", _("终止裁定"), (RulingState.IN_FORCE,), RulingState.ENDED, "authority.rule", opinion=True,
                check=rulings.check_not_lapsed, effect=rulings.go_out_of_force,
            ),
        ),
    ))  # fmt: skip
