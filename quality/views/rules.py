"""Rules: list, one rule, adding, changing, switching, deleting."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from accounts.permissions import can, require
from assets.models import Table
from assets.selectors.catalogue import tables_visible_to
from assets.views.common import NamedFilters
from core.exporting import Field
from core.texts import Text
from core.views import (
    ActionView,
    BulkAction,
    Column,
    Crumb,
    DetailPage,
    EditPage,
    SignedInView,
    Tab,
    safe_next,
    selected_rows,
)
from quality import selectors
from quality.filters import RuleFilter
from quality.forms import BulkRuleForm, RuleForm, initial_of
from quality.models import Rule
from quality.services.rules import bind_rules, create_rule, delete_rule, set_enabled, update_rule
from quality.views import exports
from scanner.rules import RULE_KINDS

HOME: Crumb = (_("质量"), "/quality/")
TABLES_OFFERED = 20
SINGLE = tuple(kind.name for kind in RULE_KINDS.values() if kind.least <= 1 and kind.most != 0)  # for one column


class RuleList(NamedFilters):
    verb = "data.view"
    title = _("质量规则")
    noun = npgettext_lazy("count", "条规则", "条规则", "total")
    columns = (
        Column("name", _("规则"), "name"),
        Column("table", _("表"), "table__name"),
        Column("indicator", _("质量指标"), "indicator"),
        Column("state", _("状态"), "enabled"),
        Column("pass", _("合格率")),
        Column("failed", _("不合格行"), number=True),
        Column("checked", _("最近检查")),
    )
    row_template = "quality/_rule_row.html"
    template_name = "quality/rule_list.html"
    filterset_class = RuleFilter
    filter_names = ("kind", "dimension", "failing", "enabled", "severity", "origin")
    default_sort = "name"
    two_line = True
    empty_title = _("还没有质量规则。扫描数据源后，可在规则建议中一键采纳。")
    empty_action = (_("查看规则建议"), "quality:proposal_list")

    def queryset(self) -> QuerySet[Rule]:
        return selectors.rules_visible_to(self.request.user)

    def exports(self) -> Sequence[Field]:
        return exports.RULES

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def bulk_actions(self) -> Sequence[BulkAction]:
        if not can(self.request.user, "rule.edit"):
            return ()
        return (
            BulkAction(_("启用规则"), reverse("quality:rule_enable"), "circle-check"),
            BulkAction(_("停用规则"), reverse("quality:rule_disable"), "circle-stop"),
        )

    def extra_context(self) -> dict[str, Any]:
        return {"may_edit": can(self.request.user, "rule.edit")}


class RulesSwitch(SignedInView):
    """Enable or disable the chosen rules."""

    verb = "rule.edit"
    http_method_names = ["post", "options"]
    enabled: bool = True

    def post(self, request: HttpRequest) -> HttpResponse:
        rules = list(selected_rows(request, RuleList()))
        count = set_enabled(actor=request.user, rules=rules, enabled=self.enabled)  # type: ignore[arg-type]
        sentence = translate("已启用 %(n)s 条规则。") if self.enabled else translate("已停用 %(n)s 条规则。")
        messages.success(request, sentence % {"n": count})
        return HttpResponseRedirect(safe_next(request, reverse("quality:rule_list")))


def _history(rule: Rule, user: Any) -> Mapping[str, Any]:
    history = selectors.rule_history(rule)
    shares = [float(100 * item.pass_share) for item in history if item.pass_share is not None]
    return {"history": list(reversed(history)), "shares": shares, "finding": selectors.open_finding_of(rule)}


class RuleDetail(DetailPage):
    verb = "data.view"
    template_name = "quality/rule_detail.html"
    url_name = "quality:rule_detail"
    tabs = (Tab("results", _("检查结果"), "quality/_rule_results.html", _history),)

    def queryset(self) -> QuerySet[Rule]:
        return selectors.rules_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (_("质量规则"), reverse("quality:rule_list")), (self.object.label, "")]

    def extra_context(self) -> dict[str, Any]:
        results = self.object.current_results
        return {
            "kind": RULE_KINDS.get(self.object.kind),
            "result": results[0] if results else None,
            "may_edit": can(self.request.user, "rule.edit", self.object),
        }


class RuleCreate(EditPage):
    """Three steps, each with its URL: the table, the kind of rule, the rule."""

    verb = "rule.edit"
    form_class = RuleForm
    title = _("新建质量规则")
    submit_label = _("新建规则")
    template_name = "quality/rule_form.html"
    table: Table

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET.get("table"):
            return self.choose_table()
        self.prepare()
        if request.GET.get("kind") not in RULE_KINDS:
            return self.choose_kind()
        return super().get(request, *args, **kwargs)

    def prepare(self, **kwargs: Any) -> None:
        tables = tables_visible_to(self.request.user)
        try:
            self.table = get_object_or_404(tables, pk=self.request.GET.get("table"))
        except ValidationError as error:  # not an id
            raise Http404 from error
        require(self.request.user, "rule.edit", self.table)
        if self.request.method == "POST" and self.request.GET.get("kind") not in RULE_KINDS:
            raise Http404

    def choose_table(self) -> HttpResponse:
        text = self.request.GET.get("q", "").strip()[:100]
        tables = tables_visible_to(self.request.user)
        found = selectors.tables_matching(tables, text)[:TABLES_OFFERED] if text else []
        context = {"title": self.title, "crumbs": self.crumbs(), "q": text, "tables": found}
        return render(self.request, "quality/rule_choose_table.html", context)

    def choose_kind(self) -> HttpResponse:
        context = {
            "title": self.title, "crumbs": self.crumbs(), "table": self.table, "kinds": RULE_KINDS.values(),
            "column": self.request.GET.get("column", ""),
        }  # fmt: skip
        return render(self.request, "quality/rule_choose_kind.html", context)

    def form_arguments(self) -> dict[str, Any]:
        kind = RULE_KINDS[self.request.GET["kind"]]
        column = self.request.GET.get("column", "")
        initial = {"columns": column if kind.most == 1 else [column] if column else []}
        return {"kind": kind, "table": self.table, "initial": initial}

    def extra_context(self) -> dict[str, Any]:
        return {"table": self.table, "kind": RULE_KINDS[self.request.GET["kind"]]}

    def crumbs(self) -> list[Crumb]:
        return [HOME, (_("质量规则"), reverse("quality:rule_list")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("quality:rule_list")

    def save(self, form: Any) -> tuple[str, Text]:
        try:
            rule = create_rule(
                actor=self.request.user, table=self.table, columns=form.chosen_columns, **form.rule_fields
            )  # type: ignore[arg-type]
        except ValidationError as error:
            raise form.refuse(error) from error
        return rule.get_absolute_url(), _("规则已新建，下次扫描时检查。")


class RuleBulk(EditPage):
    """One single-column rule on many columns: the kind, then the columns found by name and the rule itself."""

    verb = "rule.edit"
    form_class = BulkRuleForm
    title = _("批量新建质量规则")
    submit_label = _("新建规则")
    template_name = "quality/rule_bulk.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("kind") in SINGLE:
            return super().get(request, *args, **kwargs)
        kinds = [RULE_KINDS[name] for name in SINGLE]
        context = {"title": self.title, "crumbs": self.crumbs(), "kinds": kinds, "bulk": True}
        return render(request, "quality/rule_choose_kind.html", context)

    def prepare(self, **kwargs: Any) -> None:
        if self.request.GET.get("kind") not in SINGLE:
            raise Http404

    def form_arguments(self) -> dict[str, Any]:
        found = selectors.columns_to_bind(self.request.user, self.request.GET.get("q", "").strip()[:100])
        return {"kind": RULE_KINDS[self.request.GET["kind"]], "columns": found}

    def extra_context(self) -> dict[str, Any]:
        return {"kind": RULE_KINDS[self.request.GET["kind"]], "q": self.request.GET.get("q", "")}

    def crumbs(self) -> list[Crumb]:
        return [HOME, (_("质量规则"), reverse("quality:rule_list")), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("quality:rule_list")

    def save(self, form: Any) -> tuple[str, Text]:
        try:
            made = bind_rules(actor=self.request.user, columns=form.chosen_columns, **form.rule_fields)  # type: ignore[arg-type]
        except ValidationError as error:
            raise form.refuse(error) from error
        return reverse("quality:rule_list"), translate("已新建 %(n)s 条规则，下次扫描时检查。") % {"n": len(made)}


class RuleEdit(EditPage):
    verb = "rule.edit"
    form_class = RuleForm
    title = _("修改质量规则")
    submit_label = _("保存规则")
    template_name = "quality/rule_form.html"
    rule: Rule

    def prepare(self, **kwargs: Any) -> None:
        self.rule = get_object_or_404(selectors.rules_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "rule.edit", self.rule)

    def form_arguments(self) -> dict[str, Any]:
        return {"kind": RULE_KINDS[self.rule.kind], "table": self.rule.table, "initial": initial_of(self.rule)}

    def extra_context(self) -> dict[str, Any]:
        return {"table": self.rule.table, "kind": RULE_KINDS[self.rule.kind]}

    def crumbs(self) -> list[Crumb]:
        above = [HOME, (_("质量规则"), reverse("quality:rule_list")), (self.rule.label, self.rule.get_absolute_url())]
        return [*above, (self.title, "")]

    def cancel_url(self) -> str:
        return self.rule.get_absolute_url()

    def save(self, form: Any) -> tuple[str, Text]:
        try:
            update_rule(actor=self.request.user, rule=self.rule, columns=form.chosen_columns, **form.rule_fields)  # type: ignore[arg-type]
        except ValidationError as error:
            raise form.refuse(error) from error
        return self.rule.get_absolute_url(), _("规则已保存，下次扫描时按新内容检查。")


class RuleDelete(ActionView):
    required_verb: ClassVar[str] = "rule.edit"

    def queryset(self) -> QuerySet[Rule]:
        return selectors.rules_visible_to(self.request.user)

    def act(self, obj: Any) -> Text:
        self.target_url = reverse("quality:rule_list")
        delete_rule(actor=self.request.user, rule=obj)  # type: ignore[arg-type]
        return _("规则已删除。")
