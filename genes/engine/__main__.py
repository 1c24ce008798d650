"""`python -m genes.engine match --elements ELEMENTS.csv --columns COLUMNS.csv --out PRED.csv [--profiles PROFILES.jsonl] [--codes CODES.csv]`.

`python -m genes.engine train --elements ELEMENTS.csv` fits the weights anew. Formats: docs/genes.md. Exit 0 done, 2 could not be
done (the reason on stderr); what is odd about single rows is said there too, a line each. No database and no server is used.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from genes.engine import rank, training, values
from genes.engine.evidence import Column
from genes.engine.files import Columns, read_columns, read_profiles
from genes.engine.lexicon import Lexicon, odd_elements, read_elements
from genes.engine.match import Candidate, Matcher
from standards import codes, seeds

VETO = -5.0  # log-odds of the values against what the name says, from which it is told


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        _train(given) if given.command == "train" else _match(given)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except (ValueError, KeyError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m genes.engine", description="Match columns to data elements.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("match", help="columns of a CSV file to the elements of another")
    command.add_argument("--elements", type=Path, required=True)
    command.add_argument("--columns", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--profiles", type=Path, help='a line a column: {"row_id": …, "profile": {…}}')
    command.add_argument("--codes", type=Path, help="code sets beside the shipped ones: reference, code, name")
    command = commands.add_parser("train", help="fit the weights to the shipped labelled columns")
    command.add_argument("--elements", type=Path, required=True)
    return parser


def _train(given: argparse.Namespace) -> None:
    training.write(training.model(training.read(), Lexicon.of(read_elements(given.elements, seeds.synonyms()))))


def _match(given: argparse.Namespace) -> None:
    elements = read_elements(given.elements, seeds.synonyms())
    code_sets = dict(seeds.code_sets())
    if given.codes:
        rows = codes.read(given.codes)
        for problem in codes.problems(rows):
            _warn(f"{given.codes.name}, line {problem.line}: {problem.text}")
        code_sets |= codes.code_sets(rows)
    if not elements:
        raise ValueError(f"{given.elements.name} holds no element")
    for said in odd_elements(elements):
        _warn(f"{given.elements.name}: {said}")
    matcher = Matcher(Lexicon.of(elements), rank.load()["weights"], code_sets)
    columns = read_columns(given.columns, _warn)
    facts = [values.Facts()] * len(columns.ids)
    if given.profiles:
        found = read_profiles(given.profiles, set(columns.ids), matcher.book, _warn)
        facts = [found.get(row, facts[0]) for row in columns.ids]
    _write(given.out, columns, matcher.answers(columns.columns, facts, top=4), matcher)


def _warn(text: str) -> None:
    print(text, file=sys.stderr)


def _write(path: Path, columns: Columns, answers: Iterator[Sequence[Candidate]], matcher: Matcher) -> None:
    names = {element.id: element.name for element in matcher.lexicon.elements}
    alike: dict[tuple[str, ...], list[str]] = {}  # elements of one name → the rows that may carry any of them
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row_id", "rank", "element_id", "confidence"])
        for row, column, answered in zip(columns.ids, columns.columns, answers, strict=True):
            ranked = _three(answered)
            writer.writerows(
                [row, place, answer.element, f"{answer.confidence:.6f}"] for place, answer in enumerate(ranked, 1)
            )
            _tell_veto(row, column, answered, names)
            if same := _of_one_name(ranked, names):
                alike.setdefault(same, []).append(row)
    for same, rows in alike.items():
        more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
        _warn(
            f"{names[same[0]]} is the name of {' and of '.join(same)}: nothing tells which of them {len(rows)} columns carry, "
            f"a person must choose (rows {', '.join(rows[:5])}{more})"
        )


def _three(ranked: Sequence[Candidate]) -> Sequence[Candidate]:
    """The first three; NONE only where it is the answer, for below an element another element helps more."""
    return [answer for place, answer in enumerate(ranked) if not place or answer.element != "NONE"][:3]


def _of_one_name(ranked: Sequence[Candidate], names: Mapping[str, str]) -> tuple[str, ...]:
    """The elements that share the name of the first and are nearly as likely; () when it stands alone."""
    first = ranked[0]
    same = [
        answer.element for answer in ranked
        if names.get(answer.element) == names.get(first.element, "") and answer.confidence > 0.8 * first.confidence
    ]  # fmt: skip
    return tuple(sorted(same)) if len(same) > 1 else ()


def _tell_veto(row: str, column: Column, ranked: Sequence[Candidate], names: Mapping[str, str]) -> None:
    for answer in islice(ranked, 1, None):
        against = sum(
            min(0.0, answer.reasons.get(key, 0.0)) for key in ("values_fail", "values_are_another", "outside_code_set")
        )
        spoken = sum(
            weight for key, weight in answer.reasons.items() if not key.startswith(("values", "outside", "in_code"))
        )
        if against <= VETO and spoken > 0 and answer.element != "NONE":
            taken = ranked[0].element
            _warn(
                f"row {row}: {column.comment or column.name} says {answer.element} {names[answer.element]}, its values say "
                f"otherwise; taken is {taken} {names.get(taken, '')}".rstrip()
            )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
