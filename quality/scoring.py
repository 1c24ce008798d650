"""The arithmetic of a quality score, pure and shown to the user as it stands here.

A rule scores 100 × (evaluated − failed) / evaluated; one that could not be run scores 0; one that had nothing to
evaluate has no score (not evaluated is not 100). A dimension is the mean of its rules by weight, the whole the
mean of the dimensions that have a score (dimensions of GB/T 36344-2018; formula X = A/B).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_CENT = Decimal("0.01")
TABLE_LEVEL = frozenset({"row_count", "freshness"})  # judge the table, not its rows: all or nothing


@dataclass(frozen=True, slots=True)
class Checked:
    """What scoring needs of one result: ``dimension`` is two digits, ``weight`` at least 1."""

    kind: str
    dimension: str
    weight: int
    evaluated: int
    failed: int
    error: bool = False

    @property
    def score(self) -> Decimal | None:
        """0–100, or None when there was nothing to evaluate."""
        if self.error:
            return Decimal(0)
        if self.kind in TABLE_LEVEL:
            return Decimal(0 if self.failed else 100)
        if not self.evaluated:
            return None
        return Decimal(100 * (self.evaluated - self.failed)) / Decimal(self.evaluated)


@dataclass(frozen=True, slots=True)
class DimensionScore:
    dimension: str
    score: Decimal
    rules: int
    weight: int
    evaluated: int
    failed: int

    def as_json(self) -> dict[str, Any]:
        return {
            "dimension": self.dimension, "score": str(self.score), "rules": self.rules, "weight": self.weight,
            "evaluated": self.evaluated, "failed": self.failed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """``total`` is None when no rule had anything to evaluate. ``skipped`` rules have no score."""

    total: Decimal | None
    dimensions: tuple[DimensionScore, ...]
    rules: int
    skipped: int


def score(results: Iterable[Checked]) -> Score:
    """The score of one table from the results of its rules; two decimals, half up."""
    scored: dict[str, list[tuple[Checked, Decimal]]] = {}
    rules = skipped = 0
    for result in results:
        rules += 1
        value = result.score
        if value is None:
            skipped += 1
        else:
            scored.setdefault(result.dimension, []).append((result, value))
    dimensions = tuple(_dimension(name, scored[name]) for name in sorted(scored))
    return Score(mean(item.score for item in dimensions), dimensions, rules, skipped)


def _dimension(name: str, scored: list[tuple[Checked, Decimal]]) -> DimensionScore:
    weight = sum(result.weight for result, _ in scored)
    total = sum((value * result.weight for result, value in scored), Decimal(0))
    return DimensionScore(
        dimension=name,
        score=_rounded(total / weight),
        rules=len(scored),
        weight=weight,
        evaluated=sum(result.evaluated for result, _ in scored),
        failed=sum(result.failed for result, _ in scored),
    )


def mean(scores: Iterable[Decimal]) -> Decimal | None:
    """The plain mean, two decimals; None of nothing."""
    values = list(scores)
    return _rounded(sum(values, Decimal(0)) / len(values)) if values else None


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
