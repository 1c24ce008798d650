"""`python -m genes.engine match --elements ELEMENTS.csv --columns COLUMNS.csv --out PRED.csv [--profiles PROFILES.jsonl]`.

`python -m genes.engine train --elements ELEMENTS.csv` fits the weights anew. Formats: docs/genes.md. Exit 0 done, 2 could not be done (the reason on stderr). No database and no server is used.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genes.engine import rank, training, values
from genes.engine.evidence import Column
from genes.engine.lexicon import Lexicon, read_elements
from genes.engine.match import Matcher
from standards import seeds


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m genes.engine", description="Match columns to data elements.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("match", help="columns of a CSV file to the elements of another")
    command.add_argument("--elements", type=Path, required=True)
    command.add_argument("--columns", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--profiles", type=Path, help='a line a column: {"row_id": …, "profile": {…}}')
    command = commands.add_parser("train", help="fit the weights to the shipped labelled columns")
    command.add_argument("--elements", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        if given.command == "train":
            training.write(training.model(training.read(), Lexicon.of(read_elements(given.elements, seeds.synonyms()))))
            return 0
        rows = read_columns(given.columns)
        matcher = Matcher(
            Lexicon.of(read_elements(given.elements, seeds.synonyms())), rank.load()["weights"], seeds.code_sets()
        )
        profiles = read_profiles(given.profiles) if given.profiles else {}
        _write(given.out, rows, matcher, profiles)
    except (OSError, ValueError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


def read_columns(path: Path) -> list[dict[str, str]]:
    """Rows of a column file. Raises ValueError when a column of the file that is needed is missing or a row_id occurs twice."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    for needed in ("row_id", "column_name"):
        if needed not in (reader.fieldnames or ()):
            raise ValueError(f"{path.name} has no column {needed}")
    twice = {row["row_id"] for row in rows} if len({row["row_id"] for row in rows}) != len(rows) else set()
    if twice:
        raise ValueError(f"{path.name}: a row_id occurs twice")
    return rows


def read_profiles(path: Path) -> dict[str, Any]:
    """row_id → profile. Raises ValueError with the number of a line that is no such object."""
    found = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                    found[str(row["row_id"])] = row["profile"]
                except (ValueError, KeyError, TypeError) as error:
                    raise ValueError(f"{path.name}, line {number}: {error}") from None
    return found


def _write(path: Path, rows: Iterable[Mapping[str, str]], matcher: Matcher, profiles: Mapping[str, Any]) -> None:
    rows = list(rows)
    columns = [
        Column(
            row["column_name"] or "",
            *((row.get(name) or "") for name in ("data_type", "column_comment", "table_name", "table_comment")),
        )
        for row in rows
    ]
    answers = matcher.match(columns, [values.facts(profiles.get(row["row_id"]), matcher.book) for row in rows])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row_id", "rank", "element_id", "confidence"])
        for row, ranked in zip(rows, answers, strict=True):
            writer.writerows(
                [row["row_id"], place, answer.element, f"{answer.confidence:.6f}"]
                for place, answer in enumerate(ranked, 1)
            )


if __name__ == "__main__":
    sys.exit(main())
