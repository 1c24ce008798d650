"""The tags and filters of pages: how numbers, times and harvested text are written, and that nothing escapes escaping."""

import hashlib
import math
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone, translation

from core import navigation, search
from core.templatetags import charts, figures, ui

ROOT = Path(settings.BASE_DIR)


def render(source: str, **values: Any) -> str:
    return Template("{% load ui figures charts %}" + source).render(Context(values))


def text_of(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (8742316, "8,742,316"),
        (-1204, "-1,204"),
        (Decimal("1234.50"), "1,234.50"),
        (10**20, "100,000,000,000,000,000,000"),
        (None, "未统计"),
        (math.nan, "未统计"),
        (math.inf, "未统计"),
        ("nonsense", "未统计"),
    ],
)
def test_numbers_have_thousands_separators(value: Any, shown: str) -> None:
    assert text_of(render("{{ v|num }}", v=value)) == shown


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (0, "0", "0"),
        (12846, "12,846", "12,846"),
        (99_999, "99,999", "99,999"),
        (284_000, "28.40 万", "284,000"),
        (99_999_999, "1.00 亿", "100.00 M"),
        (3_862_000_000, "38.62 亿", "3.86 B"),
        (None, "未统计", "未统计"),
    ],
)
def test_large_numbers_scale_by_the_habit_of_the_language(value: Any, chinese: str, english: str) -> None:
    assert text_of(render("{{ v|wan }}", v=value)) == chinese
    with translation.override("en"):
        if value is not None:
            assert text_of(render("{{ v|wan }}", v=value)) == english


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (1, "100%"),
        (0, "0%"),
        (0.998, "99.8%"),
        (0.99999, "99.9%"),  # something is missing, so it is not all
        (0.00001, "&lt;0.1%"),  # something is there, so it is not none
        (0.5, "50%"),
        (None, '<span class="none">未统计</span>'),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: Any, shown: str) -> None:
    assert render("{{ v|percent }}", v=share) == shown


def test_scores_have_one_decimal_and_their_bands() -> None:
    assert [render("{{ v|score }}", v=v) for v in (100, 99.97, Decimal("86.25"), 0)] == ["100", "99.9", "86.2", "0.0"]
    assert [figures.band(v) for v in (85, 84.9, 70, 55, 54.9, None)] == ["good", "info", "info", "caution", "bad", ""]


def test_sizes_count_in_steps_of_1024() -> None:
    assert [render("{{ v|data_size }}", v=v) for v in (0, 1023, 1536, 5 * 1024**4)] == [
        "0 B",
        "1,023 B",
        "1.5 KB",
        "5.0 TB",
    ]


def test_times_are_relative_and_carry_the_exact_time() -> None:
    now = timezone.localtime().replace(hour=8, minute=21, second=5, microsecond=0)
    assert render("{{ v|when }}", v=now) == (
        f'<time datetime="{now.isoformat()}" title="{now:%Y-%m-%d} 08:21:05">08:21</time>'
    )
    assert text_of(render("{{ v|when }}", v=now - timedelta(days=1))) == "昨天 08:21"
    assert text_of(render("{{ v|when }}", v=datetime(2019, 11, 23, 12, tzinfo=now.tzinfo))) == "2019-11-23"
    assert text_of(render("{{ v|when }}", v=date(now.year, 1, 5))) == "1 月 5 日"
    assert text_of(render("{{ v|when }}", v=None)) == "无"


def test_spans_use_their_largest_unit() -> None:
    spans = (0.2, 42, 12 * 60, timedelta(hours=3, minutes=30), 9 * 86400)
    assert [figures.duration(span) for span in spans] == ["不到 1 秒", "42 秒", "12 分钟", "3.5 小时", "9 天"]


def test_harvested_text_is_escaped_cut_and_kept_apart() -> None:
    assert render("{{ v|shown }}", v="<script>&") == "&lt;script&gt;&amp;"
    assert render("{{ v|shown:4 }}", v="人口基础信息") == "人口基…"
    assert render("{{ v|shown }}", v="<اسم>") == "<bdi>&lt;اسم&gt;</bdi>"
    assert render("{{ v|shown }}", v=None) == ""


HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    "source",
    [
        "{% spark numbers 92 30 'primary' text %}",
        "{% hist numbers 112 22 'primary' text %}",
        "{% stack parts 112 10 text %}",
        "{% meter 40 'good' 64 text %}",
        "{% gene_code text %}",
        "{% helix rungs %}",
        "{% icon 'x' 16 text %}",
        "{% badge text 'good' %}",
        "{% status text 'bad' %}",
        "{% avatar text %}",
        "{% delta 3 text %}",
    ],
)
def test_tags_escape_what_they_are_given(source: str) -> None:
    rungs = [SimpleNamespace(percent=40.0, tone="good"), SimpleNamespace(percent=None, tone="")]
    html = render(source, numbers=[1, 5, 2], parts=[(HOSTILE, 3), ("乙", 1)], text=HOSTILE, rungs=rungs)
    assert "<script" not in html
    assert " style=" not in html
    ElementTree.fromstring(html)  # well-formed


def test_charts_draw_what_there_is() -> None:
    assert charts.spark([None, 3]) == ""
    assert charts.hist([]) == ""
    assert charts.stack([("甲", 0)]) == ""
    assert "M2.0 16.0 L46.0 16.0 L90.0 16.0" in charts.spark([2, 2, 2])  # a level line lies in the middle, not at zero
    assert charts.hist([1, 4, 2]).count("is-peak") == 1
    assert charts.meter(None).count("<rect") == 1
    assert 'width="64.0"' in charts.meter(250)  # never beyond the track
    assert charts.gene_code("G-0001") == charts.gene_code("G-0001") != charts.gene_code("G-0002")
    assert charts.gene_code("G-0001").count("<rect") == 11


def test_a_change_says_good_or_bad_by_colour_and_its_direction_in_words() -> None:
    rising_is_bad = render("{% delta 3 '' 'down' %}")
    assert "delta--bad" in rising_is_bad
    assert "上升" in rising_is_bad
    assert "delta--good" in render("{% delta -3 '' 'down' %}")
    assert text_of(render("{% delta 0 %}")) == "持平"


def test_every_icon_that_is_named_anywhere_is_vendored() -> None:
    vendored = {file.stem for file in (ROOT / "static/vendor/icons").glob("*.svg")}
    templates = "\n".join(file.read_text() for file in (ROOT / "templates").rglob("*.html"))
    named = set(re.findall(r'{% icon "([^"]+)"', templates)) | set(re.findall(r'icon_name="([^"]+)"', templates))
    named |= {item.icon for items in navigation._items.values() for item in items}
    named |= {kind.icon for kind in search.kinds() if kind.icon}
    assert named - vendored == set()


def test_an_unknown_icon_does_not_take_the_page_down() -> None:
    assert ui.icon_paths("no-such-icon") == ui.icon_paths("circle")
    assert ui.icon_paths("../README") == ui.icon_paths("circle")


# Style sheets and templates ----------------------------------------------------------------------------------------


def test_the_two_dark_blocks_of_the_tokens_are_equal() -> None:
    source = (ROOT / "static/dg/tokens.css").read_text()
    chosen, followed = re.findall(r':root\[data-theme="(?:dark|system)"\] {(.*?)}', source, re.DOTALL)
    assert chosen.split() == followed.split()


def test_raw_colours_stand_in_the_token_file_only() -> None:
    for sheet in (ROOT / "static/dg").glob("*.css"):
        if sheet.name != "tokens.css":
            source = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
            assert (
                re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|data-theme|--(?:azure|ink|green|amber|red|lotus)-", source)
                == []
            ), sheet.name


def test_every_custom_property_that_is_used_is_defined() -> None:
    sheets = "\n".join(sheet.read_text() for sheet in (ROOT / "static/dg").glob("*.css"))
    assert set(re.findall(r"var\((--[\w-]+)", sheets)) - set(re.findall(r"(--[\w-]+):", sheets)) == set()


def test_style_sheets_stay_within_chromium_109() -> None:
    for sheet in (ROOT / "static/dg").glob("*.css"):
        source = sheet.read_text()
        assert re.findall(r"color-mix\(|oklch\(|light-dark\(|@starting-style|subgrid|\n\s+&", source) == [], sheet.name


def test_templates_carry_no_inline_style_script_or_handler() -> None:
    for file in (ROOT / "templates").rglob("*.html"):
        source = file.read_text()
        assert re.findall(r'\sstyle=|<style|<script(?![^>]*\bsrc=)|\son[a-z]+="|href="javascript:', source) == [], (
            file.name
        )


def test_vendored_files_are_the_published_ones() -> None:
    folder = ROOT / "static/vendor"
    listed = dict(reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text().splitlines())
    there = {
        f"./{file.relative_to(folder)}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in ("README.md", "SHA256SUMS")
    }
    assert there == listed
