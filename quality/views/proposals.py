"""Proposals: the queue, accepting and ignoring one or many."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can
from assets.views.common import NamedFilters
from core.views import BulkAction, Column, Crumb, SignedInView, safe_next, selected_rows
from quality import selectors
from quality.choices import ProposalState
from quality.filters import ProposalFilter
from quality.models import RuleProposal
from quality.services.proposals import accept_proposals, reject_proposals
from quality.views.rules import HOME


class ProposalList(NamedFilters):
    verb = "data.view"
    title = _("规则建议")
    noun = npgettext_lazy("count", "条建议", "条建议", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("kind", _("建议的规则"), "kind"),
        Column("reason", _("依据")),
        Column("proposed", _("提出时间"), "proposed_at"),
        Column("state", _("处理")),
    )
    row_template = "quality/_proposal_row.html"
    template_name = "quality/proposal_list.html"
    filterset_class = ProposalFilter
    filter_names = ("kind", "state")
    two_line = True
    empty_title = _("还没有规则建议。扫描数据源后，根据剖析结果在这里给出。")

    def queryset(self) -> QuerySet[RuleProposal]:
        return selectors.proposals_visible_to(self.request.user).exclude(state=ProposalState.OUTDATED)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "rule.edit"):
            return ()
        return (
            BulkAction(_("采纳建议"), reverse("quality:proposal_accept"), "check"),
            BulkAction(_("忽略建议"), reverse("quality:proposal_reject"), "x"),
        )

    def extra_context(self) -> dict[str, Any]:
        return {"may_edit": can(self.request.user, "rule.edit")}


class Decide(SignedInView):
    """Accept or ignore the chosen proposals; one button of a row posts the same."""

    verb = "rule.edit"
    http_method_names = ["post", "options"]
    verb_name: str = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = list(selected_rows(request, ProposalList()))
        back = HttpResponseRedirect(safe_next(request, reverse("quality:proposal_list") + "?state=open"))
        try:
            if self.verb_name == "accept":
                count = len(accept_proposals(actor=request.user, proposals=chosen))  # type: ignore[arg-type]
                messages.success(request, translate("已采纳 %(n)s 条建议，下次扫描时检查。") % {"n": count})
            else:
                count = reject_proposals(actor=request.user, proposals=chosen)  # type: ignore[arg-type]
                messages.success(request, translate("已忽略 %(n)s 条建议，不再提出。") % {"n": count})
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
        return back
