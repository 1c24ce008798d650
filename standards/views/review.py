"""An edition on its way, of an element or of a code set: what it changes, its comments, its citations, the steps of its review."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.permissions import can, require
from core import impacts, workflow
from core.texts import Text
from core.views import ActionView, Crumb, DetailPage, EditPage, Tab
from standards import comparing, selectors
from standards.choices import EditionState
from standards.forms import AnswerForm, CitationForm, CommentForm, TransitionForm
from standards.models import Citation, CodeSetEdition, Comment, Edition
from standards.services.review import AnyEdition, answer_comment, cite, comment, discard_draft, move, uncite

HOME: Crumb = (_("标准"), "/standards/")
ELEMENTS: Crumb = (pgettext_lazy("list", "数据元"), "/standards/elements/")
CODE_SETS: Crumb = (pgettext_lazy("list", "代码集"), "/standards/code-sets/")
CODES_SHOWN = 500


def editing(user: Any) -> dict[str, Any]:
    """Whether a list offers to write; an empty one then offers nothing either."""
    may_edit = can(user, "standard.edit")
    return {"may_edit": may_edit} | ({} if may_edit else {"empty_action": None})


def owner_of(edition: AnyEdition) -> Any:
    return edition.element if isinstance(edition, Edition) else edition.code_set


def crumbs_of(edition: AnyEdition) -> list[Crumb]:
    owner = owner_of(edition)
    among = ELEMENTS if isinstance(edition, Edition) else CODE_SETS
    return [HOME, among, (owner.name, owner.get_absolute_url())]


def differences_of(edition: AnyEdition) -> dict[str, Any]:
    """The comparison with the edition in force, or of that one with the edition before it, for a template."""
    current = owner_of(edition).current
    before = current if current != edition else selectors.edition_before(edition)
    if isinstance(edition, Edition):
        rows = comparing.compare_editions(before, edition)
    else:
        rows = comparing.compare_codes(before, edition)
    return {
        "differences": rows[:CODES_SHOWN],
        "more": max(0, len(rows) - CODES_SHOWN),
        "counts": comparing.counted(rows),
        "before": before,
        "in_force": edition == current,
    }


def actions_on(edition: AnyEdition, user: Any) -> dict[str, Any]:
    """What this user may do with the edition now, for a template."""
    writing = edition.state in (EditionState.DRAFT, EditionState.COMMENTING)
    may_edit = can(user, "standard.edit", edition)
    return {
        "transitions": workflow.open_to(edition, user),
        "may_edit": may_edit,
        "may_write": may_edit and writing,
        "may_discard": may_edit and edition.state == EditionState.DRAFT,
        "may_comment": edition.state == EditionState.COMMENTING and can(user, "standard.comment"),
    }


def _changes(edition: AnyEdition, user: Any) -> Mapping[str, Any]:
    return differences_of(edition)


def _comments(edition: AnyEdition, user: Any) -> Mapping[str, Any]:
    return {"comments": list(selectors.comments_on(edition))}


def _citations(edition: AnyEdition, user: Any) -> Mapping[str, Any]:
    return {"citations": list(edition.citations.select_related("text"))}


def _history(edition: AnyEdition, user: Any) -> Mapping[str, Any]:
    return {"events": selectors.events_of(edition)}


def _codes(edition: CodeSetEdition, user: Any) -> Mapping[str, Any]:
    return {"codes": list(edition.codes.all()[:CODES_SHOWN]), "total": edition.codes.count()}


_TABS = (
    Tab("changes", _("变更"), "standards/_changes.html", _changes, order=20),
    Tab(
        "comments", _("意见"), "standards/_comments.html", _comments,
        lambda edition, user: selectors.comments_on(edition).count() or None, order=30,
    ),
    Tab(
        "citations", _("引用"), "standards/_citations.html", _citations,
        lambda edition, user: edition.citations.count() or None, order=40,
    ),
    Tab("history", _("流转记录"), "standards/_history.html", _history, order=50),
)  # fmt: skip


class EditionDetail(DetailPage):
    verb = "data.view"
    template_name = "standards/edition_detail.html"
    url_name = "standards:edition_detail"
    tabs = _TABS

    def queryset(self) -> QuerySet[Any]:
        return selectors.editions_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [*crumbs_of(self.object), (selectors.edition_name(self.object), "")]

    def extra_context(self) -> dict[str, Any]:
        return {
            "owner": owner_of(self.object),
            "edition_name": selectors.edition_name(self.object),
            "kind": "element" if isinstance(self.object, Edition) else "code_set",
            **actions_on(self.object, self.request.user),
        }


class CodeEditionDetail(EditionDetail):
    url_name = "standards:code_edition_detail"
    tabs = (
        Tab("codes", _("代码"), "standards/_edition_codes.html", _codes, lambda edition, user: edition.codes.count()),
        *_TABS,
    )

    def queryset(self) -> QuerySet[Any]:
        return selectors.code_editions_visible_to(self.request.user)


class _OnEdition(EditPage):
    """A form about one edition; `kind` says of what, `needed` what it takes."""

    verb = "data.view"
    kind: ClassVar[str] = "element"
    needed: ClassVar[str] = ""
    edition: AnyEdition

    def editions(self) -> QuerySet[Any]:
        visible = selectors.editions_visible_to if self.kind == "element" else selectors.code_editions_visible_to
        return visible(self.request.user)  # type: ignore[no-any-return,operator]

    def prepare(self, **kwargs: Any) -> None:
        self.edition = get_object_or_404(self.editions(), pk=kwargs["pk"])
        if self.needed:
            require(self.request.user, self.needed, self.edition)

    def crumbs(self) -> list[Crumb]:
        edition = self.edition
        here = (selectors.edition_name(edition), edition.get_absolute_url())
        return [*crumbs_of(edition), here, (self.title, "")]

    def cancel_url(self) -> str:
        return self.edition.get_absolute_url()

    def tab_url(self, tab: str) -> str:
        name = "standards:edition_detail" if self.kind == "element" else "standards:code_edition_detail"
        return reverse(name, args=[self.edition.pk, tab])


class EditionMove(_OnEdition):
    """One step of the review: what it changes, whom it hits, what was said, then the decision."""

    form_class = TransitionForm
    template_name = "standards/edition_move.html"
    step: workflow.Transition
    hits: list[impacts.Hit]

    def prepare(self, **kwargs: Any) -> None:
        super().prepare(**kwargs)
        try:
            self.step = workflow.of(self.edition).transition(kwargs["step"])
        except KeyError:
            raise Http404 from None
        require(self.request.user, self.step.verb, self.edition)
        self.title = self.submit_label = self.step.label  # type: ignore[misc]
        decides = self.step.name in ("publish", "retire")
        self.hits = impacts.of(owner_of(self.edition), self.request.user) if decides else []

    def form_arguments(self) -> dict[str, Any]:
        retiring = self.step.name == "retire" and bool(self.hits)
        return {"opinion_needed": self.step.opinion, "confirming": retiring}

    def extra_context(self) -> dict[str, Any]:
        compared = differences_of(self.edition) if self.step.name in ("submit", "publish", "return") else {}
        return {
            "edition": self.edition,
            "step": self.step,
            "hits": self.hits,
            "uses": sum(
                hit.count for hit in self.hits
            ),  # as they stand on this page; the word that they were read is about these
            "comments": list(selectors.comments_on(self.edition)),
            "events": selectors.events_of(self.edition),
            **compared,
        }

    def save(self, form: Any) -> tuple[str, Text]:
        seen = self.request.POST.get("uses", "")
        edition: Any = move(
            actor=self.request.user, edition=self.edition, step=self.step.name, opinion=form.cleaned_data["opinion"],  # type: ignore[arg-type]
            uses=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
        )  # fmt: skip
        told = translate("%(step)s：%(state)s") % {"step": self.step.label, "state": edition.get_state_display()}
        return self.cancel_url(), told


class EditionComment(_OnEdition):
    """What an agency says while an edition is open to comments."""

    verb = "standard.comment"
    form_class = CommentForm
    title = _("提出意见")
    submit_label = _("提出意见")

    def editions(self) -> QuerySet[Any]:
        return super().editions().filter(state=EditionState.COMMENTING)

    def save(self, form: Any) -> tuple[str, Text]:
        comment(actor=self.request.user, edition=self.edition, text=form.cleaned_data["text"])  # type: ignore[arg-type]
        return self.tab_url("comments"), translate("已提出意见。")


class CommentAnswer(_OnEdition):
    """Take a comment over or say why not; the address names the comment."""

    verb = "standard.edit"
    form_class = AnswerForm
    title = _("答复意见")
    submit_label = _("答复意见")
    said: Comment

    def prepare(self, **kwargs: Any) -> None:
        self.said = get_object_or_404(Comment.objects.select_related("agency"), pk=kwargs["pk"])
        label, _colon, key = self.said.target.partition(":")
        self.kind = "element" if label == "standards.Edition" else "code_set"  # type: ignore[misc]
        super().prepare(pk=key)
        require(self.request.user, "standard.edit", self.edition)

    def extra_context(self) -> dict[str, Any]:
        return {"lead": f"{self.said.agency.name}{translate('：')}{self.said.text}"}

    def form_arguments(self) -> dict[str, Any]:
        return {
            "initial": {
                "accepted": {True: "yes", False: "no", None: ""}[self.said.accepted],
                "answer": self.said.answer,
            }
        }

    def save(self, form: Any) -> tuple[str, Text]:
        answer_comment(
            actor=self.request.user, edition=self.edition, said=self.said,  # type: ignore[arg-type]
            accepted=form.cleaned_data["accepted"] == "yes", text=form.cleaned_data["answer"],
        )  # fmt: skip
        return self.tab_url("comments"), translate("已答复意见。")


class CitationAdd(_OnEdition):
    """The edition rests on a clause; checked on a day, or from memory."""

    verb = "standard.edit"
    needed = "standard.edit"
    form_class = CitationForm
    title = _("添加引用")
    submit_label = _("添加引用")

    def form_arguments(self) -> dict[str, Any]:
        return {"texts": selectors.texts_visible_to(self.request.user)}

    def save(self, form: Any) -> tuple[str, Text]:
        cite(actor=self.request.user, edition=self.edition, **form.cleaned_data)  # type: ignore[arg-type]
        return self.tab_url("citations"), translate("已添加引用。")


class CitationRemove(ActionView):
    verb = "standard.edit"

    def queryset(self) -> QuerySet[Citation]:
        return selectors.citations_visible_to(self.request.user)

    def act(self, obj: Citation) -> Text:
        edition: Any = obj.edition or obj.code_edition
        self.target_url = edition.get_absolute_url() + "citations/"
        uncite(actor=self.request.user, citation=obj)  # type: ignore[arg-type]
        return translate("已移除引用“%(name)s”。") % {"name": obj}


class EditionDiscard(ActionView):
    """Give a draft up."""

    verb = "standard.edit"
    kind: ClassVar[str] = "element"

    def queryset(self) -> QuerySet[Any]:
        visible: Any = selectors.editions_visible_to if self.kind == "element" else selectors.code_editions_visible_to
        return visible(self.request.user)  # type: ignore[no-any-return]

    def act(self, obj: Any) -> Text:
        owner, name = owner_of(obj), str(obj)
        discard_draft(actor=self.request.user, edition=obj)  # type: ignore[arg-type]
        kept = owner.editions.exists() if owner.pk else False
        among = "standards:element_list" if self.kind == "element" else "standards:code_set_list"
        self.target_url = owner.get_absolute_url() if kept else reverse(among)
        return translate("已放弃草案“%(name)s”。") % {"name": name}
