"""One reading by the push plan: aggregates at the source, and what they cannot say from frequency tables.

A first statement counts, for the table and for every rule that is a condition on one row, how many rows it looks at and
how many break it. Rules about other rows take one statement each; what fails then gives its examples and keys. A rule
that the dialect cannot say exactly is judged here on the frequency table of its columns, as the pull plan does.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, tzinfo

import duckdb

from scanner.connectors.base import Connector
from scanner.cutting import fits_when_cut
from scanner.errors import RuleError, SourceError, told
from scanner.measures import measure_column, measure_numbers
from scanner.measures.frequency import Frequencies, Session, count_values
from scanner.model import CheckResult, Column, ColumnProfile, Reading, Rule, Table, ValueClass
from scanner.push import counting, evidence, failing
from scanner.push.frequencies import SAMPLE, load_columns, load_combinations, load_sets, load_values, mostly_different
from scanner.push.sql import Sql, both
from scanner.push.target import Target
from scanner.references import References
from scanner.rules import freshness, run
from scanner.rules.binding import BoundRule, bind
from scanner.rules.verdicts import Freshness, Reference, RowCount, is_between
from scanner.store import Scan, Store
from scanner.values.typed import TEXT

_VALUES, _COMBINATIONS, _REFERENCED = "frequencies", "combinations", "referenced"
_STREAMED, _SETS = "streamed", "sets"
MOST_STREAMED = 1 << 27  # values that one statement brings: they wait on the disk here


class Push:
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
        self.target = Target(connector, table)
        self.references = References(session, connector, table, stop)
        self.results: dict[str, CheckResult] = {}
        self.counted: dict[str, counting.Counted] = {}
        self.held: tuple[tuple[str, str | None], Frequencies] | None = None  # of a column under a condition
        self.plain: set[str] = set()  # columns of mostly different values …
        self.store = ExitStack()  # … of which some are here at a time
        self.streamed: Store | None = None
        self.sets: dict[str, Frequencies] = {}  # of other columns, read together

    def read(self, profile: bool, rules: Sequence[Rule], sketch_key: bytes | None) -> Reading:
        bound = self._bind(rules)
        before = self.connector.statements
        rows, self.counted = counting.count(self.target, bound)
        if profile and rows > SAMPLE:
            self.plain = mostly_different(self.target, self.table.columns)
        with self.store:
            return self._read(rows, before, bound, profile, rules, sketch_key)

    def _read(
        self,
        rows: int,
        before: int,
        bound: Sequence[BoundRule],
        profile: bool,
        rules: Sequence[Rule],
        sketch_key: bytes | None,
    ) -> Reading:
        profiles: list[ColumnProfile] = []
        for column in self.table.columns if profile else ():
            self.stop()
            profiles.append(self._profile(column, rows, sketch_key))
            for item in bound:  # while the frequency table of the column is here
                if item.judged_column == column and item.rule.where is None:
                    self._judge(item)
        for item in sorted(bound, key=_by_frequency_table):
            if item.rule.id not in self.results:
                self.stop()
                self._judge(item)
        statements = self.connector.statements - before
        return Reading(rows, "push", statements, tuple(profiles), tuple(self.results[rule.id] for rule in rules))

    def _bind(self, rules: Iterable[Rule]) -> list[BoundRule]:
        bound: list[BoundRule] = []
        for rule in rules:
            try:
                bound.append(bind(rule, self.table))
            except RuleError as error:
                self.results[rule.id] = CheckResult(rule.id, error=error.said)
        faults = self.references.resolve(bound)
        self.results |= {rule: CheckResult(rule, error=fault) for rule, fault in faults.items()}
        return [item for item in bound if item.rule.id not in faults]

    def _profile(self, column: Column, rows: int, sketch_key: bytes | None) -> ColumnProfile:
        self.held = None
        if column.name not in self.plain:
            freq = self._grouped(column)
            self.held = (column.name, None), freq
            return measure_column(freq, column, rows=max(rows, freq.count), sketch_key=sketch_key)
        store = self._stored(column, rows)
        place = store.columns.index(column)
        if store.type(place) != TEXT:
            return measure_numbers(store, place, sketch_key)
        plainly = column.value_class in (ValueClass.TEXT, ValueClass.BINARY)
        scan = Scan(store, [place], self.stop)
        freq = count_values(self.session, _STREAMED, store, place, scan, plainly=plainly)
        self.held = (column.name, None), freq
        return measure_column(freq, column, rows=store.rows, sketch_key=sketch_key)

    def _grouped(self, column: Column) -> Frequencies:
        """The frequencies of a column from the source, and with it of those that come after it."""
        if column.name not in self.sets:
            columns = self._from(column, plain=False)[: self.target.dialect.sets]
            if len(columns) == 1:
                return load_values(self.session, _VALUES, self.target, column, None, self.stop)
            self.sets = load_sets(self.session, _SETS, self.target, columns, self.stop)
        return self.sets[column.name]

    def _stored(self, column: Column, rows: int) -> Store:
        """The values of a column of mostly different ones, and of as many of those after it as there is room for."""
        if self.streamed is None or column not in self.streamed.columns:
            self.store.close()
            columns = self._from(column, plain=True)[: max(1, MOST_STREAMED // max(1, rows))]
            self.streamed = self.store.enter_context(closing(load_columns(self.target, columns, self.stop)))
        return self.streamed

    def _from(self, column: Column, *, plain: bool) -> list[Column]:
        """This column and those after it that are measured alike."""
        after = self.table.columns[self.table.columns.index(column) :]
        return [item for item in after if (item.name in self.plain) == plain]

    def _judge(self, item: BoundRule) -> None:
        """A rule that fails to run says so in its result; the others still run."""
        try:
            self.results[item.rule.id] = self._result(item)
        except (SourceError, RuleError, duckdb.Error) as error:
            if fits_when_cut(error, self.connector):
                raise
            self.results[item.rule.id] = CheckResult(item.rule.id, error=told(error))

    def _result(self, item: BoundRule) -> CheckResult:
        counted = self.counted[item.rule.id]
        match item.test:
            case RowCount(low, high):
                passed = is_between(counted.evaluated, low, high)
                return CheckResult(item.rule.id, counted.evaluated, int(not passed), passed, observed=counted.evaluated)
            case Freshness(max_age):
                evaluated, latest = freshness.newest(self.session, self._values(item).name, item.columns[0])
                return freshness.verdict(item, evaluated, latest, max_age, self.now, self.zone)
        if not counted.evaluated:
            return run.finished(item, 0, 0)
        if counted.failed is not None:
            broken = failing.broken(self.target, item)
            return self._from_source(item, counted.evaluated, counted.failed, broken)
        among = failing.broken_among_rows(self.target, item, self._referenced(item))
        if among is not None:
            where = both(failing.looked_at(self.target, item), among)
            (failed,) = self.target.row([Sql("count(*)")], where)
            return self._from_source(item, counted.evaluated, failed, among)
        return self._from_frequencies(item)

    def _from_source(self, item: BoundRule, evaluated: int, failed: int, broken: Sql | None) -> CheckResult:
        """The result of a rule whose failing rows the source itself can name."""
        if not failed or broken is None:
            return run.finished(item, evaluated, failed)
        where = both(failing.looked_at(self.target, item), broken)
        has_values = item.rule.kind != "not_null"
        shown = evidence.examples(self.target, item.columns, where) if has_values else []
        return run.finished(item, evaluated, failed, shown, evidence.keys(self.target, where))

    def _from_frequencies(self, item: BoundRule) -> CheckResult:
        """The result from the frequency table of the rule's columns, judged as the pull plan judges it."""
        test = item.test
        if isinstance(test, Reference):
            evaluated = self._find_without_counterpart(item)
        elif test is None:
            evaluated = self._find_repeated(item)
        else:
            freq = self._values(item)
            evaluated = freq.count
            run.find_failing(freq, test, item.columns[0])  # type: ignore[arg-type]
        failed = run.weight(self.session, run.FAILING)
        if not failed:
            return run.finished(item, evaluated, 0)
        shown = run.failing_examples(self.session, item.columns)
        where = failing.looked_at(self.target, item)
        keys = evidence.keys_of_failing(self.session, self.target, item.columns, where, self.stop)
        return run.finished(item, evaluated, failed, shown, keys)

    def _values(self, item: BoundRule) -> Frequencies:
        """The frequencies of the rule's column under its condition, loaded once for all rules that share them."""
        wanted = item.columns[0].name, item.rule.where
        if self.held is None or self.held[0] != wanted:
            self.held = None
            where = failing.looked_at(self.target, item)
            self.held = wanted, load_values(self.session, _VALUES, self.target, item.columns[0], where, self.stop)
        return self.held[1]

    def _combinations(self, item: BoundRule) -> int:
        """Load the combinations of values that a rule looks at; how many rows they stand for."""
        where = failing.looked_at(self.target, item)
        load_combinations(self.session, _COMBINATIONS, self.target, item.columns, where, self.stop)
        return run.weight(self.session, _COMBINATIONS)

    def _find_repeated(self, item: BoundRule) -> int:
        evaluated = self._combinations(item)
        self.session.execute(f"CREATE OR REPLACE TABLE {run.FAILING} AS SELECT * FROM {_COMBINATIONS} WHERE n > 1")
        return evaluated

    def _find_without_counterpart(self, item: BoundRule) -> int:
        evaluated = self._combinations(item)
        referenced = self._referenced(item)
        assert referenced is not None
        other, columns = referenced
        load_combinations(self.session, _REFERENCED, other, columns, None, self.stop)
        targets = [(f"v{place}", column) for place, column in enumerate(columns)]
        self.session.execute(
            f"CREATE OR REPLACE TABLE {run.FAILING} AS SELECT a.* FROM {_COMBINATIONS} a WHERE NOT EXISTS"
            f" (SELECT 1 FROM {_REFERENCED} b WHERE {run.counterpart(item.columns, targets)})"
        )
        return evaluated

    def _referenced(self, item: BoundRule) -> tuple[Target, list[Column]] | None:
        if not isinstance(item.test, Reference):
            return None
        table, columns = self.references.described(item.test)
        return Target(self.connector, table, "r"), columns


def _by_frequency_table(item: BoundRule) -> tuple[str, str]:
    """Brings together the rules that the same frequency table decides."""
    return (item.columns[0].name if item.columns else ""), item.rule.where or ""
