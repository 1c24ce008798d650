"""Text to search terms, the same way for what is indexed and what is asked.

A run of Han characters gives its pairs of neighbours and its last character (维修, 修信, …, 息), so that each character
begins a term, and, for names, the pinyin and the initials from each character to the end of the run (weixiuxinxi,
xiuxinxi, …; wxxx, xxx, …): asked as prefixes they find any stretch of the run. Latin words and digits are split at case, underscore and punctuation.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pypinyin import Style, lazy_pinyin

HAN = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+(?:[_\\-./][^\\W_{HAN}]+)*")
_HAN_RUN = re.compile(f"[{HAN}]+")
_LOWER = r"[^\W\d_A-Z]"
_JOINT = re.compile(  # aB | ABc between A and B | a1 | 1a | punctuation
    rf"(?<={_LOWER})(?=[A-Z])|(?<=[A-Z])(?=[A-Z]{_LOWER})|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|[\W_]+"
)
LONGEST_TERM = 60  # characters; a lexeme must stay below 2 KiB
LONGEST_RUN = 24  # syllables of a name that are worth pinyin


def whole(text: str) -> str:
    """The key for "the same name": compatibility forms (full-width letters, ㎡) and case folded, only letters and digits."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())[:LONGEST_TERM]


def runs(text: str) -> Iterator[str]:
    """The runs of Han characters and the words with their inner joints (T_WX_INFO, GB/T), case kept."""
    return (match.group() for match in _RUN.finditer(unicodedata.normalize("NFKC", text)))


def is_han(run: str) -> bool:
    return bool(_HAN_RUN.fullmatch(run))


def word_parts(word: str) -> list[str]:
    """RepairInfo_2 → [repair, info, 2]."""
    return [part.casefold() for part in _JOINT.split(word) if part]


def joined(word: str) -> str:
    """T_WX_Info → twxinfo."""
    return "".join(char for char in word.casefold() if char.isalnum())[:LONGEST_TERM]


def pairs(run: str) -> list[str]:
    """The pairs of neighbours; a single character is its own term."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@lru_cache(maxsize=20_000)
def syllables(run: str) -> tuple[str, ...]:
    """One pinyin syllable a character, read in the context of the run (银行 → yin hang); "" where there is none."""
    sounds = lazy_pinyin(run, style=Style.NORMAL, errors=_one_each)
    return tuple(sound if sound.isascii() else "" for sound in sounds)


def _one_each(chars: str) -> Any:
    """Characters without a reading stand for themselves, one entry each, so that positions agree."""
    return list(chars)


def spoken(text: str) -> list[str]:
    """A name with Han characters in pinyin and in initials, Latin words kept: "A维修" → [aweixiu, awx]; else nothing."""
    parts = [syllables(run) if is_han(run) else (joined(run),) for run in runs(text)]
    if not any(map(is_han, runs(text))):
        return []
    return ["".join(sound for part in parts for sound in part), "".join(s[:1] for part in parts for s in part)]


def name_terms(text: str) -> set[str]:
    """Every term by which a name is found."""
    found = text_terms(text)
    for run in runs(text):
        if not is_han(run):
            continue
        sounds = syllables(run[:LONGEST_RUN])
        for start in range(len(sounds)):
            found.add("".join(sounds[start:])[:LONGEST_TERM])
            found.add("".join(sound[:1] for sound in sounds[start:])[:LONGEST_TERM])
    return found - {""}


def text_terms(text: str) -> set[str]:
    """The terms of running text: no pinyin, which would find too much."""
    found: set[str] = set()
    for run in runs(text):
        if is_han(run):
            found.update(pairs(run), run[-1])
        else:
            found.update(part[:LONGEST_TERM] for part in word_parts(run))
            found.add(joined(run))
    return found - {""}
