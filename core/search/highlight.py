"""Why it matched: the parts of a name that a query found, as plain segments that a template escapes and marks."""

from dataclasses import dataclass
from itertools import groupby

from core.search.terms import is_han, joined, runs, syllables, word_parts


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text; ``matched`` when the query found it."""

    text: str
    matched: bool


def highlight(text: str, query: str) -> list[Segment]:
    """``text`` cut into segments, in order and complete; nothing is marked where the reason cannot be shown."""
    marked = [False] * len(text)
    folded = [char.casefold() for char in text]
    plain = "".join(folded)
    if len(plain) == len(text):  # a fold that lengthens (ß → ss) would shift the marks
        for run in runs(query):
            needles = [run] if is_han(run) else [run.casefold(), *word_parts(run)]
            if not any(_mark(plain, needle, marked) for needle in needles) and not is_han(run):
                _mark_spoken(text, joined(run), marked)
    pairs = zip(text, marked, strict=True)
    return [Segment("".join(char for char, _ in part), key) for key, part in groupby(pairs, key=lambda pair: pair[1])]


def _mark(text: str, needle: str, marked: list[bool]) -> bool:
    """Mark each place of ``needle``; whether there was one."""
    at = text.find(needle) if needle else -1
    found = at >= 0
    while at >= 0:
        marked[at : at + len(needle)] = [True] * len(needle)
        at = text.find(needle, at + len(needle))
    return found


def _mark_spoken(text: str, spelt: str, marked: list[bool]) -> None:
    """Mark the first stretch of Han characters whose pinyin or initials begin with ``spelt``."""
    start = 0
    for run in runs(text):
        start = text.find(run, start)
        if start < 0:
            return  # the run was normalised away from how it is written
        if is_han(run):
            length = _spoken_stretch(syllables(run), spelt)
            if length:
                marked[start + length[0] : start + length[1]] = [True] * (length[1] - length[0])
                return
        start += len(run)


def _spoken_stretch(spoken: tuple[str, ...], spelt: str) -> tuple[int, int] | None:
    """Where characters sound like ``spelt``: (first, past the last), initials before full syllables."""
    for first in range(len(spoken)):
        if "".join(syllable[:1] for syllable in spoken[first:]).startswith(spelt):
            return first, first + len(spelt)
        if "".join(spoken[first:]).startswith(spelt):
            last, covered = first, 0
            while covered < len(spelt):
                covered += len(spoken[last])
                last += 1
            return first, last
    return None
