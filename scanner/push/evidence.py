"""Which values break a rule and where they stand: asked of the source, at most so many."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from scanner.measures.frequency import Session
from scanner.model import Column
from scanner.push.failing import compared_class
from scanner.push.frequencies import closing
from scanner.push.sql import Sql, both, joined
from scanner.push.target import Target
from scanner.rules.run import EXAMPLES, FAILING, KEYS
from scanner.values.canonical import to_json
from scanner.where.tree import And, Compare, In

FEW = 300  # failing values that go to the source as parameters; of more, the rows are looked through here


def examples(target: Target, columns: Sequence[Column], failing: Sql) -> list[Any]:
    """The most frequent failing values as JSON values, lists of them where the rule has several columns."""
    found: list[Any] = []
    with closing(target.frequencies(columns, failing, limit=EXAMPLES)) as batches:
        for batch in batches:
            found += [_as_json(values, columns) for values in _rows(batch, len(columns))]
    return found


def keys(target: Target, failing: Sql) -> list[list[Any]]:
    """Primary keys of the first failing rows in the order of the key; none for a table without one."""
    primary = target.primary_key
    if not primary:
        return []
    outputs = ", ".join(target.output(column) for column in primary)
    found: list[list[Any]] = []
    with closing(
        target.stream(target.select(outputs, failing, f" ORDER BY {target.order(primary)} LIMIT {KEYS}"), primary)
    ) as batches:
        for batch in batches:
            found += [_key(values, primary) for values in _rows(batch, len(primary))]
    return found


def keys_of_failing(
    session: Session, target: Target, columns: Sequence[Column], looked_at: Sql, stop: Callable[[], None]
) -> list[list[Any]]:
    """As ``keys``, for the values in the session's table of failing ones."""
    if not target.primary_key:
        return []
    names = ", ".join(f"v{place}" for place in range(len(columns)))
    values = session.execute(f"SELECT {names} FROM {FAILING} LIMIT {FEW + 1}").fetchall()
    if len(values) <= FEW:
        return keys(target, both(looked_at, _one_of(target, columns, values)))
    return _keys_by_looking(session, target, columns, looked_at, stop)


def _one_of(target: Target, columns: Sequence[Column], values: Sequence[tuple[str, ...]]) -> Sql:
    """True for rows that hold one of the combinations of canonical values."""
    if len(columns) == 1:
        listed = tuple(value for (value,) in values)
        return target.condition(In(columns[0], listed, compared_class(columns[0])))
    combinations = [
        target.condition(And(tuple(Compare("=", c, v, compared_class(c)) for c, v in zip(columns, row, strict=True))))
        for row in values
    ]
    return joined(" OR ", combinations)


def _keys_by_looking(
    session: Session, target: Target, columns: Sequence[Column], looked_at: Sql, stop: Callable[[], None]
) -> list[list[Any]]:
    """Walks the rows in the order of the key until enough have failed: with so many failing values that is soon."""
    primary = target.primary_key
    outputs = ", ".join(target.output(column) for column in [*primary, *columns])
    names = [f"k{place}" for place in range(len(primary))] + [f"v{place}" for place in range(len(columns))]
    equal = " AND ".join(f"b.v{place} = f.v{place}" for place in range(len(columns)))
    found: list[list[Any]] = []
    statement = target.select(outputs, looked_at, f" ORDER BY {target.order(primary)}")
    with closing(target.stream(statement, [*primary, *columns])) as batches:
        for batch in batches:
            stop()
            arrays = dict(zip(names, batch.columns, strict=True)) | {"place": pa.array(range(batch.num_rows))}
            session.register("batch", pa.table(arrays))
            rows = session.execute(
                f"SELECT {', '.join(names[: len(primary)])} FROM batch b SEMI JOIN {FAILING} f ON {equal} ORDER BY place"
                f" LIMIT {KEYS - len(found)}"
            ).fetchall()
            session.unregister("batch")
            found += [_key(row, primary) for row in rows]
            if len(found) >= KEYS:
                break
    return found


def _rows(batch: pa.RecordBatch, width: int) -> list[tuple[str | None, ...]]:
    return list(zip(*(batch.column(place).to_pylist() for place in range(width)), strict=True))


def _as_json(values: Sequence[str | None], columns: Sequence[Column]) -> Any:
    found = _key(values, columns)
    return found[0] if len(found) == 1 else found


def _key(values: Sequence[str | None], columns: Sequence[Column]) -> list[Any]:
    return [to_json(value, column.value_class) for value, column in zip(values, columns, strict=True)]
