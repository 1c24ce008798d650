"""Inline SVG drawn on the server: sparkline, histogram, stacked bar, meter, gene code, helix.

Pictures beside a number they repeat carry no label and are hidden from screen readers; the others name their finding.
Colours come from classes (static/dg/data.css), so both themes draw from tokens.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

Number = int | float | Decimal


def _name(label: str) -> SafeString:
    """Attributes that name a picture, or hide it when there is nothing to add to the text beside it."""
    return format_html(' role="img" aria-label="{}"', label) if label else SafeString(' aria-hidden="true"')


def _svg(kind: str, width: Number, height: Number, label: str, body: SafeString) -> SafeString:
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" focusable="false"{}>{}</svg>',
        kind, width, height, width, height, _name(label), body,
    )  # fmt: skip


@register.simple_tag
def spark(values: Iterable[Any], width: int = 92, height: int = 30, tone: str = "primary", label: str = "") -> str:
    """A trend without axes. Missing values are left out; fewer than two draw nothing."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high, pad = min(known), max(known), 2
    span = high - low
    step = (width - 2 * pad) / (len(known) - 1)
    # A level line sits in the middle: at the bottom it would read as zero.
    points = [
        (pad + index * step, height - pad - ((value - low) / span if span else 0.5) * (height - 2 * pad - 2))
        for index, value in enumerate(known)
    ]
    line = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    end_x, end_y = points[-1]
    body = format_html(
        '<path class="spark__area" d="{} L{} {} L{} {} Z"/><path class="spark__line" d="{}"/>'
        '<circle class="spark__dot" cx="{}" cy="{}" r="2"/>',
        line, f"{end_x:.1f}", height, f"{points[0][0]:.1f}", height, line, f"{end_x:.1f}", f"{end_y:.1f}",
    )  # fmt: skip
    return _svg(f"spark spark--{tone}", width, height, label, body)


@register.simple_tag
def hist(values: Sequence[Number], width: int = 112, height: int = 22, tone: str = "primary", label: str = "") -> str:
    """At most 20 bars with the peak darker; tone "mute" when the shape says nothing, "bad" for a flagged anomaly."""
    bins = [float(value) for value in values][:20]
    if not bins:
        return ""
    peak = max(bins) or 1.0
    gap = 1 if len(bins) > 14 else 2
    bar = (width - gap * (len(bins) - 1)) / len(bins)
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" rx="1"{}/>',
        (
            (
                f"{index * (bar + gap):.2f}",
                f"{height - size:.2f}",
                f"{bar:.2f}",
                f"{size:.2f}",
                SafeString(' class="is-peak"') if value == peak else "",
            )
            for index, value in enumerate(bins)
            for size in (max(1.5, value / peak * (height - 1)),)
        ),
    )
    return _svg(f"hist hist--{tone}", width, height, label, bars)


@register.simple_tag
def stack(parts: Iterable[tuple[str, Number]], width: int = 112, height: int = 10, label: str = "") -> str:
    """A bar of at most five shares, largest first as given: [(name, amount)]; the rest of the whole belongs in the last."""
    known = [(name, float(amount)) for name, amount in parts if amount][:5]
    total = sum(amount for _, amount in known)
    if not total:
        return ""
    rects, x = [], 0.0
    for index, (name, amount) in enumerate(known, start=1):
        wide = amount / total * width
        rects.append((index, f"{x:.1f}", f"{max(wide - 1.5, 1):.1f}", height, name, f"{amount / total * 100:.1f}"))
        x += wide
    body = format_html_join(
        "", '<rect class="part-{}" x="{}" width="{}" height="{}" rx="2"><title>{} {}%</title></rect>', rects
    )
    return _svg("stack", width, height, label, body)


@register.simple_tag
def meter(value: Any, tone: str = "info", width: int = 64, label: str = "") -> str:
    """A 6 px bar for 0 to 100; the number stands beside it in its own column. None draws the empty track."""
    share = 0.0 if value in (None, "") else min(100.0, max(0.0, float(value))) / 100
    body = format_html('<rect class="meter__track" width="{}" height="6" rx="3"/>', width)
    if share:
        filled = f"{max(3.0, share * width):.1f}"
        body += format_html('<rect class="meter__value" width="{}" height="6" rx="3"/>', filled)
    return format_html(
        '<svg class="meter meter--{}" width="{}" height="6" viewBox="0 0 {} 6" preserveAspectRatio="none" focusable="false"{}>{}</svg>',
        tone or "info", width, width, _name(label), body,
    )  # fmt: skip


@register.simple_tag
def gene_code(gene_id: str, width: int = 52, height: int = 11) -> str:
    """The strip of a gene: 11 bands derived from its id, the same on every page. Hidden from screen readers; the name is the text."""
    digest = hashlib.sha256(f"dg{gene_id}".encode()).digest()
    count, gap = 11, 1.2
    sizes = [(1, 1.6, 2.6, 4.2)[digest[index] % 4] for index in range(count)]
    scale = (width - gap * (count - 1)) / sum(sizes)
    bands, x = [], 0.0
    for index, size in enumerate(sizes):
        bands.append((1 + digest[index + 12] % 5, f"{x:.1f}", f"{size * scale:.1f}", height))
        x += size * scale + gap
    body = format_html_join("", '<rect class="band-{}" x="{}" width="{}" height="{}" rx="1"/>', bands)
    return _svg("gene-code", width, height, "", body)


class Rung(Protocol):
    """One station of the helix: percent 0 to 100, or None for one not in use or not measured; tone as `band` gives it."""

    @property
    def percent(self) -> float | None: ...

    @property
    def tone(self) -> str: ...


@register.simple_tag
def helix(rungs: Sequence[Rung], width: int = 1296, height: int = 86) -> str:
    """Two strands and a rung per station, filled as far as the station is complete. The list under it is the real content."""
    if not rungs:
        return ""
    pitch = width / len(rungs)
    middle, reach = height / 2, height / 2 - 7
    drawn = format_html_join(
        "", "{}", ((_rung(rung, pitch, index, middle, reach),) for index, rung in enumerate(rungs))
    )
    return format_html(
        '<svg class="helix" viewBox="0 0 {} {}" preserveAspectRatio="none" focusable="false" aria-hidden="true">'
        '<path class="helix__back" d="{}"/>{}<path class="helix__front" d="{}"/></svg>',
        width, height, _strand(-1, len(rungs), width, middle, reach), drawn, _strand(1, len(rungs), width, middle, reach),
    )  # fmt: skip


def _strand(phase: int, count: int, width: int, middle: float, reach: float) -> str:
    pitch, steps = width / count, count * 24
    xs = [step / steps * width for step in range(steps + 1)]
    return "M" + " L".join(
        f"{x:.1f} {middle + phase * reach * math.cos((x - pitch / 2) / pitch * math.pi):.1f}" for x in xs
    )


def _rung(rung: Rung, pitch: float, index: int, middle: float, reach: float) -> SafeString:
    """The thick rung of a station and the four thin ones beside it that close the ladder."""
    x = pitch * (index + 0.5)
    top, bottom = middle - reach + 9, middle + reach - 9
    filled = (rung.percent or 0) / 100 * (bottom - top)
    thin = format_html_join(
        "",
        '<rect x="{}" y="{}" height="{}"/>',
        (
            (f"{x + offset * pitch - 0.6:.1f}", f"{middle - half:.1f}", f"{2 * half:.1f}")
            for offset in (-0.26, -0.14, 0.14, 0.26)
            for half in (reach * abs(math.cos(offset * math.pi)) - 8,)
        ),
    )
    return format_html(
        '<g class="rung rung--thin">{}</g><g class="rung rung--{}"><rect class="rung__track" x="{}" y="{}" height="{}"/>'
        '<rect class="rung__value" x="{}" y="{}" height="{}"/></g>',
        thin, "off" if rung.percent is None else rung.tone, f"{x - 3.5:.1f}", f"{top:.1f}", f"{bottom - top:.1f}",
        f"{x - 3.5:.1f}", f"{bottom - filled:.1f}", f"{filled:.1f}",
    )  # fmt: skip
