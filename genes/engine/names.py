"""Column names: words of camelCase and snake_case names, and what they may be read as (English, pinyin, initials)."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[\u3400-\u9fff]+")
_PREFIXES = ("f", "c", "n", "d", "fld", "col", "t", "s", "v")


@lru_cache(maxsize=500_000)
def words(name: str) -> tuple[str, ...]:
    """Lower-case words without a number at the end: "createTime2" → ("create", "time"); "ＳＦＺＨ" → ("sfzh",)."""
    found = [word.lower() for word in _WORD.findall(unicodedata.normalize("NFKC", name))]
    while len(found) > 1 and found[-1].isdigit():
        found.pop()
    if len(found) > 1 and found[0] in _PREFIXES and "_" in name:
        found.pop(0)
    return tuple(found)


def shared_prefixes(columns: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Table → what most of its columns begin with ("cf_" of cf_wsh, cf_jdrq …), from (table, column name) pairs.

    Such a prefix names the table, so that it says nothing of a column.
    """
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for table, name in columns:
        counted[table][name.split("_", 1)[0].lower() if "_" in name else ""] += 1
    found = {}
    for table, starts in counted.items():
        start, count = max(starts.items(), key=lambda item: (item[1], item[0]))
        if table and start and count >= 4 and count >= 0.6 * starts.total():
            found[table] = f"{start}_"
    return found


@lru_cache(maxsize=100_000)
def initials(chinese: str) -> str:
    """First letters of the pinyin: 身份证号 → "sfzh"."""
    return "".join(lazy_pinyin(chinese, style=Style.FIRST_LETTER, errors="ignore")).lower()


@lru_cache(maxsize=100_000)
def pinyin(chinese: str) -> str:
    return "".join(lazy_pinyin(chinese, errors="ignore")).lower()
