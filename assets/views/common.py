"""What the pages of assets share: breadcrumbs, names of ids in filters, figures of a column."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency
from accounts.scope import visible_to
from assets.models import DataSource, InformationSystem, Table
from core.views import Crumb, ListPage

_NAMED = {"agency": Agency, "source": DataSource, "system": InformationSystem, "table": Table}


def assets_crumb() -> Crumb:
    return (gettext_lazy("资产"), reverse("assets:table_list"))


def sources_crumb() -> Crumb:
    return (gettext_lazy("数据源"), reverse("assets:source_list"))


class NamedFilters(ListPage):
    """A list whose active filters show the name of the object behind an id, as far as the user may see it."""

    def filter_text(self, field: Any, value: Any) -> str:
        model = _NAMED.get(field.html_name)
        if model is None:
            return super().filter_text(field, value)
        found = visible_to(self.request.user, model._default_manager.filter(pk=value)).first()  # type: ignore[arg-type]
        return str(found) if found else str(value)


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
    histogram = profile["histogram"] or {}
    unique = profile["distinct"] == filled
    if histogram.get("counts"):
        caption = _("均匀，无重复") if unique else _range(profile) or _top_share(top, filled)
        return {
            "kind": "hist",
            "counts": histogram["counts"],
            "tone": "mute" if unique else "primary",
            "caption": caption,
        }
    if unique:
        return {"kind": "hist", "counts": [1] * 20, "tone": "mute", "caption": _("无重复")}
    counts = [count for _v, count in top]
    return {"kind": "hist", "counts": counts, "tone": "primary", "caption": _top_share(top, filled)} if counts else {
        "kind": "none", "caption": _("按策略不展示取值"),
    }  # fmt: skip


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
