"""Code sets from a file, without Django: read, and what is wrong in them said by line.

`python -m standards.codes check CODES.csv`: columns reference, code, name; parent and successor (the code that replaced it)
where there are any. Exit 0 sound, 1 something is wrong (each on a line of stdout), 2 could not be read.
"""

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from standards.code_rules import CodeRow, faults, links
from standards.seeds import Codes

NEEDED = ("reference", "code", "name")


class Problem(NamedTuple):
    line: int
    text: str


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a file of codes. Raises ValueError when a column is missing or the file is no UTF-8 text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        try:
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
        except UnicodeDecodeError as error:
            raise ValueError(f"{path.name} is not UTF-8 text: {error}") from None
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"{path.name} has no column {', '.join(missing)}")
    return rows


def problems(rows: Sequence[Mapping[str, str]]) -> list[Problem]:
    """What is wrong, by line (the head is line 1): what `standards.code_rules` finds of codes, parents and successors."""
    sets: dict[str, list[Listed]] = defaultdict(list)
    found = set()
    for line, row in enumerate(rows, 2):
        if row["reference"]:
            listed = Listed(line, row["code"], row["name"], row.get("parent", ""), successor=row.get("successor", ""))
            sets[row["reference"]].append(listed)
        else:
            found.add(Problem(line, SENTENCES["empty"]))
    for reference, codes in sets.items():
        for fault in [*faults(codes), *links(codes, "successor")]:
            told = SENTENCES[fault.kind] % {"field": fault.field, **fault.facts}
            found.add(Problem(fault.line, told if fault.kind == "empty" else f"{reference}: {told}"))
    return sorted(found)


@dataclass(frozen=True)
class Listed(CodeRow):
    successor: str = ""  # the code that replaced it


SENTENCES = {
    "empty": "reference, code and name are needed",
    "twice": "code %(code)s stands in line %(line)s already",
    "missing": "%(field)s %(target)s of code %(code)s is not in the set",
    "circle": "%(field)ss lead in a circle: %(codes)s",
}


def code_sets(rows: Sequence[Mapping[str, str]]) -> dict[str, Codes]:
    """Reference → its codes; of a code that stands twice the first, rows without a code or a name left out."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row["reference"] and row["code"] and row["name"]:
            found[row["reference"]].setdefault(row["code"], row["name"])
    return {reference: Codes(reference, names) for reference, names in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m standards.codes", description="Check a file of code sets.")
    command = parser.add_subparsers(dest="command", required=True).add_parser("check")
    command.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    try:
        found = problems(read(given.file))
    except (OSError, ValueError, csv.Error) as error:
        print(error, file=sys.stderr)
        return 2
    for problem in found:
        print(f"{given.file.name}, line {problem.line}: {problem.text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
