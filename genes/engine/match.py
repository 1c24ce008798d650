"""Columns → ranked elements with confidence and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genes.engine import rank
from genes.engine.evidence import NONE, Column, Evidence, Features, Reader, merge, of_type
from genes.engine.lexicon import Lexicon
from genes.engine.text import HAN, heads


@dataclass(frozen=True)
class Candidate:
    """An element with its chance, 0…1; element "NONE" means that no element fits."""

    element: str
    confidence: float
    reasons: Mapping[str, float] = field(default_factory=dict)  # feature → its share of the score


def candidates(column: Column, reader: Reader) -> Evidence:
    """Features of every element that anything speaks for, and of NONE. Names of columns without a comment weigh on their own."""
    speaking = HAN.search(column.comment) is not None
    comment = column.comment if heads(column.comment) else (column.name if HAN.search(column.name) else "")
    told, named = reader.of_comment(comment), reader.of_name(column.name)
    if not speaking and not HAN.search(column.name):
        named = {number: {f"only_{name}": value for name, value in features.items()} for number, features in named.items()}
        tail = "_only"
    else:
        tail = ""
    whole = merge([told, named, reader.of_table(column)])
    types = of_type(column, reader.lexicon, [number for number in whole if number != NONE])
    for number, features in types.items():
        whole[number].update(features)
    whole[NONE][f"bias{tail}"] = 1.0
    if column.comment and not speaking:
        whole[NONE]["foreign_comment"] = 1.0
    return whole


def match(columns: Sequence[Column], lexicon: Lexicon, weights: Mapping[str, float], top: int = 3) -> list[list[Candidate]]:
    reader = Reader(lexicon)
    reader.prepare(columns)
    seen: dict[Any, list[Candidate]] = {}
    answers = []
    for column in columns:
        answer = seen.get(column)
        if answer is None:
            answer = seen[column] = _ranked(candidates(column, reader), lexicon, weights, top)
        answers.append(answer)
    return answers


def _ranked(evidence: Evidence, lexicon: Lexicon, weights: Mapping[str, float], top: int) -> list[Candidate]:
    numbers = list(evidence)
    shares = rank.chances([evidence[number] for number in numbers], weights)
    order = sorted(range(len(numbers)), key=lambda place: (-shares[place], numbers[place]))
    ranked = []
    for place in order[: top + 1]:
        number = numbers[place]
        ranked.append(
            Candidate("NONE" if number == NONE else lexicon.elements[number].id, float(shares[place]), _reasons(evidence[number], weights))
        )
    return ranked[:top]


def _reasons(features: Features, weights: Mapping[str, float]) -> dict[str, float]:
    return {name: round(weights.get(name, 0.0) * value, 3) for name, value in features.items()}
