"""Side by side: the fingerprint of a column, and what the columns bound to an element are typically like."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.utils.translation import gettext as _

from accounts.scope import visible_to
from assets.models import Column
from assets.templatetags.assets import DETECTED, IDENTIFIERS
from genes.models import Gene
from genes.reasons import percent
from standards.models import DataElement

SAMPLE = 200  # bound columns that make the typical one
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """One row of the comparison: what it is about, and the lines of both sides."""

    label: str
    own: Sequence[str]
    typical: Sequence[str]


@dataclass(frozen=True)
class Comparison:
    """``columns``: how many bound columns the typical side was made of."""

    rows: Sequence[Side] = field(default_factory=list)
    columns: int = 0


def compared(column: Column, element: DataElement, user: Any) -> Comparison:
    """Two queries. A side that is not known is empty; rows that neither side knows are left out."""
    gene = Gene.objects.filter(column=column).first()
    bound = Gene.objects.filter(column__binding__element=element).exclude(column=column)
    others = list(visible_to(user, bound).order_by("-at").values_list("facts", flat=True)[:SAMPLE])
    own, typical = told(gene.facts if gene else {}), told(_typical(others))
    rows = [Side(label, own[label], typical[label]) for label in own if own[label] or typical[label]]
    return Comparison(rows, len(others))


def told(facts: Facts) -> dict[str, list[str]]:
    """A fingerprint in words: label → lines. No value of the column is in it."""
    return {
        _("值的类型"): _kind(facts),
        _("非空率"): [percent(1 - facts["null_share"])] if facts.get("null_share") is not None else [],
        _("不同值"): [f"{round(facts['distinct']):,}"] if facts.get("distinct") else [],
        _("不重复率"): [percent(facts["unique_share"])] if facts.get("unique_share") is not None else [],
        _("长度"): _length(facts.get("length")),
        _("字符模式"): [
            f"{shape or _('空字符串')} {percent(share)}" for shape, share in (facts.get("patterns") or ())[:3]
        ],
        _("校验"): [
            f"{IDENTIFIERS.get(key, key)} {percent(share)}" for key, share in _highest(facts.get("shares"), 0.1)
        ],
        _("代码集"): [f"{key} {percent(hit)}" for key, hit in _highest(_hits(facts.get("codes")), 0.5)],
    }


def _kind(facts: Facts) -> list[str]:
    if facts.get("masked"):
        return [_("已脱敏")]
    detected = facts.get("detected") or {}
    kind = detected.get("type") or facts.get("kind")
    return [" ".join(filter(None, (str(DETECTED.get(kind, kind)), detected.get("format"))))] if kind else []


def _length(length: Facts | None) -> list[str]:
    if not length or length.get("min") is None:
        return []
    low, high, mean = length["min"], length["max"], length.get("mean")
    if low == high:
        return [f"{low:g}"]
    return [
        _("%(low)s 至 %(high)s，平均 %(mean)s")
        % {"low": f"{low:g}", "high": f"{high:g}", "mean": f"{mean:.1f}" if mean is not None else "—"}
    ]


def _highest(shares: Mapping[str, float] | None, least: float) -> list[tuple[str, float]]:
    found = [(key, float(share)) for key, share in (shares or {}).items() if share >= least]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:2]


def _hits(codes: Mapping[str, Sequence[float]] | None) -> dict[str, float]:
    return {key: hit[0] for key, hit in (codes or {}).items()}


def _typical(columns: Sequence[Facts]) -> dict[str, Any]:
    """The middle of numbers, and the mean of shares, over many fingerprints."""
    if not columns:
        return {}
    lengths = [facts["length"] for facts in columns if facts.get("length")]
    kinds = [_kind(facts)[0] for facts in columns if _kind(facts)]
    return {
        "kind": max(sorted(set(kinds)), key=kinds.count) if kinds else None,
        **{name: _middle(facts.get(name) for facts in columns) for name in ("null_share", "distinct", "unique_share")},
        "length": {part: _middle(length.get(part) for length in lengths) for part in ("min", "max", "mean")}
        if lengths
        else None,
        "patterns": _means([dict(map(tuple, facts.get("patterns") or ())) for facts in columns]),
        "shares": dict(_means([facts.get("shares") or {} for facts in columns])),
        "codes": {key: (share,) for key, share in _means([_hits(facts.get("codes")) for facts in columns])},
    }


def _middle(numbers: Iterable[Any]) -> float | None:
    known = [float(number) for number in numbers if number is not None]
    return median(known) if known else None


def _means(shares: Sequence[Mapping[str, float]]) -> list[tuple[str, float]]:
    total: dict[str, float] = defaultdict(float)
    for one in shares:
        for key, share in one.items():
            total[key] += float(share)
    return sorted(((key, share / len(shares)) for key, share in total.items()), key=lambda item: (-item[1], item[0]))
