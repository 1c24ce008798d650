"""All code sets by value: which of them hold a code or a name, and how much a hit tells."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from genes.engine.lexicon import Element

_LEAST = 0.2  # share of the rows that a set must hold to be kept
_MOST = 6.0  # log-odds that membership is worth at most
_SHORT = 3.0  # of codes of one or two signs: every third list of the kind is numbered so
_NAME = 3.0  # log-odds of one name: words hit a list of words by chance far less often than digits a list of digits


def written(value: Any) -> str:
    """A value without what typing adds to it: full width, space, case."""
    return unicodedata.normalize("NFKC", str(value)).strip().upper()


class CodeBook:
    def __init__(self, code_sets: Mapping[str, Any]) -> None:
        self.sizes = {reference: len(codes.names) for reference, codes in code_sets.items()}
        self.lengths: dict[str, int] = {}  # of the longest code
        self._sets: dict[str, str] = {}  # by the reference of an element, because every candidate asks
        self._alike: dict[str, dict[str, int]] = {}  # reference → how many of its codes have this form
        self.codes: dict[str, set[str]] = defaultdict(set)
        self.heads: dict[str, set[str]] = defaultdict(set)  # of codes finer than those of the set: C26 of C2613
        self.names: dict[str, set[str]] = defaultdict(set)
        for reference, codes in code_sets.items():
            forms = self._alike[reference] = defaultdict(int)
            for code, name in codes.names.items():
                code = written(code)
                forms[_form(code)] += 1
                self.codes[code].add(reference)
                for short in {name, name.rstrip("族型"), re.sub("[性的].*$", "", name)} - {""}:
                    self.names[written(short)].add(reference)
            self.lengths[reference] = max(map(len, codes.names), default=0)
            sections = [code for code in codes.names if _form(code) == "A"]
            for head in (f"{section}{code}" for section in sections for code in codes.names if _form(code) == "99"):
                self.heads[head].add(reference)

    def set_of(self, element: Element) -> str:
        """The longest reference of a code set that the element's own reference names: "GB/T 2261.1"; "" for none."""
        found = self._sets.get(element.reference)
        if found is None:
            named = (ref for ref in self.sizes if re.search(re.escape(ref) + r"(?![\d.])", element.reference))
            found = self._sets[element.reference] = max(named, key=len, default="")
        return found

    def hits(self, known: Mapping[str, int]) -> dict[str, tuple[float, float]]:
        """Reference → (share of the known rows in it, log-odds that this is no chance), from value → rows."""
        by_code: dict[str, list[str]] = defaultdict(list)
        by_name: dict[str, list[str]] = defaultdict(list)
        total = sum(known.values())
        for value in known:
            for reference in self._coded(value):
                by_code[reference].append(value)
            for reference in self.names.get(value, set()) | self.names.get(value.rstrip("族型"), set()):
                by_name[reference].append(value)
        hits = {}
        for reference in sorted({*by_code, *by_name}):
            coded, named = (sum(known[value] for value in found[reference]) for found in (by_code, by_name))
            share = max(coded, named) / total
            if share >= _LEAST:
                told = _NAME * len(by_name[reference]) if named > coded else self._told(reference, by_code[reference])
                hits[reference] = (round(share, 4), round(min(_MOST, told), 4))
        return hits

    def _coded(self, value: str) -> set[str]:
        finer = self.heads.get(value[:3], set()) if len(value) > 3 else set()
        return self.codes.get(value, set()) | self.codes.get(value.zfill(2), set()) | finer

    def _told(self, reference: str, codes: list[str]) -> float:
        """Each code tells as much as codes of its form are rare: sixty of the hundred of two digits little, 3,000 of a
        million of six digits much. The half is because codes of one column are not drawn apart from each other."""
        told = sum(math.log(1 / self._density(reference, code)) / 2 for code in codes)
        short = sum(len(code) < 3 for code in codes) > len(codes) / 2
        return min(_SHORT, told) if short else told

    def _density(self, reference: str, code: str) -> float:
        form = _form(code if code in self.codes else code.zfill(2))
        possible = 10.0 ** form.count("9") * 26.0 ** form.count("A")
        return min(0.9, max(self._alike[reference].get(form, 1), 1) / possible)


def _form(code: str) -> str:
    return "".join("9" if letter.isdigit() else "A" for letter in code)
