"""What the platform ships of the standards: synonyms, code sets and elements, read from `standards/seed/` without Django."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from standards.regions import REFERENCE, regions

FOLDER = Path(__file__).with_name("seed")


class Codes(NamedTuple):
    """The values of one code set: code → name."""

    title: str
    names: Mapping[str, str]


@cache
def synonyms() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Element name → {"synonyms", "english", "abbreviations"}: how agencies write it (GB/T 19488.1, 同义名称)."""
    with (FOLDER / "synonyms.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: {
                key: tuple(filter(None, row[key].split(";"))) for key in ("synonyms", "english", "abbreviations")
            }
            for row in csv.DictReader(file)
        }


@cache
def code_sets() -> Mapping[str, Codes]:
    """Reference ("GB/T 2261.1") → its codes, without history; the retired codes of each set are left out."""
    with (FOLDER / "code_sets.csv").open(encoding="utf-8", newline="") as file:
        titles = {row["reference"]: row["title"] for row in csv.DictReader(file)}
    names: dict[str, dict[str, str]] = defaultdict(dict)
    with (FOLDER / "codes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["valid_to"]:
                names[row["reference"]][row["code"]] = row["name"]
    names[REFERENCE] = {region.code: region.name for region in regions()}  # old codes too: old rows hold them
    return {reference: Codes(titles[reference], names[reference]) for reference in titles}
