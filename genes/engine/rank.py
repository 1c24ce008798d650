"""A conditional logit over the candidates of a column, NONE among them: its coefficients are the reasons shown.

The chance of candidate c is exp(w·x_c) / Σ exp(w·x). A row may have several right answers; their chances add up.
"""

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from genes.engine.evidence import Features

Weights = dict[str, float]
MODEL = Path(__file__).with_name("data") / "model.json"


def softmax(scores: Sequence[float]) -> npt.NDArray[np.float64]:
    powers = np.exp(np.array(scores) - max(scores))
    return np.asarray(powers / powers.sum())


def fit(rows: Sequence[tuple[Sequence[Features], Sequence[bool]]], penalty: float = 0.02) -> Weights:
    """Weights from labelled rows: (candidates, which of them are right). Rows without a right candidate teach nothing."""
    usable = [(candidates, right) for candidates, right in rows if any(right)]
    names = sorted({name for candidates, _right in usable for features in candidates for name in features})
    place = {name: number for number, name in enumerate(names)}
    row_of, right_of, data, columns, lines = [], [], [], [], []
    line = 0
    for number, (candidates, right) in enumerate(usable):
        for features, is_right in zip(candidates, right, strict=True):
            row_of.append(number)
            right_of.append(is_right)
            for name, value in features.items():
                lines.append(line)
                columns.append(place[name])
                data.append(value)
            line += 1
    matrix = csr_matrix((data, (lines, columns)), (line, len(names)))
    rows_of, rights = np.array(row_of), np.array(right_of)
    starts = np.flatnonzero(np.r_[True, np.diff(rows_of) > 0])

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = matrix @ weights
        scores -= np.maximum.reduceat(scores, starts)[rows_of]
        powers = np.exp(scores)
        all_of, right_sum = np.add.reduceat(powers, starts), np.add.reduceat(powers * rights, starts)
        shares = powers / all_of[rows_of]
        right_shares = powers * rights / np.maximum(right_sum, 1e-300)[rows_of]
        value = -np.log(np.maximum(right_sum, 1e-300) / all_of).mean() + penalty / 2 * (weights @ weights) / 10
        return float(value), (matrix.T @ (shares - right_shares)) / len(starts) + penalty * weights / 10

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return {name: round(float(weight), 4) for name, weight in zip(names, found.x, strict=True)}


def kind_of(alone: bool, element: str, candidates: int) -> str:
    """Chances are calibrated apart for columns without a comment and with one, and for elements, for NONE, and for NONE
    because nothing else came up."""
    answer = "element" if element != "NONE" else "none" if candidates > 1 else "nothing"
    return f"{'alone' if alone else 'told'}_{answer}"


def calibrate(points: Sequence[tuple[float, bool]]) -> list[float]:
    """Platt's sigmoid on the log-odds of the chances: [a, b] of 1 / (1 + exp(-(a + b·logit))); b > 0, so order is kept."""
    logits = np.array([_logit(chance) for chance, _right in points])
    # Platt's targets: a chance of one or nothing is never earned by a finite number of rows.
    rights = sum(right for _chance, right in points)
    high, low = (rights + 1) / (rights + 2), 1 / (len(points) - rights + 2)
    targets = np.array([high if right else low for _chance, right in points])

    def loss(line: npt.NDArray[np.float64]) -> float:
        scores = line[0] + line[1] * logits
        return float(np.mean(np.logaddexp(0, scores) - targets * scores))

    found = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=[(-5, 5), (0.05, 5)])
    return [round(float(value), 3) for value in found.x]


def calibrated(chance: float, line: Sequence[float] | None) -> float:
    if not line:
        return chance
    return 1 / (1 + math.exp(-(line[0] + line[1] * _logit(chance))))


def _logit(chance: float) -> float:
    chance = min(max(chance, 1e-6), 1 - 1e-6)
    return math.log(chance / (1 - chance))


def threshold(points: Sequence[tuple[float, bool]], precision: float) -> float:
    """The least chance above which as many answers are right as `precision` asks, rounded up to hundredths."""
    ordered, rights, best = sorted(points, key=lambda point: -point[0]), 0, 1.0
    for place, (chance, right) in enumerate(ordered, 1):
        rights += right
        if rights / place >= precision:
            best = chance
    return math.ceil(best * 100) / 100


def load(path: Path = MODEL) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def zones() -> dict[str, float]:
    """The confidences from which an answer is taken unseen: "auto" of an element, "none" of NONE."""
    return dict(load()["zones"])


def zone_of(element: str, confidence: float, alone: bool = False) -> Literal["auto", "suggested", "none"]:
    """auto above the confidence at which 95 of 100 were right on reviewed rows, none where NONE is that sure or nothing else
    came up (it is ``alone``), else suggested."""
    if element == "NONE":
        return "none" if alone or confidence >= zones()["none"] else "suggested"
    return "auto" if confidence >= zones()["auto"] else "suggested"
