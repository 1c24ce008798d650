"""Read a table once: its rows feed the profile of every column and every rule.

The pull plan keeps the rows in a temporary file by column and takes one column after another from it: sorted, or counted
by value. Measures and rules follow from that. Rows never stand in Python one by one, nor the table in memory.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from typing import Any

import duckdb

from scanner import planner
from scanner.apart import Apart
from scanner.connectors.base import Connector
from scanner.cutting import fits_when_cut, read_whole_or_cut
from scanner.errors import RuleError, SourceError, told
from scanner.loading import Loaded, load, open_session, start_computing
from scanner.measures import measure_column, measure_numbers
from scanner.measures.frequency import Frequencies, Session, count_values, make_frequencies
from scanner.model import CheckResult, Column, ColumnProfile, Reading, Rule, Table, ValueClass
from scanner.references import References
from scanner.rules import freshness, rowwise, run
from scanner.rules.binding import BoundRule, bind
from scanner.rules.verdicts import Freshness, Reference, RowCount
from scanner.values.typed import TEXT, one_text

_FREQUENCIES, _LIMITED = "frequencies", "frequencies_limited"


def read_table(
    connector: Connector,
    table: Table,
    *,
    profile: bool = True,
    rules: Sequence[Rule] = (),
    plan: str = "auto",
    now: datetime | None = None,
    tz: tzinfo | None = None,
    sketch_key: bytes | None = None,
    should_stop: Callable[[], None] | None = None,
) -> Reading:
    """Profile the columns of a table and judge rules on it in one reading.

    ``table`` comes from ``connector.describe`` or a snapshot. ``now`` (aware) and ``tz`` (of moments without offset;
    the process's zone when absent) are for freshness. ``sketch_key`` (16 bytes or more) adds sketches. ``should_stop``
    is called between batches and columns and ends the reading by raising. A rule that cannot run has an ``error`` in
    its result. Raises SourceError when the table cannot be read.
    """
    now = now or datetime.now(UTC)
    zone = tz or datetime.now().astimezone().tzinfo or UTC
    stop = should_stop or (lambda: None)
    by_push = planner.choose(connector, table, plan) == "push"

    def attempt(profile: bool) -> Reading:
        if by_push:
            from scanner import push  # slow import

            return push.run(
                connector,
                table,
                profile=profile,
                rules=rules,
                now=now,
                tz=zone,
                sketch_key=sketch_key,
                should_stop=stop,
            )
        with open_session() as session:
            return _Pull(session, connector, table, now, zone, stop).read(profile, rules, sketch_key)

    return read_whole_or_cut(attempt, connector, table, profile=profile, rules=rules)


def read_named(
    source: Connector | Apart, schema: str, name: str, *, should_stop: Callable[[], None] | None = None, **options: Any
) -> Reading:
    """Describe a table and read it; of files, in a process of their own. ``options`` as of ``read_table``."""
    if isinstance(source, Apart):
        return source.read_named(schema, name, should_stop or (lambda: None), **options)
    return read_table(source, source.describe(schema, name), should_stop=should_stop, **options)


class _Pull:
    """One reading by the pull plan."""

    def __init__(
        self,
        session: Session,
        connector: Connector,
        table: Table,
        now: datetime,
        zone: tzinfo,
        stop: Callable[[], None],
    ) -> None:
        self.session, self.connector, self.table = session, connector, table
        self.now, self.zone, self.stop = now, zone, stop
        self.references = References(session, connector, table, stop)
        self.results: dict[str, CheckResult] = {}

    def read(self, profile: bool, rules: Sequence[Rule], sketch_key: bytes | None) -> Reading:
        bound = self._bind(rules)
        columns = self.table.columns if profile else self._needed(bound)
        with (
            load(self.session, self.connector, self.table, columns, "data", self.stop) as data,
            closing(self.references),
        ):
            faults = self.references.load(data)
            start_computing(self.session, data.rows + self.references.rows)
            bound = [item for item in bound if not self._has_fault(item, faults)]
            profiles = self._columns(data, bound, profile, sketch_key)
            return Reading(
                data.rows, "pull", data.statements + self.references.statements, tuple(profiles),
                tuple(self.results[rule.id] for rule in rules),
            )  # fmt: skip

    def _columns(
        self, data: Loaded, bound: Sequence[BoundRule], profile: bool, sketch_key: bytes | None
    ) -> Iterable[ColumnProfile]:
        rows = run.Rows(data, self._primary_key(data))
        profiles: list[ColumnProfile] = []
        for place, column in enumerate(data.store.columns):
            self.stop()
            own = self._judge_rows(rows, place, [item for item in bound if item.judged_column == column])
            counted = data.store.type(place) == TEXT  # numbers are sorted instead
            freq = None
            if (profile and counted) or any(item.condition is None for item in own):
                plainly = column.value_class in (ValueClass.TEXT, ValueClass.BINARY)
                scan = data.scan([column.name])
                freq = count_values(self.session, _FREQUENCIES, data.store, place, scan, plainly=plainly)
            if profile and counted and freq is not None:
                profiles.append(measure_column(freq, column, rows=data.rows, sketch_key=sketch_key))
            elif profile:
                profiles.append(measure_numbers(data.store, place, sketch_key))
            self._judge_column(rows, column, own, freq)
        for item in bound:
            if item.judged_column is None:
                self.stop()
                self._judge(rows, item, None)
        return profiles

    def _judge_rows(self, rows: run.Rows, place: int, own: Sequence[BoundRule]) -> list[BoundRule]:
        """Judge what rows tell one by one, all rules of a column in one pass; the rules that are left."""
        store = rows.loaded.store
        at_once = [item for item in own if rowwise.can_judge(item, store, place)]
        try:
            if at_once:
                self.results |= rowwise.judge(rows, place, at_once)
            for item in own:
                if item.condition is None and store.type(place) != TEXT:
                    result = self._judge_numbers(rows, place, item)
                    self.results |= {item.rule.id: result} if result else {}
        except duckdb.Error as error:
            for item in at_once:
                self._fail(item.rule, told(error))
        return [item for item in own if item.rule.id not in self.results]

    def _judge_numbers(self, rows: run.Rows, place: int, item: BoundRule) -> CheckResult | None:
        """A rule that the sorted numbers or dates of a column decide; None for another."""
        if item.rule.kind == "unique":
            return run.check_unique_numbers(rows, item, place)
        if not isinstance(item.test, Freshness):
            return None
        store = rows.loaded.store
        numbers = store.numbers(place)
        latest = one_text(numbers.max(), store.type(place)) if len(numbers) else None
        return freshness.verdict(item, len(numbers), latest, item.test.max_age, self.now, self.zone)

    def _bind(self, rules: Iterable[Rule]) -> list[BoundRule]:
        bound: list[BoundRule] = []
        for rule in rules:
            try:
                bound.append(bind(rule, self.table))
            except RuleError as error:
                self._fail(rule, error.said)
        faults = self.references.resolve(bound)
        for item in bound:
            if item.rule.id in faults:
                self._fail(item.rule, faults[item.rule.id])
        return [item for item in bound if item.rule.id not in faults]

    def _has_fault(self, item: BoundRule, faults: dict[str, str]) -> bool:
        if isinstance(item.test, Reference) and item.test.table in faults:
            self._fail(item.rule, faults[item.test.table])
            return True
        return False

    def _fail(self, rule: Rule, error: str) -> None:
        self.results[rule.id] = CheckResult(rule.id, error=error)

    def _needed(self, bound: Sequence[BoundRule]) -> tuple[Column, ...]:
        """Columns that the rules look at, and the primary key by which failing rows are named."""
        names = {name for item in bound for name in item.needs} | self.references.own_columns()
        if any(not item.kind.judges_table for item in bound):
            names |= set(self.table.primary_key)
        return tuple(column for column in self.table.columns if column.name in names)

    def _primary_key(self, data: Loaded) -> tuple[Column, ...]:
        found = [self.table.column(name) for name in self.table.primary_key if name in data.columns]
        known = tuple(column for column in found if column is not None)
        return known if len(known) == len(self.table.primary_key) else ()

    def _judge_column(self, rows: run.Rows, column: Column, own: Sequence[BoundRule], freq: Frequencies | None) -> None:
        """The rules that a column's frequencies decide; those under the same condition share them."""
        ordered = sorted(own, key=lambda item: item.rule.where or "")
        for where, group in groupby(ordered, key=lambda item: item.rule.where):
            members = list(group)
            if where is not None:
                condition, parameters = rows.condition(members[0])
                limited = make_frequencies(
                    self.session,
                    _LIMITED,
                    rows.relation(members[0]),
                    rows.reference(column),
                    where=condition,
                    parameters=parameters,
                )
            for item in members:
                self._judge(rows, item, freq if where is None else limited)

    def _judge(self, rows: run.Rows, item: BoundRule, freq: Frequencies | None) -> None:
        """A rule that fails to run says so in its result; the others still run."""
        try:
            self.results[item.rule.id] = self._result(rows, item, freq)
        except (SourceError, RuleError, duckdb.Error) as error:
            if fits_when_cut(error, self.connector):
                raise
            self._fail(item.rule, told(error))

    def _result(self, rows: run.Rows, item: BoundRule, freq: Frequencies | None) -> CheckResult:
        match item.test:
            case None if item.rule.kind == "unique" and freq is not None:
                return run.check_unique(rows, freq, item)
            case None if item.rule.kind == "compound_unique":
                return run.check_compound_unique(rows, item)
            case None:
                return run.check_not_null(rows, item)
            case Reference():
                return run.check_reference(rows, item, *self.references.find(item.test))
            case RowCount(low, high):
                return run.check_row_count(rows, item, low, high)
            case Freshness(max_age) if freq is not None:
                evaluated, latest = freshness.newest(self.session, freq.name, item.columns[0])
                return freshness.verdict(item, evaluated, latest, max_age, self.now, self.zone)
            case test if freq is not None and not isinstance(test, Freshness):
                return run.check_values(rows, freq, item, test)
            case _:
                raise AssertionError(f"no frequencies for {item.rule.kind}")
