"""All code sets by value: which of them hold a code or a name, and how much a hit tells."""

import csv
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from genes.engine.lexicon import Element

_LEAST = 0.2  # share of the rows that a set must hold to be kept
_MOST = 6.0  # log-odds that membership is worth at most
_SHORT = 1.0  # of codes of one or two signs: every third list of the kind is numbered so
_SPOKEN = 0.7  # of a word that agencies say for a code of the set, or that is a part of such a name
_PLACE = 14  # characters; what is longer is an address
_FEW = 300  # codes; parts of the names of larger sets are parts of everything
SPOKEN = Path(__file__).with_name("data") / "spoken.csv"
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
        self.parts: dict[str, set[str]] = defaultdict(set)
        self._places: dict[str, str] = {}  # 浙江 → the set of regions; what begins so is a place: 浙江杭州
        for reference, codes in code_sets.items():
            forms = self._alike[reference] = defaultdict(int)
            for code, name in codes.names.items():
                code = written(code)
                forms[_form(code)] += 1
                self.codes[code].add(reference)
                for short in {name, name.rstrip("族型"), re.sub("[性的].*$", "", name)} - {""}:
                    self.names[written(short)].add(reference)
                if len(codes.names) <= _FEW:
                    for part in _parts(name):
                        self.parts[part].add(reference)
            self.lengths[reference] = max(map(len, codes.names), default=0)
            self._finer(reference, codes.names)
            if len(codes.names) > _FEW:
                self._places |= {_place(name): reference for code, name in codes.names.items() if code.endswith("0000")}
        for reference, words in _spoken().items():
            for word in words if reference in code_sets else ():
                self.parts[written(word)].add(reference)

    def _finer(self, reference: str, codes: Mapping[str, str]) -> None:
        """Codes behind a section letter head finer ones: after C and 26 comes C2613."""
        section = ""
        for code in codes:
            form = _form(code)
            section = code if form == "A" else section if form == "99" else ""
            if section and form == "99":
                self.heads[section + code].add(reference)
                self.heads[code].add(reference)

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
        by_part: dict[str, list[str]] = defaultdict(list)
        total = sum(known.values())
        for value in known:
            for reference in self._coded(value):
                by_code[reference].append(value)
            for reference in self.names.get(value, set()) | self.names.get(value.rstrip("族型"), set()):
                by_name[reference].append(value)
            begins = {
                self._places[value[:size]] for size in (2, 3) if value[:size] in self._places and len(value) <= _PLACE
            }
            for reference in self.parts.get(value, set()) | begins:
                if value not in by_name[reference]:
                    by_part[reference].append(value)
        hits = {}
        for reference in sorted({*by_code, *by_name, *by_part}):
            coded, named, said = (
                sum(known[value] for value in found[reference]) for found in (by_code, by_name, by_part)
            )
            share = max(coded, named + said) / total
            if share >= _LEAST:
                words = _NAME * len(by_name[reference]) + min(_SHORT, _SPOKEN * len(by_part[reference]))
                told = words if named + said > coded else self._told(reference, by_code[reference])
                hits[reference] = (round(share, 4), round(min(_MOST, told), 4))
        return hits

    def _coded(self, value: str) -> set[str]:
        finer: set[str] = set()
        if _FINER.fullmatch(value):
            finer = self.heads.get(value[:3] if value[0].isalpha() else value[:2], set())
        elif _REGION.fullmatch(value):  # towns and villages below a county
            finer = {reference for reference in self.codes.get(value[:6], ()) if self.lengths[reference] == 6}
        return self.codes.get(value, set()) | self.codes.get(value.zfill(2), set()) | finer

    def _told(self, reference: str, codes: list[str]) -> float:
        """Each code tells as much as codes of its form are rare: sixty of the hundred of two digits little, 3,000 of a
        million of six digits much. The half is because codes of one column are not drawn apart from each other."""
        told = sum(math.log(1 / self._density(reference, code)) / 2 for code in codes)
        short = sum(len(code) < 3 for code in codes) > len(codes) / 2
        return min(_SHORT, told) if short else told

    def _density(self, reference: str, code: str) -> float:
        if code.isdigit() and _FINER.fullmatch(code) and reference not in self.codes.get(code, ()):
            return 1.0  # nearly every number of three or four digits begins with a division
        form = _form(code if code in self.codes else code.zfill(2))
        possible = 10.0 ** form.count("9") * 26.0 ** form.count("A")
        return min(0.9, max(self._alike[reference].get(form, 1), 1) / possible)


_FINER = re.compile("[A-Z][0-9]{3,4}|[0-9]{3,4}")
_REGION = re.compile("[0-9]{9}|[0-9]{12}")


def _place(name: str) -> str:
    """浙江省 → 浙江, 内蒙古自治区 → 内蒙古."""
    return re.sub("(省|市|壮族|回族|维吾尔|特别行政区|自治区)+$", "", name)


def _parts(name: str) -> set[str]:
    """The words of two and more signs within a name: 客车 is within 大型普通客车. What is in every list says nothing."""
    text = written(name)
    return {text[start:end] for start in range(len(text)) for end in range(start + 2, len(text) + 1)} - {
        "其他",
        "其它",
        "人员",
        "一般",
    }


@cache
def _spoken() -> Mapping[str, Sequence[str]]:
    with SPOKEN.open(encoding="utf-8", newline="") as file:
        return {row["reference"]: row["names"].split(";") for row in csv.DictReader(file)}


def _form(code: str) -> str:
    return "".join("9" if letter.isdigit() else "A" for letter in code)
