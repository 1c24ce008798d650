"""Fitting the weights to labelled columns. `python -m genes.engine train` writes `data/model.json` from `data/training.csv`.

Each row is read twice, with and without its comments, because names weigh differently when they stand alone.
"""

import csv
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from genes.engine import rank
from genes.engine.evidence import NONE, Column, Features, Reader
from genes.engine.lexicon import Lexicon
from genes.engine.match import candidates, without_prefixes

TRAINING = Path(__file__).with_name("data") / "training.csv"
PENALTY = 0.005
FOLDS = 5
PARTS, THINNED = 4, 2  # so many lexicons lack each another quarter of the synonyms
SURE = 0.96  # precision of answers taken unseen: what is promised is 0.95, and other schemas are harder

Labelled = tuple[Column, frozenset[str]]


def read(path: Path = TRAINING) -> list[Labelled]:
    """(column, the element ids that are right, "NONE" among them) of each row."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (
                Column(
                    row["column_name"], row["data_type"], row["column_comment"], row["table_name"], row["table_comment"]
                ),
                frozenset(filter(None, (row["element_id"], *row["also_accept"].split(";")))),
            )
            for row in csv.DictReader(file)
        ]


def fit(labelled: Sequence[Labelled], lexicon: Lexicon) -> rank.Weights:
    return rank.fit([row.choice for row in _rows(labelled, lexicon)], PENALTY)


def model(labelled: Sequence[Labelled], lexicon: Lexicon) -> dict[str, Any]:
    """Weights, the calibration of their chances, and the chance from which an answer counts as sure.

    The last two are taken from rows that the weights in use had not seen: tables are dealt to five folds, each judged by
    weights fitted to the other four.
    """
    rows = _rows(labelled, lexicon)
    points = _out_of_fold(rows)
    curves = {
        kind: rank.calibrate([(chance, right) for of, chance, right in points if of == kind])
        for kind in sorted({kind for kind, _chance, _right in points})
    }
    sure = [(rank.calibrated(chance, curves[kind]), kind, right) for kind, chance, right in points]
    zones = {
        zone: rank.threshold(
            [(chance, right) for chance, kind, right in sure if kind.endswith("_element") != none], SURE
        )
        for zone, none in (("auto", False), ("none", True))
    }
    weights = rank.fit([row.choice for row in rows], PENALTY)
    return {"zones": zones, "calibration": curves, "weights": dict(sorted(weights.items()))}


@dataclass(frozen=True)
class _Row:
    table: str
    names: Sequence[str]  # of the candidates, "NONE" among them
    choice: tuple[Sequence[Features], Sequence[bool]]  # their features, and which of them are right


def _rows(labelled: Sequence[Labelled], lexicon: Lexicon) -> list[_Row]:
    """Each column as it is and without its comments, read by the lexicon and by thinner ones.

    The synonyms were written by who saw such columns; of an unseen schema fewer are known, and the weights have to know it."""
    columns = without_prefixes([column for column, _right in labelled])
    alone = [replace(column, comment="", table_comment="") for column in columns]
    thinner = [Lexicon.of(lexicon.elements, partial(_known, part)) for part in range(THINNED)]
    rows = []
    for read_by in (lexicon, *thinner):
        reader = Reader(read_by)
        reader.prepare([*columns, *alone])
        for column, (_column, right) in zip([*columns, *alone], [*labelled, *labelled], strict=True):
            evidence = candidates(column, reader)
            ids = ["NONE" if number == NONE else lexicon.elements[number].id for number in evidence]
            rows.append(_Row(column.table, ids, (list(evidence.values()), [name in right for name in ids])))
    return rows


def _known(part: int, text: str) -> bool:
    return zlib.crc32(text.encode()) % PARTS != part


def _out_of_fold(rows: Sequence[_Row]) -> list[tuple[str, float, bool]]:
    """(kind of answer, its chance, whether it is right) of each row by weights that have not seen its table."""
    folds = [zlib.crc32(row.table.encode()) % FOLDS for row in rows]
    points = []
    for fold in range(FOLDS):
        weights = rank.fit([row.choice for row, of in zip(rows, folds, strict=True) if of != fold], PENALTY)
        for row, of in zip(rows, folds, strict=True):
            if of == fold:
                features, right = row.choice
                chances = rank.softmax(
                    [sum(weights.get(name, 0.0) * value for name, value in each.items()) for each in features]
                )
                best = int(chances.argmax())
                alone = any("bias_only" in each for each in features)
                points.append((rank.kind_of(alone, row.names[best], len(features)), float(chances[best]), right[best]))
    return points


def write(model: Mapping[str, Any], path: Path = rank.MODEL) -> None:
    path.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
