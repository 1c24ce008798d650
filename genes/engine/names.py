"""Column names: words of camelCase and snake_case names, and what they may be read as (English, pinyin, initials)."""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[\u3400-\u9fff]+")
_PREFIXES = ("f", "c", "n", "d", "fld", "col", "t", "s", "v")


@lru_cache(maxsize=500_000)
def words(name: str) -> tuple[str, ...]:
    """Lower-case words without a number at the end: "createTime2" → ("create", "time"); "SFZH" → ("sfzh",)."""
    found = [word.lower() for word in _WORD.findall(name)]
    while len(found) > 1 and found[-1].isdigit():
        found.pop()
    if len(found) > 2 and found[0] in _PREFIXES and "_" in name:
        found.pop(0)
    return tuple(found)


@lru_cache(maxsize=100_000)
def initials(chinese: str) -> str:
    """First letters of the pinyin: 身份证号 → "sfzh"."""
    return "".join(lazy_pinyin(chinese, style=Style.FIRST_LETTER, errors="ignore")).lower()


@lru_cache(maxsize=100_000)
def pinyin(chinese: str) -> str:
    return "".join(lazy_pinyin(chinese, errors="ignore")).lower()
