"""Fitting the weights to labelled columns. `python -m genes.engine train` writes `data/model.json` from `data/training.csv`.

Each row is read twice, with and without its comments, because names weigh differently when they stand alone.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genes.engine import rank
from genes.engine.evidence import NONE, Column, Features, Reader
from genes.engine.lexicon import Lexicon
from genes.engine.match import candidates, without_prefixes

TRAINING = Path(__file__).with_name("data") / "training.csv"
PENALTY = 0.005
# Confidence from which an answer counts as sure; 95 of 100 of them were right on rows that no weight was fitted to.
ZONES = {"auto": 0.9, "none": 0.9}

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
    alone = [(replace(column, comment="", table_comment=""), right) for column, right in labelled]
    return rank.fit([*_rows(labelled, lexicon), *_rows(alone, lexicon)], PENALTY)


def _rows(labelled: Sequence[Labelled], lexicon: Lexicon) -> list[tuple[list[Features], list[bool]]]:
    reader = Reader(lexicon)
    columns = without_prefixes([column for column, _right in labelled])
    reader.prepare(columns)
    rows = []
    for column, (_column, right) in zip(columns, labelled, strict=True):
        evidence = candidates(column, reader)
        ids = ["NONE" if number == NONE else lexicon.elements[number].id for number in evidence]
        rows.append((list(evidence.values()), [name in right for name in ids]))
    return rows


def write(weights: Mapping[str, float], path: Path = rank.MODEL) -> None:
    model: dict[str, Any] = {"zones": ZONES, "weights": dict(sorted(weights.items()))}
    path.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
