"""Code sets from a file, without Django: read, and what is wrong in them said by line.

`python -m standards.codes check CODES.csv`: columns reference, code, name; parent and successor (the code that replaced it)
where there are any. Exit 0 sound, 1 something is wrong (each on a line of stdout), 2 could not be read.
"""

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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
    """What is wrong, by line (the head is line 1): no code or name, a code twice, a parent or successor that is not in
    the set, parents or successors that lead in a circle."""
    sets: dict[str, dict[str, tuple[int, Mapping[str, str]]]] = defaultdict(dict)
    found = []
    for line, row in enumerate(rows, 2):
        reference, code = row["reference"], row["code"]
        if not reference or not code or not row["name"]:
            found.append(Problem(line, "reference, code and name are needed"))
        elif code in sets[reference]:
            found.append(Problem(line, f"{reference}: code {code} stands in line {sets[reference][code][0]} already"))
        else:
            sets[reference][code] = line, row
    for reference, codes in sets.items():
        for kind in ("parent", "successor"):
            found += _links(reference, kind, codes)
    return sorted(found)


def _links(reference: str, kind: str, codes: Mapping[str, tuple[int, Mapping[str, str]]]) -> Iterator[Problem]:
    settled: set[str] = set()  # codes from which the way ends
    for code, (line, row) in codes.items():
        target = row.get(kind) or ""
        if target and target not in codes:
            yield Problem(line, f"{reference}: {kind} {target} of code {code} is not in the set")
        way: list[str] = []
        while code and code in codes and code not in settled and code not in way:
            way.append(code)
            code = codes[code][1].get(kind) or ""
        if code in way:
            circle = [*way[way.index(code) :], code]
            yield Problem(codes[code][0], f"{reference}: {kind}s lead in a circle: {' → '.join(circle)}")
        settled.update(way)


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
