"""What the pages of assets share: breadcrumbs, names of ids in filters, figures of a column."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency
from accounts.scope import visible_to
from assets.choices import SourceState, ValuesPolicy
from assets.models import CensusRun, DataSource, InformationSystem, ScanRun, Table
from assets.models import Column as TableColumn
from core.exporting import ExportPage
from core.views import Crumb

_NAMED = {
    "agency": Agency, "source": DataSource, "system": InformationSystem, "table": Table, "column": TableColumn,
    "census": CensusRun, "changed_in": CensusRun, "run": ScanRun,
}  # fmt: skip
_OFFERED = {"agency", "source"}


def assets_crumb() -> Crumb:
    return (gettext_lazy("资产"), reverse("assets:table_list"))


def table_crumbs(table: Table, source: DataSource) -> list[Crumb]:
    """The way to a table: agency, source and schema tell it apart from its namesakes."""
    tables = reverse("assets:table_list")
    schema = [(table.schema_name, tables + "?" + urlencode({"source": source.pk, "schema": table.schema_name}))]
    return [
        assets_crumb(),
        (source.agency.label, f"{tables}?agency={source.agency_id}"),
        (source.name, source.get_absolute_url()),
        *(schema if table.schema_name else ()),
        (table.display_name, table.get_absolute_url()),
    ]


def sources_crumb() -> Crumb:
    return (gettext_lazy("数据源"), reverse("assets:source_list"))


def live_part(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The part of a page that follows a job. When it is over (`live` is false) the top bar is told to count again."""
    response = render(request, template, {**context, "polled": True})
    if not context["live"]:
        response["HX-Trigger"] = "jobs-changed"
    return response


class NamedFilters(ExportPage):
    """A list whose filters by agency and source offer what the user may see, by name."""

    def filterset(self, data: Any) -> Any:
        found = super().filterset(data)
        for name in _OFFERED & set(self.filter_names):
            rows = visible_to(self.request.user, _NAMED[name]._default_manager.all(), "data.view").order_by("name")  # type: ignore[attr-defined]
            if name == "source":
                rows = rows.exclude(state=SourceState.REMOVED)
            options = [("", ""), *_options(rows)]
            found.form.fields[name].widget = forms.Select(choices=options)
        return found

    def filter_text(self, field: Any, value: Any) -> str:
        model = _NAMED.get(field.html_name)
        if model is None or field.errors:  # what is no id names no row
            return super().filter_text(field, value)
        found = visible_to(self.request.user, model._default_manager.filter(pk=value)).first()  # type: ignore[arg-type]
        if isinstance(found, Table | TableColumn):
            return f"{found} {found.label}"
        return str(found) if found else str(value)


def _options(rows: QuerySet[Any]) -> list[tuple[str, str]]:
    """Of agencies or sources by name; sources of one name with their agencies."""
    if rows.model is Agency:
        return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
    found = list(rows.values_list("pk", "name", "agency__name"))
    times = Counter(name for _pk, name, _agency in found)
    return [(str(pk), f"{name} · {agency}" if times[name] > 1 else name) for pk, name, agency in found]


def distribution(profile: dict[str, Any] | None) -> dict[str, Any]:
    """What the cell 值分布 shows: {"kind": "stack"|"hist"|"none", "parts"|"counts", "tone", "caption"}.

    A few values are parts of a bar, many a histogram; a series that is all different says nothing and is grey.
    """
    if profile is None:
        return {"kind": "none", "caption": _("未剖析")}
    filled = profile["rows"] - profile["nulls"]
    if not filled:
        return {"kind": "none", "caption": _("全部为空") if profile["rows"] else _("没有数据")}
    top = [(str(value), count) for value, count in profile["top"] or ()]
    if profile["distinct"] <= 12 and top:
        value, count = top[0]
        parts = top[:5] if len(top) <= 5 else [*top[:4], (_("其他"), filled - sum(n for _v, n in top[:4]))]
        shown = _("%(value)s 占 %(share)s%%") % {"value": value[:12] or _("空字符串"), "share": _percent(count, filled)}
        return {"kind": "stack", "parts": [(name, max(part, 0)) for name, part in parts], "caption": shown}
    if profile["distinct"] == filled:
        return {"kind": "hist", "counts": [1] * 20, "tone": "mute", "caption": _("均匀，无重复")}
    return _spread(profile, top, filled)


def _spread(profile: dict[str, Any], top: list[tuple[str, int]], filled: int) -> dict[str, Any]:
    """The picture of many values. What is masked shows its forms: masked values that fall together spread no more."""
    counts = (profile["histogram"] or {}).get("counts")
    if counts and len(counts) > 1:
        caption = _lengths(profile) if profile["histogram"].get("of") == "length" else _range(profile)
        return {"kind": "hist", "counts": counts, "tone": "primary", "caption": caption or _top_share(top, filled)}
    if profile["masked"] or profile["policy"] == ValuesPolicy.HIDDEN:
        return _forms(profile, filled)
    if not top:
        return {"kind": "none", "caption": _lengths(profile)}
    return {
        "kind": "hist", "counts": [count for _v, count in top], "tone": "primary", "caption": _top_share(top, filled),
    }  # fmt: skip


def _forms(profile: dict[str, Any], filled: int) -> dict[str, Any]:
    """The character patterns as parts of a bar; for classes without patterns only the word."""
    patterns = profile["patterns"] or ()
    if not patterns:
        return {"kind": "hist", "counts": [1] * 20, "tone": "mute", "caption": _("取值不展示")}
    parts = [(pattern, count) for pattern, count in patterns[:4]]
    parts.append((_("其他"), max(filled - sum(count for _p, count in parts), 0)))
    name, count = parts[0]
    caption = _("格式 %(pattern)s 占 %(share)s%%") % {"pattern": name[:16], "share": _percent(count, filled)}
    return {"kind": "stack", "parts": parts, "caption": caption}


def _lengths(profile: dict[str, Any]) -> str:
    """长度 12 至 61 字, as the distribution cell of long text reads."""
    length = profile["length"]
    if not length or length.get("min") is None:
        return ""
    if length["min"] == length["max"]:
        return _("长度均为 %(n)s 字") % {"n": length["min"]}
    return _("长度 %(low)s 至 %(high)s 字") % {"low": length["min"], "high": length["max"]}


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.1f}"


def _range(profile: dict[str, Any]) -> str:
    low, high = profile["min"], profile["max"]
    if low is None or high is None or len(str(low)) + len(str(high)) > 24:
        return ""
    return _("%(low)s 至 %(high)s") % {"low": low, "high": high}


def _top_share(top: list[tuple[str, int]], filled: int) -> str:
    return (
        _("前 %(n)s 个占 %(share)s%%") % {"n": len(top), "share": _percent(sum(n for _v, n in top), filled)}
        if top
        else ""
    )
