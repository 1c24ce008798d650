"""Rules judged in DuckDB: on the distinct values of a column where that is enough, on rows where it is not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scanner.loading import Loaded
from scanner.measures.frequency import Frequencies, Session, among, literal, one, repeated_in
from scanner.model import CheckResult, Column, ValueClass
from scanner.rules.binding import BoundRule
from scanner.rules.verdicts import (
    PLAIN_NUMBER,
    Between,
    Checksum,
    DateForm,
    InSet,
    Length,
    Matches,
    ValueTest,
    is_between,
)  # fmt: skip
from scanner.store import values_of
from scanner.values.canonical import to_json
from scanner.values.chunk import Chunk, Mask
from scanner.values.dates import dates_in
from scanner.values.identifiers import CHECKSUM_MASKS
from scanner.values.typed import TEXT, text_of
from scanner.where.order import duckdb_key, text_key

EXAMPLES = 20
KEYS = 100
FAILING = "failing"  # table of the session: v0, v1, … and n, the distinct values that break the rule under judgement


@dataclass(frozen=True)
class Rows:
    """The rows of the table under judgement."""

    loaded: Loaded
    primary_key: Sequence[Column] = field(default=())  # empty: failing rows cannot be named

    @property
    def session(self) -> Session:
        return self.loaded.session

    def keys_at(self, places: npt.NDArray[np.int64]) -> Sequence[Sequence[Any]]:
        """Primary keys of the first of these rows, in the order of the key."""
        if not self.primary_key or not len(places):
            return ()
        places = np.sort(places)
        store, columns = self.loaded.store, self.loaded.columns
        held = [store.take(columns[column.name], places) for column in self.primary_key]
        names = [f"k{at}" for at in range(len(held))]
        order = ", ".join(order_by(name, column) for name, column in zip(names, self.primary_key, strict=True))
        self.session.register("key_values", pa.table(dict(zip(names, held, strict=True))))
        found = self.session.execute(
            f"SELECT {', '.join(names)} FROM key_values ORDER BY {order} LIMIT {KEYS}"
        ).fetchall()
        self.session.unregister("key_values")
        return [_key(key, self.primary_key) for key in found]

    def reference(self, column: Column) -> str:
        return self.loaded.reference(column.name)

    def relation(self, bound: BoundRule, others: Sequence[Column] = ()) -> str:
        """A relation with the columns that a rule needs, and others; canonical text."""
        return self.loaded.relation(bound.needs | {column.name for column in others})

    def condition(self, bound: BoundRule) -> tuple[str, list[Any]]:
        """The ``where`` of a rule as SQL over the relation, "true" when there is none."""
        if bound.condition is None:
            return "true", []
        store, columns = self.loaded.store, self.loaded.columns
        return bound.condition.duckdb(self.reference, lambda column: store.type(columns[column.name]) != TEXT)


def finished(
    bound: BoundRule, evaluated: int, failed: int, examples: Sequence[Any] = (), keys: Sequence[Any] = ()
) -> CheckResult:
    """The result of a rule over values or rows: it passes when at least ``mostly`` of them do."""
    enough = evaluated - failed >= Fraction(str(bound.rule.mostly)) * evaluated
    return CheckResult(bound.rule.id, evaluated, failed, enough, tuple(examples), tuple(keys))


def check_values(rows: Rows, freq: Frequencies, bound: BoundRule, test: ValueTest) -> CheckResult:
    """A rule that looks at one value at a time, over the frequencies of its column (under its ``where``)."""
    find_failing(freq, test, bound.columns[0])
    return judge_failing(rows, bound, freq.count)


def check_unique(rows: Rows, freq: Frequencies, bound: BoundRule) -> CheckResult:
    """Every row whose value occurs more than once fails."""
    rows.session.execute(f"CREATE OR REPLACE TABLE {FAILING} AS SELECT v AS v0, n FROM {freq.repeated}")
    return judge_failing(rows, bound, freq.count)


def check_unique_numbers(rows: Rows, bound: BoundRule, place: int) -> CheckResult:
    """The same of a column that the store keeps as numbers or dates, for all of its rows."""
    store = rows.loaded.store
    ordered = np.sort(store.numbers(place))
    again, _ = repeated_in(ordered)
    if not len(again):
        return finished(bound, len(ordered), 0)
    places, values, start = [], [], 0
    for array in store.arrays(place):
        present = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
        found = present[np.isin(values_of(array.drop_null()), again)]
        places.append(found + start)
        values.append(pc.cast(text_of(array.take(pa.array(found))), TEXT))
        start += len(array)
    rows.session.register("failing_values", pa.table({"v0": pa.chunked_array(values, TEXT)}))
    rows.session.execute(
        f"CREATE OR REPLACE TABLE {FAILING} AS SELECT v0, count(*) AS n FROM failing_values GROUP BY v0"
    )
    rows.session.unregister("failing_values")
    everywhere = np.concatenate(places)
    return finished(
        bound, len(ordered), len(everywhere), failing_examples(rows.session, bound.columns), rows.keys_at(everywhere)
    )


def check_compound_unique(rows: Rows, bound: BoundRule) -> CheckResult:
    """The combinations are told apart by hash first; only rows whose hash occurs again are grouped by value."""
    condition, parameters = rows.condition(bound)
    hashed = f"hash({', '.join(rows.reference(column) for column in bound.columns)})"
    evaluated, hashes, places = 0, [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    start = 0
    for batch in rows.session.sql(
        f"SELECT CASE WHEN {_all_present(rows, bound)} AND {condition} THEN {hashed} END FROM {rows.relation(bound)}",
        params=parameters,
    ).to_arrow_reader(1 << 17):
        present = np.flatnonzero(batch.column(0).is_valid().to_numpy(zero_copy_only=False))
        hashes.append(batch.column(0).drop_null().to_numpy())
        places.append(present + start)
        start += batch.num_rows
        evaluated += len(present)
    found = np.concatenate(hashes)
    again, _ = repeated_in(np.sort(found))
    if not len(again):
        return finished(bound, evaluated, 0)
    _group_rows(rows, bound, np.concatenate(places)[among(found, again)])
    return judge_failing(rows, bound, evaluated)


def _group_rows(rows: Rows, bound: BoundRule, places: npt.NDArray[np.int64]) -> None:
    """Fill the table of failing values with the combinations that occur more than once in these rows."""
    store, columns = rows.loaded.store, rows.loaded.columns
    held = {f"v{at}": store.take(columns[column.name], places) for at, column in enumerate(bound.columns)}
    rows.session.register("possible", pa.table(held))
    rows.session.execute(
        f"CREATE OR REPLACE TABLE {FAILING} AS SELECT {', '.join(held)}, count(*) AS n FROM possible"
        " GROUP BY ALL HAVING count(*) > 1"
    )
    rows.session.unregister("possible")


def check_reference(rows: Rows, bound: BoundRule, target: str, targets: Sequence[tuple[str, Column]]) -> CheckResult:
    """``target`` is a table of the session; ``targets`` its columns, each with the source's column it holds."""
    condition, parameters = rows.condition(bound)
    named = ", ".join(f"{rows.reference(column)} AS v{place}" for place, column in enumerate(bound.columns))
    equal = counterpart(bound.columns, targets)
    rows.session.execute(
        f"CREATE OR REPLACE TABLE {FAILING} AS SELECT a.* FROM (SELECT {named}, count(*) AS n FROM {rows.relation(bound)}"
        f" WHERE {_all_present(rows, bound)} AND {condition} GROUP BY ALL) a"
        f" WHERE NOT EXISTS (SELECT 1 FROM {target} b WHERE {equal})",
        parameters,
    )
    return judge_failing(rows, bound, _evaluated(rows, bound))


def counterpart(columns: Sequence[Column], targets: Sequence[tuple[str, Column]]) -> str:
    """SQL: the values ``a.v0``, ``a.v1``, … of the columns equal those of the referenced columns of ``b``."""
    pairs = [(place, column, *target) for place, (column, target) in enumerate(zip(columns, targets, strict=True))]
    return " AND ".join(
        f"{_comparable(f'a.v{place}', column, other)} = {_comparable(f'b.{name}', other, column)}"
        for place, column, name, other in pairs
    )


def check_not_null(rows: Rows, bound: BoundRule) -> CheckResult:
    if bound.condition is None:
        return _nulls_among(rows, bound)
    condition, parameters = rows.condition(bound)
    missing = " OR ".join(f"{rows.reference(column)} IS NULL" for column in bound.columns)
    evaluated, failed = one(
        rows.session,
        f"SELECT count(*), count(*) FILTER (WHERE {missing}) FROM {rows.relation(bound)} WHERE {condition}",
        parameters,
    )
    keys = _keys(rows, bound, f"({missing}) AND {condition}", parameters) if failed else ()
    return finished(bound, evaluated, failed, keys=keys)


def _nulls_among(rows: Rows, bound: BoundRule) -> CheckResult:
    """Rows in which one of the columns is null, of all rows."""
    store, columns = rows.loaded.store, rows.loaded.columns
    places = [columns[column.name] for column in bound.columns]
    if not any(store.nulls[place] for place in places):
        return finished(bound, store.rows, 0)
    found, start = [], 0
    for arrays in zip(*(store.arrays(place) for place in places), strict=True):
        missing = np.logical_or.reduce([array.is_null().to_numpy(zero_copy_only=False) for array in arrays])
        found.append(np.flatnonzero(missing) + start)
        start += len(missing)
    rows_missing = np.concatenate(found)
    return finished(bound, store.rows, len(rows_missing), keys=rows.keys_at(rows_missing))


def check_row_count(rows: Rows, bound: BoundRule, low: int | None, high: int | None) -> CheckResult:
    count = rows.loaded.rows
    if bound.condition is not None:
        condition, parameters = rows.condition(bound)
        (count,) = one(rows.session, f"SELECT count(*) FROM {rows.relation(bound)} WHERE {condition}", parameters)
    passed = is_between(count, low, high)
    return CheckResult(bound.rule.id, count, 0 if passed else 1, passed, observed=count)


def find_failing(freq: Frequencies, test: ValueTest, column: Column) -> None:
    """Fill the table of failing values from the frequencies of a column."""
    if isinstance(test, (Checksum, DateForm)):
        _collect(freq, _mask_of(test))
        return
    passing, parameters = _passing(test, column)
    counted = "sum(n)::BIGINT AS n" if freq.plain else "n"
    freq.session.execute(
        f"CREATE OR REPLACE TABLE {FAILING} AS SELECT v AS v0, {counted} FROM {freq.name}"
        f" WHERE NOT coalesce({passing}, false){' GROUP BY v' if freq.plain else ''}",
        parameters,
    )


def _mask_of(test: Checksum | DateForm) -> Callable[[Chunk], Mask]:
    if isinstance(test, Checksum):
        return CHECKSUM_MASKS[test.scheme]
    form = test.form
    return lambda chunk: dates_in(chunk, form)


def _collect(freq: Frequencies, mask_of: Callable[[Chunk], Mask]) -> None:
    failing: list[pa.Table] = []
    for chunk in freq.chunks():
        bad = ~mask_of(chunk)
        if bad.any():
            failing.append(pa.table({"v0": chunk.values.filter(pa.array(bad)), "n": chunk.counts[bad]}))
    session = freq.session
    if not failing:
        session.execute(f"CREATE OR REPLACE TABLE {FAILING} (v0 VARCHAR, n BIGINT)")
        return
    session.register("collected", pa.concat_tables(failing))
    session.execute(f"CREATE OR REPLACE TABLE {FAILING} AS SELECT v0, sum(n)::BIGINT AS n FROM collected GROUP BY v0")
    session.unregister("collected")


def _passing(test: InSet | Matches | Length | Between, column: Column) -> tuple[str, list[Any]]:
    """An expression over v that is true for the values that keep the rule."""
    match test:
        case InSet(allowed):
            return "v IN (SELECT unnest(CAST(? AS VARCHAR[])))", [sorted(allowed)]
        case Matches(pattern):
            return "regexp_matches(v, ?)", [pattern]
        case Length(low, high):
            length = "length(v) // 2" if column.value_class is ValueClass.BINARY else "length(v)"
            return _range(length, low, high)
        case Between(low, high, value_class):
            if value_class is ValueClass.FLOAT:
                return _range("CAST(v AS DOUBLE)", low and float(low), high and float(high))
            key = duckdb_key(_widened(_number("v") if test.reads_numbers else "v", column, value_class), value_class)
            return _range(key, low and text_key(low, value_class), high and text_key(high, value_class))


def _range(expression: str, low: Any, high: Any) -> tuple[str, list[Any]]:
    parts = [f"{expression} {sign} ?" for sign, bound in ((">=", low), ("<=", high)) if bound is not None]
    return " AND ".join(f"({part})" for part in parts), [bound for bound in (low, high) if bound is not None]


def _number(expression: str) -> str:
    """The canonical decimal that a text states, null when it states none: as ``verdicts.plain_number``."""
    bare = f"regexp_replace({expression}, '^(-?)0+([0-9])', '\\1\\2')"
    short = f"CASE WHEN contains({bare}, '.') THEN rtrim(rtrim({bare}, '0'), '.') ELSE {bare} END"
    return (
        f"CASE WHEN regexp_full_match({expression}, {literal(PLAIN_NUMBER)})"
        f" THEN (CASE WHEN ({short}) = '-0' THEN '0' ELSE ({short}) END) END"
    )


def _widened(expression: str, column: Column, compared: ValueClass) -> str:
    """A date compared with moments is its midnight."""
    if column.value_class is ValueClass.DATE and compared is ValueClass.TIMESTAMP:
        return f"(CASE WHEN ends_with({expression}, 'Infinity') THEN {expression} ELSE {expression} || 'T00:00:00' END)"
    return f"({expression})"


def _comparable(expression: str, column: Column, other: Column) -> str:
    """Both sides of a reference as text that is equal when the values are."""
    classes = {column.value_class, other.value_class}
    if ValueClass.FLOAT in classes and len(classes) == 2 and all(item.is_number for item in classes):
        return f"CAST({expression} AS DOUBLE)"
    if classes == {ValueClass.DATE, ValueClass.TIMESTAMP}:
        return _widened(expression, column, ValueClass.TIMESTAMP)
    return expression


def weight(session: Session, freq: str) -> int:
    return int(one(session, f"SELECT coalesce(sum(n), 0) FROM {freq}")[0])


def _all_present(rows: Rows, bound: BoundRule) -> str:
    return " AND ".join(f"{rows.reference(column)} IS NOT NULL" for column in bound.columns)


def _evaluated(rows: Rows, bound: BoundRule) -> int:
    condition, parameters = rows.condition(bound)
    sql = f"SELECT count(*) FROM {rows.relation(bound)} WHERE {_all_present(rows, bound)} AND {condition}"
    return int(one(rows.session, sql, parameters)[0])


def failing_examples(session: Session, columns: Sequence[Column]) -> list[Any]:
    """The most frequent of the failing values as JSON values, lists of them where the rule has several columns."""
    names = [f"v{place}" for place in range(len(columns))]
    order = ", ".join(order_by(name, column) for name, column in zip(names, columns, strict=True))
    found = session.execute(f"SELECT {', '.join(names)} FROM {FAILING} ORDER BY n DESC, {order} LIMIT {EXAMPLES}")
    return [_as_json(values, columns) for values in found.fetchall()]


def judge_failing(rows: Rows, bound: BoundRule, evaluated: int) -> CheckResult:
    """The result from the table of failing values: how many rows they stand for, which they are, where they stand."""
    failed = weight(rows.session, FAILING)
    if not failed:
        return finished(bound, evaluated, 0)
    names = [f"v{place}" for place in range(len(bound.columns))]
    examples = failing_examples(rows.session, bound.columns)
    condition, parameters = rows.condition(bound)
    own = ", ".join(rows.reference(column) for column in bound.columns)
    failing = (
        f"({own}) IN (SELECT ({', '.join(names)}) FROM {FAILING})"
        if len(names) > 1
        else f"{own} IN (SELECT v0 FROM {FAILING})"
    )
    return finished(bound, evaluated, failed, examples, _keys(rows, bound, f"{failing} AND {condition}", parameters))


def _as_json(values: Sequence[str], columns: Sequence[Column]) -> Any:
    found = [to_json(text, column.value_class) for text, column in zip(values, columns, strict=True)]
    return found[0] if len(found) == 1 else found


def _keys(rows: Rows, bound: BoundRule, condition: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """Primary keys of the first failing rows, in the order of the key."""
    if not rows.primary_key:
        return ()
    names = [rows.reference(column) for column in rows.primary_key]
    order = ", ".join(order_by(name, column) for name, column in zip(names, rows.primary_key, strict=True))
    found = rows.session.execute(
        f"SELECT {', '.join(names)} FROM {rows.relation(bound, rows.primary_key)}"
        f" WHERE {condition} ORDER BY {order} LIMIT {KEYS}",
        list(parameters),
    ).fetchall()
    return [_key(key, rows.primary_key) for key in found]


def _key(key: Sequence[str], primary_key: Sequence[Column]) -> list[Any]:
    return [to_json(text, column.value_class) for text, column in zip(key, primary_key, strict=True)]


def order_by(expression: str, column: Column) -> str:
    if column.value_class is ValueClass.FLOAT:
        return f"CAST({expression} AS DOUBLE)"
    if column.value_class is ValueClass.INTEGER:
        return f"TRY_CAST({expression} AS HUGEINT), {duckdb_key(expression, column.value_class)}"
    return duckdb_key(expression, column.value_class)
