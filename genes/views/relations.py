"""What follows over columns: same-source families, joins, the keys they lead to, and repeated collection."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from accounts.permissions import can
from core.exporting import Field
from core.views import Column, Crumb, DetailPage, Tab
from genes.filters import FamilyFilter, JoinFilter, KeyFilter, RepetitionFilter
from genes.models import Family, Join, Repetition
from genes.selectors import authority, relations
from genes.views.lists import GeneLists
from genes.views.workbench import HOME

FAMILIES: Crumb = (_("同源组"), "/genes/families/")
JOINS: Crumb = (_("关联"), "/genes/joins/")


class FamilyList(GeneLists):
    verb = "data.view"
    title = _("同源组")
    noun = npgettext_lazy("count", "个同源组", "个同源组", "total")
    columns = (
        Column("element", _("同源组"), "element__sort_key"),
        Column("domain", _("主题域"), "element__domain"),
        Column("columns", pgettext_lazy("list", "字段"), "columns", number=True),
        Column("agencies", pgettext_lazy("list", "机构"), "agencies", number=True),
        Column("conflicts", _("冲突字段"), "conflicts", number=True),
        Column("source", _("数源部门")),
    )
    row_template = "genes/_family_row.html"
    filterset_class = FamilyFilter
    filter_names = ("domain", "shared", "conflict")
    default_sort = "-agencies"
    two_line = True
    empty_title = _("还没有同源组。确认字段的数据元并扫描后，取值相通的字段归并到一起。")
    empty_action = (_("打开对标工作台"), "genes:match_queue")

    def queryset(self) -> QuerySet[Family]:
        return relations.families_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("数据元"), lambda row: row.element.name),
            Field(_("内部标识符"), lambda row: row.element.code),
            Field(_("组号"), lambda row: row.number),
            Field(_("字段"), lambda row: row.columns),
            Field(_("机构"), lambda row: row.agencies),
            Field(_("冲突字段"), lambda row: row.conflicts),
            Field(_("数源部门"), lambda row: [ruling.holder.name for ruling in row.element.in_force]),
        )


def _members(family: Family, user: Any) -> Mapping[str, Any]:
    return {
        "members": relations.members_of(family, user),
        "siblings": relations.siblings(family, user),
        "most": relations.MEMBERS,
    }


def _agencies(family: Family, user: Any) -> Mapping[str, Any]:
    return {"agencies": relations.agencies_of(family, user)}


def _source(family: Family, user: Any) -> Mapping[str, Any]:
    return source_of(family.element, user)


def source_of(element: Any, user: Any) -> dict[str, Any]:
    """Who might be named, who is, and what was ruled before."""
    rows = authority.rulings_visible_to(user).filter(element=element)
    return {
        "candidates": authority.stored(authority.candidates(element, user)), "element": element, "live": True,
        "rulings": list(rows.order_by("-valid_from", "pk")), "may_propose": can(user, "gene.decide"),
    }  # fmt: skip


class FamilyDetail(DetailPage):
    verb = "data.view"
    template_name = "genes/family_detail.html"
    url_name = "genes:family_detail"
    tabs = (
        Tab(
            "members", _("字段"), "genes/_family_members.html", _members, lambda family, user: family.columns, order=10
        ),
        Tab(
            "agencies",
            pgettext_lazy("list", "机构"),
            "genes/_family_agencies.html",
            _agencies,
            lambda family, user: family.agencies,
            order=15,
        ),
        Tab("source", _("数源比选"), "genes/_source.html", _source, order=20),
    )

    def queryset(self) -> QuerySet[Family]:
        return relations.families_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, FAMILIES, (str(self.object), "")]

    def extra_context(self) -> dict[str, Any]:
        return {"may_propose": can(self.request.user, "gene.decide")}


_ENDS = (
    Field(_("机构"), lambda row: row.column.source.agency.name),
    Field(_("数据源"), lambda row: row.column.source.name),
    Field(_("表"), lambda row: row.column.table.label),
    Field(_("字段"), lambda row: row.column.name),
    Field(_("目标机构"), lambda row: row.target.source.agency.name),
    Field(_("目标数据源"), lambda row: row.target.source.name),
    Field(_("目标表"), lambda row: row.target.table.label),
    Field(_("目标字段"), lambda row: row.target.name),
)


class JoinList(GeneLists):
    verb = "data.view"
    title = _("关联")
    noun = npgettext_lazy("count", "个关联", "个关联", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("target", _("目标主键"), "target__name"),
        Column("share", _("包含率"), "share"),
        Column("key_share", _("目标唯一性"), "key_share"),
        Column("evidence", _("其他依据")),
        Column("score", _("得分"), "score", number=True),
    )
    row_template = "genes/_join_row.html"
    template_name = "genes/join_list.html"
    filterset_class = JoinFilter
    filter_names = ("declared", "same_element", "across", "agency")
    default_sort = "-score"
    two_line = True
    empty_title = _("还没有关联。扫描后，取值落在某个主键里的字段和声明的外键在这里列出。")

    def queryset(self) -> QuerySet[Join]:
        return relations.joins_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            *_ENDS,
            Field(_("声明的外键"), lambda row: row.declared),
            Field(_("包含率"), lambda row: row.share),
            Field(_("包含率标准误"), lambda row: row.error),
            Field(_("目标唯一性"), lambda row: row.key_share),
            Field(_("数据元相同"), lambda row: row.same_element),
            Field(_("名称相近"), lambda row: row.alike),
            Field(_("类型相同"), lambda row: row.same_type),
            Field(_("得分"), lambda row: row.score),
        )


class KeyList(GeneLists):
    """The columns that others lead to."""

    verb = "data.view"
    title = _("被关联的主键")
    noun = npgettext_lazy("count", "个主键", "个主键", "total")
    columns = (
        Column("column", _("字段"), "name"),
        Column("table", _("表"), "table__name"),
        Column("element", _("数据元"), "binding__element__sort_key"),
        Column("key_share", _("唯一性"), "key_share"),
        Column("joins", _("关联"), "arriving", number=True),
        Column("declared", _("声明的外键"), "declared", number=True),
        Column("tables", _("来自的表"), "tables", number=True),
    )
    row_template = "genes/_key_row.html"
    filterset_class = KeyFilter
    filter_names = ("agency", "source")
    default_sort = "-joins"
    two_line = True
    empty_title = _("还没有被关联的主键。扫描后，有字段落在其中的主键在这里列出。")

    def queryset(self) -> QuerySet[Any]:
        return relations.keys_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, JOINS, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            Field(_("机构"), lambda row: row.source.agency.name),
            Field(_("数据源"), lambda row: row.source.name),
            Field(_("表"), lambda row: row.table.label),
            Field(_("字段"), lambda row: row.name),
            Field(_("唯一性"), lambda row: row.key_share),
            Field(_("关联"), lambda row: row.arriving),
            Field(_("声明的外键"), lambda row: row.declared),
            Field(_("来自的表"), lambda row: row.tables),
        )


class RepetitionList(GeneLists):
    verb = "data.view"
    title = _("重复采集")
    noun = npgettext_lazy("count", "个重复采集的字段", "个重复采集的字段", "total")
    columns = (
        Column("column", _("字段"), "column__name"),
        Column("table", _("表"), "column__table__name"),
        Column("element", _("数据元"), "ruling__element__sort_key"),
        Column("holder", _("数源部门"), "ruling__holder__sort_key"),
        Column("share", _("与数源重合"), "share"),
        Column("found", _("发现时间"), "found_at"),
    )
    row_template = "genes/_repetition_row.html"
    template_name = "genes/repetition_list.html"
    filterset_class = RepetitionFilter
    filter_names = ("agency", "source", "mine")
    default_sort = "-found"
    two_line = True
    empty_title = _("没有重复采集。数源认定后，其他机构自行采集同一数据元的字段在这里列出。")
    empty_action = (_("查看数源裁定"), "genes:ruling_list")

    def queryset(self) -> QuerySet[Repetition]:
        return authority.repetitions_visible_to(self.request.user)

    def crumbs(self) -> list[Crumb]:
        return [HOME, (self.title, "")]

    def exports(self) -> Sequence[Field]:
        return (
            *_ENDS[:4],
            Field(_("数据元"), lambda row: row.ruling.element.name),
            Field(_("数源部门"), lambda row: row.ruling.holder.name),
            Field(_("依据"), lambda row: row.ruling.basis),
            Field(_("与数源重合"), lambda row: row.share),
            Field(_("发现时间"), lambda row: row.found_at),
        )
