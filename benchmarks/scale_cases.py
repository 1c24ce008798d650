"""The requests that `benchmarks/scale_pages.py` measures: every list page and REST list × filters × sorts, details, searches.

Walked from the URL resolver and the API router, so that a page that is added is measured too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import Count, Max, Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Agency, Person
from assets.models import CensusRun, Column, DataSource, InformationSystem, ScanRun, Table
from core.api import ReadViewSet
from core.models import Job
from core.panels import panels_for
from core.views import DetailPage, ListPage
from datagene.api import router
from genes.models import Deviation, Family, Match, Ruling
from genes.views.conformity import DeviationDetail
from genes.views.genes import GeneDetail
from genes.views.relations import FamilyDetail
from genes.views.rulings import RulingDetail
from quality.models import Finding, Rule
from quantity.choices import Grouping
from standards.models import DataElement
from standards.views.elements import ElementDetail

SEARCHES = (
    "姓名", "身份证", "人口", "人口登记", "企业名称", "xm", "sfzh", "rk", "renkou", "create_time", "id", "备注", "公积金缴费", "t",
    "表", "日期", "项目编号", "T_RK_DJ", "不动产登记记录", "没有这样的东西", "rkdjxxb", "市", "人口 姓名", "zz", "业务",
)  # fmt: skip
WORDS = ("人口", "登记", "xm", "t_rk", "没有这样的词")
CROSSED = {"assets:table_list", "assets:column_list"}  # lists whose every filter is tried with every sort


@dataclass(frozen=True, slots=True)
class Case:
    """One address, and the family of addresses that it is reported with; ``search`` has the tighter limit."""

    family: str
    path: str
    search: bool = False


def all_cases() -> Iterator[Case]:
    values = Values()
    yield from pages(values)
    yield from details(values)
    yield from searches()
    yield from rest(values)


def _most_carried(count: int) -> list[Any]:
    carried = DataElement.objects.annotate(columns=Count("bindings")).order_by("-columns", "code")
    return list(carried.values_list("pk", flat=True)[:count])


class Values:
    """What filters are asked with: the largest, the smallest and a middling agency and source, words, choices."""

    def __init__(self) -> None:
        sources = list(DataSource.objects.exclude(state="removed").order_by("-table_count"))
        chosen = [sources[0], sources[len(sources) // 3], sources[-1]]
        table = Table.objects.filter(source=sources[0], score__isnull=False).order_by("-column_count")[0]
        rule = Rule.objects.filter(table__source=sources[0]).order_by("pk")[0]
        self.table, self.sources = table, chosen
        column = Column.objects.filter(table=table).order_by("position")[1]
        self.column = column
        self.by_name: dict[str, list[Any]] = {
            "source": [source.pk for source in chosen], "agency": [source.agency_id for source in chosen],
            "system": [source.system_id for source in chosen if source.system_id], "table": [table.pk], "rule": [rule.pk],
            "column": [column.pk], "schema": ["public"], "value_class": ["text", "binary"], "q": list(WORDS),
            "parent": list(Agency.objects.filter(level=1).values_list("pk", flat=True)), "actor": ["全省"],
            "under": list(Agency.objects.filter(level__lte=2).order_by("path").values_list("pk", flat=True)[:2]),
            "verb": ["quality.rule"], "rows_min": [1000, 10**8], "score_max": [60], "new_days": [7], "days": [7],
            "since": ["2020-01-01"], "until": ["2090-01-01"], "target": [f"assets.DataSource:{chosen[0].pk}"],
            "census": [CensusRun.objects.order_by("-started_at")[0].pk],
            "changed_in": [CensusRun.objects.order_by("-started_at")[0].pk],
            "run": [ScanRun.objects.filter(source=sources[0]).order_by("-started_at")[0].pk], "kind": ["postgresql"],
            "element": _most_carried(2), "person": [Person.objects.order_by("pk")[0].pk], "after": ["2020-01-01T00:00:00Z"],
            "before": ["2090-01-01T00:00:00Z"],
        }  # fmt: skip
        self.names = {"name": [table.name, column.name]}

    def of(self, name: str, filter_: django_filters.Filter) -> list[str]:
        """Values for one filter: all its choices where it has them, else the samples of its name."""
        if isinstance(filter_, django_filters.BooleanFilter):
            return ["true", "false"]
        if isinstance(filter_, django_filters.ModelChoiceFilter):
            return [str(value) for value in self.by_name.get(name, ())]
        if isinstance(filter_, django_filters.ChoiceFilter | django_filters.MultipleChoiceFilter):
            return [str(value) for value, _label in filter_.field.choices if value]
        if isinstance(filter_, django_filters.IsoDateTimeFilter):
            return [f"{value}T00:00:00Z" if len(value) == 10 else value for value in self.by_name.get(name, ())]
        return [str(value) for value in (self.by_name | self.names).get(name, ())]


# Pages -------------------------------------------------------------------------------------------------------------


def pages(values: Values) -> Iterator[Case]:
    """Each list: plain, each sort both ways, each value of each filter, and for the large ones each with each."""
    for name, view in list_pages():
        family, address = f"page {name}", reverse(name)
        sorts = [sign + column.key for column in view.columns if column.sort for sign in ("", "-")]
        clicked = [
            f"{'-' * column.number}{column.key}" for column in view.columns if column.sort
        ]  # as a head sorts first
        narrowed = [{}, *_narrowings(view.filterset_class, values)]
        yield Case(family, address)
        yield from (Case(family, f"{address}?{urlencode({'sort': sort})}") for sort in sorts)
        for query in narrowed[1:]:
            yield Case(family, f"{address}?{urlencode(query)}")
            if name in CROSSED:
                yield from (Case(family, f"{address}?{urlencode({**query, 'sort': sort})}") for sort in clicked)


def list_pages() -> list[tuple[str, type[ListPage]]]:
    """(URL name, view) of every list page that takes no argument."""
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, namespace: str) -> Iterator[tuple[str, type[ListPage]]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, f"{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", None)
            if isinstance(view, type) and issubclass(view, ListPage) and not entry.pattern.converters:
                yield f"{namespace}{entry.name}", view


def _narrowings(filterset: Any, values: Values) -> list[dict[str, str]]:
    if filterset is None:
        return []
    return [
        {name: value} for name, filter_ in filterset.base_filters.items() for value in values.of(name, filter_) if value
    ]


def details(values: Values) -> Iterator[Case]:
    """The dashboard in its scopes, overviews, and the page of the largest thing of each kind with all its tabs."""
    yield from (Case("dashboard", f"/?scope={scope}") for scope in ("all", "agency", "mine"))
    yield Case("page quality:overview", reverse("quality:overview"))
    yield from (Case("page quantity:overview", f"{reverse('quantity:overview')}?by={by}") for by in Grouping.values)
    table, column = values.table, values.column
    for tab in ("", "columns/", "quality/", "volume/", "changes/"):
        yield Case("page assets:table_detail", f"{table.get_absolute_url()}{tab}")
    yield Case("page assets:table_detail", f"{table.get_absolute_url()}columns/?inspect={column.pk}")
    for tab in ("", "quality/", "changes/"):
        yield Case("page assets:column_detail", f"{column.get_absolute_url()}{tab}")
    for source in values.sources:
        for tab in ("", "tables/", "census/", "scans/", "changes/"):
            yield Case("page assets:source_detail", f"{source.get_absolute_url()}{tab}")
    for tab in ("", "people/", "children/"):
        yield Case("page accounts:agency_detail", f"{values.sources[0].agency.get_absolute_url()}{tab}")
    newest: dict[str, Any] = {
        "assets:system_detail": InformationSystem.objects.order_by("pk"),
        "assets:census_detail": CensusRun.objects.filter(source=values.sources[0]).order_by("-started_at"),
        "assets:scan_detail": ScanRun.objects.filter(source=values.sources[0]).order_by("-started_at"),
        "quality:rule_detail": Rule.objects.filter(table=table), "quality:finding_detail": Finding.objects.order_by("-failed"),
        "core:job_detail": Job.objects.annotate(most=Max("items__id")).filter(most__isnull=False).order_by("-progress_total"),
        "accounts:person_detail": Person.objects.order_by("pk"),
    }  # fmt: skip
    for name, rows in newest.items():
        yield Case(f"page {name}", reverse(name, args=[rows[0].pk]))
    yield from gene_details(values)


def gene_details(values: Values) -> Iterator[Case]:
    """The element that most columns carry, on every page that adds them up; one proposal looked at in the workbench."""
    element = DataElement.objects.annotate(columns=Count("bindings")).order_by("-columns", "code")[0]
    match = Match.objects.filter(state="proposed", rank=1).order_by("-confidence", "pk")[0]
    things: tuple[tuple[type[DetailPage], Model], ...] = (
        (ElementDetail, element), (GeneDetail, element), (DeviationDetail, Deviation.objects.order_by("pk")[0]),
        (FamilyDetail, Family.objects.annotate(columns=Count("members")).order_by("-columns", "pk")[0]),
        (RulingDetail, Ruling.objects.order_by("pk")[0]),
    )  # fmt: skip
    someone = Person.objects.get(username="scale_all")
    for view, thing in things:
        tabs = [[tab.key] for tab in view.tabs] + [[panel.key] for panel in panels_for(thing, someone)]
        for tab in [[], *tabs]:
            yield Case(f"page {view.url_name}", reverse(view.url_name, args=[thing.pk, *tab]))
    for name in ("standards:overview", "genes:conformity", "genes:map", "genes:auto_zone"):
        yield Case(f"page {name}", reverse(name))
    yield Case("page genes:match_queue", f"{reverse('genes:match_queue')}?inspect={match.pk}")
    yield Case("page assets:table_detail", f"{values.table.get_absolute_url()}genes/")
    yield Case("page assets:column_detail", f"{match.column.get_absolute_url()}genes/")


def searches() -> Iterator[Case]:
    for text in SEARCHES:
        query = urlencode({"q": text})
        yield Case("search page", f"{reverse('core:search')}?{query}", search=True)
        yield Case("search suggestions", f"{reverse('core:search_suggest')}?{query}", search=True)
        yield Case("REST search", f"/api/v1/search/?{query}", search=True)
        for kind in ("table", "column"):
            for page in (1, 10):
                listed = f"{reverse('core:search')}?{query}&kind={kind}&page={page}"
                yield Case("search page of a kind", listed, search=True)


# REST --------------------------------------------------------------------------------------------------------------


def rest(values: Values) -> Iterator[Case]:
    """Each collection: plain, each order both ways, each value of each filter; items of the large ones."""
    for prefix, view, _basename in router.registry:
        address, family = f"/api/v1/{prefix}/", f"REST {prefix}"
        if "(" in prefix or prefix == "search":
            continue
        if not issubclass(view, ReadViewSet):
            yield Case(family, address)
            continue
        for name in ("", *(sign + name for name in view.orderings for sign in ("", "-"))):
            yield Case(family, f"{address}?{urlencode({'ordering': name} if name else {})}")
        for query in _narrowings(getattr(view, "filterset_class", None), values):
            yield Case(family, f"{address}?{urlencode(query)}")
    yield Case("REST tables", f"/api/v1/tables/{values.table.pk}/")
    yield Case("REST columns", f"/api/v1/columns/{values.column.pk}/")
    yield Case("REST columns", f"/api/v1/columns/{values.column.pk}/history/")
    yield from (Case("REST volumes", f"/api/v1/volumes/?by={by}") for by in Grouping.values)
    job = Job.objects.filter(items__isnull=False).order_by("-progress_total")[0]
    yield Case("REST jobs", f"/api/v1/jobs/{job.pk}/")
    yield Case("REST jobs", f"/api/v1/jobs/{job.pk}/items/")
