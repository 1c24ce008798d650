"""What the platform ships of the standards, read from `standards/seed/` without Django: elements, synonyms, code sets."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from standards.regions import REFERENCE, regions

FOLDER = Path(__file__).with_name("seed")


class Codes(NamedTuple):
    """The values of one code set: code → name."""

    title: str
    names: Mapping[str, str]


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def element_rows() -> Sequence[dict[str, str]]:
    """code, name, english_name, domain, object_class … of every shipped element."""
    return _rows("elements.csv")


@cache
def code_set_rows() -> Sequence[dict[str, str]]:
    """reference, title, edition, valid_from, publisher of every shipped code set."""
    return _rows("code_sets.csv")


@cache
def code_rows() -> Mapping[str, Sequence[dict[str, str]]]:
    """Reference → its codes, in order; those of GB/T 2260 are `standards.regions`."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows("codes.csv"):
        found[row["reference"]].append(row)
    return found


@cache
def synonyms() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Element name → {"synonyms", "english", "abbreviations"}: how agencies write it (GB/T 19488.1, 同义名称)."""
    keys = ("synonyms", "english", "abbreviations")
    return {
        row["name"]: {key: tuple(filter(None, row[key].split(";"))) for key in keys} for row in _rows("synonyms.csv")
    }


@cache
def code_sets() -> Mapping[str, Codes]:
    """Reference ("GB/T 2261.1") → its codes; those of regions include the given-up ones, which old rows hold."""
    found = {}
    for row in code_set_rows():
        names = {code["code"]: code["name"] for code in code_rows().get(row["reference"], ())}
        found[row["reference"]] = Codes(row["title"], names)
    found[REFERENCE] = Codes(found[REFERENCE].title, {region.code: region.name for region in regions()})
    return found
