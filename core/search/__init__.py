"""One index over everything nameable: Chinese by characters and pairs, pinyin, initials, words, codes."""

from core.search.documents import Document, Kind, index, kinds, rebuild, register_kind, remove
from core.search.highlight import Segment, highlight
from core.search.query import Group, Hit, Results, search

__all__ = [
    "Document",
    "Group",
    "Hit",
    "Kind",
    "Results",
    "Segment",
    "highlight",
    "index",
    "kinds",
    "rebuild",
    "register_kind",
    "remove",
    "search",
]
