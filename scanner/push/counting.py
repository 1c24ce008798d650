"""The first statement of a push reading: how many rows there are, how many each rule looks at, how many break it."""

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.push.failing import broken, looked_at
from scanner.push.sql import Sql, batches, both, sql
from scanner.push.target import Target
from scanner.rules.binding import BoundRule


@dataclass(frozen=True, slots=True)
class Counted:
    evaluated: int
    failed: int | None  # None: this takes more than a condition on one row


def count(target: Target, bound: Sequence[BoundRule]) -> tuple[int, dict[str, Counted]]:
    """Rows of the table, and by rule id what was counted: one SELECT, or a few when the rules are very many."""
    outputs = [Sql("count(*)")]
    countable: list[bool] = []
    for item in bound:
        rows = looked_at(target, item)
        failing = broken(target, item)
        outputs.append(_counted(rows))
        outputs.append(_counted(both(rows, failing)) if failing is not None else Sql("0"))
        countable.append(failing is not None)
    found = [int(number) for group in batches(outputs) for number in target.row(group)]
    pairs = zip(found[1::2], found[2::2], strict=True)
    return found[0], {
        item.rule.id: Counted(evaluated, failed if known else None)
        for item, known, (evaluated, failed) in zip(bound, countable, pairs, strict=True)
    }


def _counted(condition: Sql) -> Sql:
    return sql("count(CASE WHEN {} THEN 1 END)", condition)
