"""Filters that write numbers, shares, sizes and times the one way the interface writes them (UI guide 2.3).

None is "not measured" everywhere and reads 未统计; what does not apply is the tag ``{% not_applicable %}``.
"""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

register = template.Library()

Figure = int | float | Decimal


def _decimal(value: Any) -> Decimal | None:
    """The value as a finite Decimal; None for None, text that is no number, NaN and infinities."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        number = (
            value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else str(value))
        )
    except (ArithmeticError, ValueError):
        return None
    return number if number.is_finite() else None


def _unmeasured() -> SafeString:
    return format_html('<span class="none">{}</span>', _("未统计"))


@register.filter
def listed(values: Any) -> str:
    """Names in a row, as the language lists them: a、b (a, b)."""
    return _("、").join(map(str, values))


@register.simple_tag
def not_applicable() -> SafeString:
    """A dash for the eye, words for the ear."""
    return format_html('<span class="none" aria-hidden="true">—</span><span class="sr">{}</span>', _("不适用"))


@register.filter
def num(value: Any) -> str:
    """8742316 → 8,742,316; None → 未统计."""
    number = _decimal(value)
    if number is None:
        return _unmeasured()
    return f"{int(number):,}" if number == number.to_integral_value() else f"{number:,f}"


def short_number(value: Any) -> tuple[str, str]:
    """(digits, scale word): 3862000000 → ("38.62", "亿"), in English ("3.86", "B"). Below 100,000 (English 1 M): all digits."""
    number = _decimal(value)
    if number is None:
        return "", ""
    chinese = (get_language() or "zh").startswith("zh")
    steps = (
        ((Decimal(10**8), _("亿")), (Decimal(10**4), _("万")))
        if chinese
        else ((Decimal(10**9), "B"), (Decimal(10**6), "M"))
    )
    threshold = Decimal(10**5) if chinese else Decimal(10**6)
    if abs(number) < threshold:
        return str(num(number)), ""
    for step, word in steps:
        # 0.005 below the step already rounds up to 1.00 of it: 99,999,999 is 1.00 亿, not 10,000.00 万
        scaled = (number / step).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        if abs(scaled) >= 1:
            return f"{scaled:,}", str(word)
    return str(num(number)), ""


def scaled_unit(scale: str, unit: Any) -> str:
    """Scale word and unit as the language joins them: 亿 + 条 → 亿条, B + rows → B rows."""
    return f"{scale}{unit}" if not scale or not scale.isascii() else f"{scale} {unit}"


@register.filter
def wan(value: Any) -> str:
    """3862000000 → 38.62 亿 (3.86 B); None → 未统计."""
    if _decimal(value) is None:
        return _unmeasured()
    digits, word = short_number(value)
    return f"{digits} {word}".rstrip()


@register.filter
def percent(share: Any) -> str:
    """A share from 0 to 1 with one decimal: 0.998 → 99.8%. Never 100% while something is missing, never 0% while something is there."""
    number = _decimal(share)
    if number is None:
        return _unmeasured()
    value = number * 100
    if 0 < value < Decimal("0.1"):
        return "<0.1%"  # the template escapes it
    rounded = value.quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    if rounded == 100 and value < 100:
        rounded = value.quantize(Decimal("0.1"), ROUND_DOWN)
    return f"{rounded.normalize():f}%" if rounded == rounded.to_integral_value() else f"{rounded:f}%"


@register.filter
def score(value: Any) -> str:
    """A score from 0 to 100 with one decimal; rounded down below 100, as `percent`."""
    number = _decimal(value)
    if number is None:
        return _unmeasured()
    rounded = number.quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    if rounded == 100:
        return "100" if number == 100 else "99.9"
    return f"{rounded:f}"


@register.filter
def band(value: Any) -> str:
    """Tone of a score or a percentage (0 to 100): good from 85, info from 70, caution from 55, else bad; "" unmeasured."""
    number = _decimal(value)
    if number is None:
        return ""
    return next((tone for floor, tone in ((85, "good"), (70, "info"), (55, "caution")) if number >= floor), "bad")


@register.filter
def hundred(share: Any) -> Any:
    """A share 0 to 1 as 0 to 100, for `meter` and `band`."""
    number = _decimal(share)
    return None if number is None else number * 100


@register.filter
def data_size(value: Any) -> str:
    """Bytes in steps of 1024: 1536 → 1.5 KB; None → 未统计."""
    number = _decimal(value)
    if number is None:
        return _unmeasured()
    for unit in ("B", "KB", "MB", "GB", "TB", "PB"):
        if abs(number) < 1024 or unit == "PB":
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1024
    raise AssertionError("unreachable")


@register.filter
def when(value: date | datetime | None) -> str:
    """<time>: today 08:21, 昨天 17:40, this year 11 月 23 日, older 2025-11-23; the exact time is in the title."""
    if value is None:
        return format_html('<span class="none">{}</span>', _("无"))
    if not isinstance(value, datetime):
        return format_html('<time datetime="{0}" title="{0}">{1}</time>', value.isoformat(), _day(value))
    moment = timezone.localtime(value) if timezone.is_aware(value) else value
    today = timezone.localdate()
    if moment.date() == today:
        text = f"{moment:%H:%M}"
    elif moment.date() == today - timedelta(days=1):
        text = _("昨天 %(time)s") % {"time": f"{moment:%H:%M}"}
    else:
        text = _day(moment.date())
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}", text
    )


def _day(day: date) -> str:
    if day.year == timezone.localdate().year:
        return date_format(day, _("n 月 j 日"))
    return day.isoformat()


@register.filter
def exactly(value: datetime | None) -> str:
    """2026-11-23 08:21:05, where the exact time is the point (logs, audit)."""
    if value is None:
        return _("无")
    moment = timezone.localtime(value) if timezone.is_aware(value) else value
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}")


@register.filter
def duration(value: timedelta | Figure | None) -> str:
    """A span in its largest fitting unit: 42 秒, 12 分钟, 3.5 小时, 9 天."""
    if value is None:
        return _unmeasured()
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return _("不到 1 秒")
    if seconds < 60:
        return ngettext("%(n)d 秒", "%(n)d 秒", int(seconds)) % {"n": int(seconds)}
    if seconds < 3600:
        return ngettext("%(n)d 分钟", "%(n)d 分钟", round(seconds / 60)) % {"n": round(seconds / 60)}
    if seconds < 86400:
        return _("%(n)s 小时") % {"n": f"{seconds / 3600:.1f}".removesuffix(".0")}
    return ngettext("%(n)d 天", "%(n)d 天", int(seconds // 86400)) % {"n": int(seconds // 86400)}


# Letters written from the right to the left: Hebrew to Arabic, their presentation forms, and the scripts like them.
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


@register.filter
def shown(value: Any, limit: int | None = None) -> str:
    """Harvested text, cut after `limit` characters; text from the right to the left is kept apart by <bdi>.

    What nobody would see, or what turns a line around, is made visible for all pages in datagene/unseen.py.
    """
    if value is None:
        return ""
    text = str(value)
    cut = text if limit is None or len(text) <= int(limit) else text[: int(limit) - 1] + "…"
    # Plain text is by far the common case and needs no isolation, so tables stay light.
    return format_html("<bdi>{}</bdi>", cut) if _RIGHT_TO_LEFT.search(cut) else escape(cut)
