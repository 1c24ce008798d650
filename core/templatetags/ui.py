"""Small pieces of pages: icon, badge, status, avatar, sort and page links, facts."""

import functools
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@functools.cache
def icon_paths(name: str) -> SafeString:
    """The drawing of a vendored icon. An unknown name draws a circle: a wrong icon must not take a page down;
    `tests/core/test_ui.py` finds every name that templates and registries use."""
    folder = Path(settings.BASE_DIR) / "static" / "vendor" / "icons"
    file = folder / f"{name}.svg"
    if not file.is_file() or file.parent != folder:
        file = folder / "circle.svg"
    text = file.read_text(encoding="utf-8")
    inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    return SafeString(" ".join(inner.split()))  # from our own vendored files


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> str:
    """An outline icon in the colour of the text; `label` gives it an accessible name, else it is decoration beside text."""
    return format_html(
        '<svg class="icon" width="{}" height="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"'
        ' stroke-linecap="round" stroke-linejoin="round" focusable="false"{}>{}</svg>',
        size,
        size,
        format_html(' role="img" aria-label="{}"', label) if label else SafeString(' aria-hidden="true"'),
        icon_paths(name),
    )


@register.simple_tag
def badge(text: Any, tone: str = "") -> str:
    """A soft label; tones good, caution, bad, info, gene, or none."""
    return format_html('<span class="badge{}">{}</span>', SafeString(f" badge--{tone}") if tone else "", text)


@register.simple_tag
def status(text: Any, tone: str = "") -> str:
    """A dot and always its word."""
    return format_html('<span class="status{}">{}</span>', SafeString(f" status--{tone}") if tone else "", text)


@register.simple_tag
def avatar(name: str, size: str = "") -> str:
    """The first character of a name; 系 in grey when nobody acted but the platform."""
    text = (name or "").strip()
    shade = "avatar--system" if not text else f"avatar--{1 + sum(map(ord, text)) % 4}"
    letter = text[0].upper() if text else _("系")
    return format_html(
        '<span class="avatar {} {}" aria-hidden="true">{}</span>', shade, f"avatar--{size}" if size else "", letter
    )


# Where a job stands, as a tone. Partial success is a caution, not a success.
JOB_TONES = {"queued": "", "running": "info", "succeeded": "good", "failed": "bad", "cancelled": ""}


@register.filter
def time_left(job: Any) -> float | None:
    """Seconds left if the rest goes like the part done; None before a fair part (5%) of a running job is done."""
    if job.state != "running" or job.started_at is None or not job.percent or not 5 <= job.percent < 100:
        return None
    elapsed = (timezone.now() - job.started_at).total_seconds()
    left: float = elapsed * (job.progress_total - job.progress_done) / job.progress_done
    return left


@register.filter
def job_tone(job: Any) -> str:
    """Tone of a job's state."""
    return "caution" if job.state == "succeeded" and job.partial else JOB_TONES.get(job.state, "")


@register.simple_tag
def job_status(job: Any) -> str:
    """Dot and word of a job's state."""
    return status(_("部分完成") if job.state == "succeeded" and job.partial else job.get_state_display(), job_tone(job))


@register.simple_tag
def delta(change: Any, text: str = "", good: str = "up") -> str:
    """A change with its arrow. Colour says good or bad: `good` is "up", "down" or "" when neither is."""
    if not change:
        return format_html('<span class="delta">{}</span>', text or _("持平"))
    rising = change > 0
    tone = "" if not good else "good" if rising == (good == "up") else "bad"
    return format_html(
        '<span class="delta{}">{}<span class="sr">{}</span>{}</span>',
        SafeString(f" delta--{tone}") if tone else "",
        icon("arrow-up-right" if rising else "arrow-down-right", 13),
        _("上升") if rising else _("下降"),
        text or f"{abs(change):,}",
    )


@register.filter
def widget_kind(field: BoundField) -> str:
    """How `components/field.html` lays a field out: "check", "options" or "plain"."""
    widget = field.field.widget
    if isinstance(widget, (RadioSelect, CheckboxSelectMultiple)):
        return "options"
    return "check" if isinstance(widget, CheckboxInput) else "plain"


@register.filter
def field_of(form: Any, name: str) -> Any:
    """The bound field of that name, for error summaries; None for errors of the form as a whole."""
    return form[name] if name in form.fields else None


@register.simple_tag
def filter_control(field: BoundField) -> str:
    """A filter in a toolbar: a choice always offers 全部 first. Where the URL may name several options, it offers one."""
    widget = field.field.widget
    if not isinstance(widget, Select):
        return field.as_widget(attrs={"class": "input"})
    value: Any = widget.format_value(field.value())
    chosen = {str(item) for item in (value if isinstance(value, (list, tuple)) else [value])}
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (key, SafeString(" selected") if str(key) in chosen else "", text)
            for key, text in widget.choices
            if str(key) not in ("", "unknown")  # what Django calls no choice: ---------, Unknown
        ),
    )
    return format_html(
        '<select class="input" name="{}" id="{}"><option value="">{}</option>{}</select>',
        field.html_name,
        field.auto_id,
        _("全部"),
        options,
    )
