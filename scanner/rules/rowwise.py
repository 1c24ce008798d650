"""Rules about one value at a time, judged on the rows as the store keeps them: all rules of a column in one pass.

Where values repeat, each different value of a piece is judged once. Numbers and dates are compared as such. What fails
is kept as values with counts, for the examples, and as places of rows, for their keys.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.measures.frequency import Session
from scanner.model import CheckResult, Column, ValueClass
from scanner.rules import run
from scanner.rules.binding import BoundRule
from scanner.rules.verdicts import Between, Checksum, DateForm, InSet, Length, Matches
from scanner.store import Store, values_of
from scanner.values.chunk import Chunk, Ints, Mask
from scanner.values.dates import dates_in
from scanner.values.identifiers import CHECKSUM_MASKS
from scanner.values.typed import TEXT, text_of

_MOST_BYTES = 8 << 20  # of failing values held in memory
_MOST_DIGITS = 25  # of a bound
_PER_SECOND = 1_000_000


@dataclass
class _Failed:
    """What fails a rule."""

    bound: BoundRule
    passing: Callable[[Chunk], Mask] | None  # of texts
    compare: Callable[[Any], Mask] | None  # of plain values
    table: str
    count: int = 0
    values: list[pa.Table] = field(default_factory=list)
    size: int = 0  # bytes of these
    places: list[Ints] = field(default_factory=list)


def judge(rows: run.Rows, place: int, rules: Sequence[BoundRule]) -> dict[str, CheckResult]:
    """Rule id → result, of rules without a condition that ``can_judge`` accepts."""
    store = rows.loaded.store
    column, kind = store.columns[place], store.type(place)
    tasks = [
        _Failed(
            rule,
            None if _comparison(rule, column, kind) else _passing(rule),
            _comparison(rule, column, kind),
            f"failing_{at}",
        )
        for at, rule in enumerate(rules)
    ]
    start = 0
    for array in store.arrays(place):
        rows.loaded.stop()
        _look_at(rows.session, array, start, tasks)
        start += len(array)
    evaluated = store.rows - store.nulls[place]
    return {task.bound.rule.id: _result(rows, task, evaluated) for task in tasks}


def can_judge(bound: BoundRule, store: Store, place: int) -> bool:
    if bound.condition is not None:
        return False
    column, kind = store.columns[place], store.type(place)
    if isinstance(bound.test, (InSet, Matches, Checksum, DateForm)):
        return True
    if isinstance(bound.test, Length):
        return column.value_class is not ValueClass.BINARY
    return isinstance(bound.test, Between) and _comparison(bound, column, kind) is not None


def _look_at(session: Session, array: pa.Array, start: int, tasks: Sequence[_Failed]) -> None:
    present = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False)) if array.null_count else None
    values = array.drop_null() if array.null_count else array
    if not len(values):
        return
    grouped = pa.types.is_dictionary(values.type)
    groups = values if grouped else values.dictionary_encode() if len(values) > 64 and _repeats(values) else None
    distinct = groups.dictionary if groups is not None else values
    plain = values_of(distinct) if distinct.type != pa.string() and distinct.type != TEXT else None
    chunk = Chunk(text_of(distinct)) if any(task.passing for task in tasks) else None
    for task in tasks:
        if task.compare is not None:
            bad = ~task.compare(plain)
        else:
            assert task.passing is not None
            assert chunk is not None
            bad = ~task.passing(chunk)
        if not bad.any():
            continue
        if groups is None:
            failing, times = distinct.filter(pa.array(bad)), None
            places = np.flatnonzero(bad)
        else:
            codes = groups.indices.to_numpy()
            places = np.flatnonzero(bad[codes])
            times = np.bincount(codes[places], minlength=len(bad))
            seen = times > 0  # a dictionary may hold more than the values of this piece
            failing, times = distinct.filter(pa.array(seen)), times[seen]
        _keep(session, task, text_of(failing), times, (places if present is None else present[places]) + start)


def _repeats(values: pa.Array) -> bool:
    return len(values.slice(0, 1_024).unique()) * 2 < min(len(values), 1_024)


def _keep(session: Session, task: _Failed, values: pa.Array, times: Ints | None, places: Ints) -> None:
    task.count += len(places)
    task.places.append(places)
    times = np.ones(len(values), np.int64) if times is None else times
    task.values.append(pa.table({"v0": pc.cast(values, TEXT), "n": times}))
    task.size += task.values[-1].nbytes
    if task.size > _MOST_BYTES:
        _spill(session, task)


def _spill(session: Session, task: _Failed) -> None:
    held, task.values, task.size = task.values, [], 0
    session.execute(f"CREATE TABLE IF NOT EXISTS {task.table} (v0 VARCHAR, n BIGINT)")
    if held:
        session.register("failing_values", pa.concat_tables(held))
        session.execute(f"INSERT INTO {task.table} SELECT v0, n FROM failing_values")
        session.unregister("failing_values")


def _result(rows: run.Rows, task: _Failed, evaluated: int) -> CheckResult:
    if not task.count:
        return run.finished(task.bound, evaluated, 0)
    session = rows.session
    _spill(session, task)
    session.execute(
        f"CREATE OR REPLACE TABLE {run.FAILING} AS SELECT v0, sum(n)::BIGINT AS n FROM {task.table} GROUP BY v0"
    )
    session.execute(f"DROP TABLE {task.table}")
    examples = run.failing_examples(session, task.bound.columns)
    return run.finished(task.bound, evaluated, task.count, examples, rows.keys_at(np.concatenate(task.places)))


def _passing(bound: BoundRule) -> Callable[[Chunk], Mask]:
    test = bound.test
    match test:
        case Checksum(scheme):
            return CHECKSUM_MASKS[scheme]
        case DateForm(form):
            return lambda chunk: dates_in(chunk, form)
        case Matches(pattern):
            return lambda chunk: _flags(pc.match_substring_regex(chunk.values, pattern))
        case InSet(allowed):
            wanted = pa.array(sorted(allowed), TEXT)
            return lambda chunk: _flags(pc.is_in(chunk.values, wanted))
        case Length(low, high):
            return lambda chunk: _within(chunk.lengths, low, high)
    raise AssertionError(f"{bound.rule.kind} is not judged on single rows")


def _flags(found: pa.Array) -> Mask:
    flags: Mask = found.to_numpy(zero_copy_only=False)
    return flags


def _within(values: Any, low: Any, high: Any) -> Mask:
    found = np.ones(len(values), np.bool_)
    if low is not None:
        found &= values >= low
    if high is not None:
        found &= values <= high
    return found


def _comparison(bound: BoundRule, column: Column, kind: pa.DataType) -> Callable[[Any], Mask] | None:
    """How plain values keep a rule about their size; None where only their texts can tell."""
    test = bound.test
    if kind == TEXT or not isinstance(test, Between) or test.reads_numbers:
        return None
    try:
        low = None if test.low is None else _bound(test.low, kind, test.value_class, ROUND_CEILING)
        high = None if test.high is None else _bound(test.high, kind, test.value_class, ROUND_FLOOR)
    except (ValueError, ArithmeticError):
        return None  # an infinity, a year before Christ
    return lambda values: _within(values, low, high)


def _bound(text: str, kind: pa.DataType, value_class: ValueClass, rounding: str) -> Any:
    """The least or greatest plain value within a bound. Raises ValueError for one that is no plain value."""
    if pa.types.is_floating(kind) and text != "NaN":
        return float(text)
    if pa.types.is_date(kind) and value_class is ValueClass.DATE:
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    if pa.types.is_timestamp(kind):
        moment = datetime.fromisoformat(text).replace(tzinfo=None) - datetime(1970, 1, 1)
        return (moment.days * 86_400 + moment.seconds) * _PER_SECOND + moment.microseconds
    if pa.types.is_date(kind):
        raise ValueError("a day is compared with moments")
    if len(text) > _MOST_DIGITS:
        raise ValueError("more digits than are compared")
    number = int(Decimal(text).scaleb(kind.scale if pa.types.is_decimal(kind) else 0).to_integral_value(rounding))
    if abs(number) >= 2**63:
        raise ValueError("beyond what is compared")
    return number
