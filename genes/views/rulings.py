"""Rulings on authoritative sources: list, one with its evidence, proposing, editing, and each step of its way."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.models import Agency
from accounts.permissions import can, require
from accounts.scope import visible_to
from core import workflow
from core.exporting import Field
from core.texts import Text
from core.views import ActionView, Column, Crumb, DetailPage, EditPage, Tab
from genes.choices import RulingState, Standing
from genes.filters import RulingFilter
from genes.forms import NewRulingForm, RulingForm
from genes.models import Ruling
from genes.selectors import authority
from genes.services.rulings import discard_ruling, edit_ruling, propose_ruling
from genes.views.lists import GeneLists
from genes.views.workbench import HOME
from standards.forms import TransitionForm
from standards.models import DataElement
from standards.selectors import elements_visible_to

RULINGS: Crumb = (_("数源裁定"), "/genes/rulings/")
SHOWN = 100  # rows of a tab; the list has them all


class RulingList(GeneLists):
    verb = "data.view"
    title = _("数源裁定")
    noun = npgettext_lazy("count", "份裁定", "份裁定", "total")
    columns = (
        Column("element", _("数据元"), "element__sort_key"),
        Column("holder", _("数源部门"), "holder__sort_key"),
        Column("area", _("适用范围"), "agency__sort_key"),
        Column("standing", _("状态"), "standing"),
        Column("from", _("生效日期"), "valid_from"),
        Column("until", _("终止日期"), "valid_until"),
        Column("repeated", _("重复采集"), "repeated", number=True),
    )
    row_template = "genes/_ruling_row.html"
    template_name = "genes/ruling_list.html"
    filterset_class = RulingFilter
    filter_names = ("standing", "agency", "review")
    two_line = True
    empty_title = _("还没有数源裁定。在基因页比较各机构的数据后提请裁定。")
    empty_action = (_("查看基因"), "genes:gene_list")

    def queryset(self) -> QuerySet[Ruling]:
        return authority.rulings_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def extra_context(self) -> dict[str, Any]:
        return {"may_propose": can(self.request.user, "gene.decide")}

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("数据元"), lambda row: row.element.name),
            Field(_("内部标识符"), lambda row: row.element.code),
            Field(_("数源部门"), lambda row: row.holder.name),
            Field(_("适用范围"), lambda row: row.agency.name),
            Field(_("状态"), lambda row: str(Standing(row.standing).label)),
            Field(_("依据"), lambda row: row.basis),
            Field(_("生效日期"), lambda row: row.valid_from),
            Field(_("终止日期"), lambda row: row.valid_until),
            Field(_("重复采集"), lambda row: row.repeated),
        )


# One ruling ------------------------------------------------------------------------------------------------------------


def evidence_of(ruling: Ruling, user: Any) -> dict[str, Any]:
    """The candidates as they were weighed, of agencies that one may see, and how many others there were."""
    rows = authority.weighed(ruling, user)
    return {"candidates": rows, "hidden": len(ruling.figures) - len(rows), "holder_id": str(ruling.holder_id)}


def _basis(ruling: Ruling, user: Any) -> Mapping[str, Any]:
    return evidence_of(ruling, user)


def _repeated(ruling: Ruling, user: Any) -> Mapping[str, Any]:
    rows = authority.repetitions_visible_to(user).filter(ruling=ruling)
    return {"rows": rows.order_by("column__source__agency__name", "column__name")[:SHOWN]}


def _history(ruling: Ruling, user: Any) -> Mapping[str, Any]:
    return {"events": authority.events_of(ruling)}


class RulingDetail(DetailPage):
    verb = "data.view"
    template_name = "genes/ruling_detail.html"
    url_name = "genes:ruling_detail"
    tabs = (
        Tab("basis", _("依据与比选"), "genes/_ruling_basis.html", _basis, order=10),
        Tab(
            "repeated", _("重复采集"), "genes/_ruling_repeated.html", _repeated,
            lambda ruling, user: ruling.repeated or None, order=20,
        ),
        Tab("history", _("流转记录"), "standards/_history.html", _history, order=30),
    )  # fmt: skip

    def queryset(self) -> QuerySet[Ruling]:
        return authority.rulings_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, RULINGS, (str(self.object), "")]

    def extra_context(self) -> dict[str, Any]:
        ruling, user = self.object, self.request.user
        return {
            "standing": Standing(ruling.standing),
            "steps": authority.steps_open_to(ruling, user),
            "may_write": ruling.state == RulingState.DRAFT and can(user, "gene.decide", ruling),
            "waiting": ruling.state == RulingState.REVIEW,
        }


# Writing ---------------------------------------------------------------------------------------------------------------


class RulingPropose(EditPage):
    """Propose who provides an element; `?element=` names it and shows what its agencies hold."""

    verb = "gene.decide"
    form_class = NewRulingForm
    template_name = "genes/ruling_form.html"
    title = _("提请裁定数源")
    submit_label = _("保存为拟定")
    element: DataElement | None = None
    candidates: list[dict[str, Any]]

    def prepare(self, **kwargs: Any) -> None:
        wanted = self.request.GET.get("element") or self.request.POST.get("element")
        self.candidates = []
        if wanted:
            try:
                self.element = get_object_or_404(self._elements(), pk=wanted)
            except (ValidationError, ValueError):
                raise Http404 from None
            self.candidates = authority.stored(authority.candidates(self.element, self.request.user))

    def _elements(self) -> QuerySet[DataElement]:
        return elements_visible_to(self.request.user).filter(current__isnull=False).order_by("sort_key", "code")

    def form_arguments(self) -> dict[str, Any]:
        user = self.request.user
        areas = visible_to(user, Agency.objects.order_by("path"), "gene.decide")
        best = self.candidates[0]["agency_id"] if self.candidates else None
        initial = {"element": self.element, "agency": areas.first(), "holder": best, "valid_from": timezone.localdate()}
        holders = visible_to(user, Agency.objects.order_by("path"))
        return {"elements": self._elements(), "areas": areas, "holders": holders, "initial": initial}

    def crumbs(self) -> list[Crumb]:
        return [HOME, RULINGS, (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("genes:gene_detail", args=[self.element.pk]) if self.element else reverse("genes:ruling_list")

    def extra_context(self) -> dict[str, Any]:
        return {"element": self.element, "candidates": self.candidates, "live": True}

    def save(self, form: Any) -> tuple[str, Text]:
        ruling = propose_ruling(actor=self.request.user, **form.cleaned_data)
        return ruling.get_absolute_url(), translate("已保存为拟定，提交后由他人裁定。")


class _OnRuling(EditPage):
    """A form about one ruling."""

    verb = "data.view"
    ruling: Any  # Ruling, with its standing

    def prepare(self, **kwargs: Any) -> None:
        self.ruling = get_object_or_404(authority.rulings_visible_to(self.request.user), pk=kwargs["pk"])

    def crumbs(self) -> list[Crumb]:
        return [HOME, RULINGS, (str(self.ruling), self.ruling.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return str(self.ruling.get_absolute_url())

    def extra_context(self) -> dict[str, Any]:
        return {"ruling": self.ruling, "element": self.ruling.element, **evidence_of(self.ruling, self.request.user)}


class RulingEdit(_OnRuling):
    verb = "gene.decide"
    form_class = RulingForm
    template_name = "genes/ruling_form.html"
    title = _("修改数源裁定")
    submit_label = _("保存修改")

    def prepare(self, **kwargs: Any) -> None:
        super().prepare(**kwargs)
        require(self.request.user, "gene.decide", self.ruling)

    def form_arguments(self) -> dict[str, Any]:
        names = ("holder", "basis", "valid_from", "valid_until")
        holders = visible_to(self.request.user, Agency.objects.order_by("path"))
        return {"holders": holders, "initial": {name: getattr(self.ruling, name) for name in names}}

    def save(self, form: Any) -> tuple[str, Text]:
        edit_ruling(actor=self.request.user, ruling=self.ruling, **form.cleaned_data)
        return self.cancel_url(), translate("已保存修改。")


class RulingMove(_OnRuling):
    """One step: what is named and on what basis, what was said before, then the opinion."""

    form_class = TransitionForm
    template_name = "genes/ruling_move.html"
    step: workflow.Transition

    def prepare(self, **kwargs: Any) -> None:
        super().prepare(**kwargs)
        try:
            self.step = workflow.of(self.ruling).transition(kwargs["step"])
        except KeyError:
            raise Http404 from None
        require(self.request.user, self.step.verb, self.ruling)
        self.title = self.submit_label = self.step.label  # type: ignore[misc]

    def form_arguments(self) -> dict[str, Any]:
        return {"opinion_needed": self.step.opinion, "confirming": False}

    def extra_context(self) -> dict[str, Any]:
        own = self.step not in authority.steps_open_to(self.ruling, self.request.user)
        begun = self.ruling.valid_from <= timezone.localdate()
        return {
            **super().extra_context(), "step": self.step, "events": authority.events_of(self.ruling), "closed": own,
            "standing": Standing(self.ruling.standing), "begun": begun,
        }  # fmt: skip

    def save(self, form: Any) -> tuple[str, Text]:
        actor, opinion = self.request.user, form.cleaned_data["opinion"]
        ruling: Any = workflow.apply(self.ruling, self.step.name, actor=actor, opinion=opinion)
        told = translate("%(step)s：%(state)s") % {"step": self.step.label, "state": ruling.get_state_display()}
        return self.cancel_url(), told


class RulingDiscard(ActionView):
    """Give a draft up."""

    verb = "gene.decide"

    def queryset(self) -> QuerySet[Ruling]:
        return authority.rulings_visible_to(self.request.user)

    def act(self, obj: Ruling) -> Text:
        discard_ruling(actor=self.request.user, ruling=obj)
        self.target_url = reverse("genes:ruling_list")
        return translate("已放弃拟定的裁定“%(name)s”。") % {"name": obj}
