"""Tables with values that are too long to hold: read again with long values cut, and every result that this touches says so.

The first try takes values whole, so that nothing is paid and nothing is lost for the usual table. Only when a row is longer
than ``Limits.row_bytes``, or what is computed does not fit the memory, the source is asked for the first
``Limits.cell`` characters of each value.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import duckdb

from scanner.connectors.base import Connector
from scanner.errors import RuleError, SourceError, said
from scanner.model import CheckResult, ColumnProfile, Reading, Rule, Table
from scanner.rules.binding import bind


def read_whole_or_cut(
    attempt: Callable[[bool], Reading], connector: Connector, table: Table, *, profile: bool, rules: Sequence[Rule]
) -> Reading:
    """``attempt(profile)``, a second time with long values cut when they were too long. Raises SourceError."""
    try:
        return attempt(profile)
    except (SourceError, duckdb.Error) as error:
        if not fits_when_cut(error, connector):
            raise _failure(error, table) from None
    connector.cutting = True
    try:
        reading = attempt(True)  # the profile tells which columns had values that were cut
    except (SourceError, duckdb.Error) as error:
        raise _failure(error, table) from None
    finally:
        connector.cutting = False
    return _marked(reading, connector.limits.cell, table, rules, profile=profile)


def fits_when_cut(error: Exception, connector: Connector) -> bool:
    """Whether a second try with long values cut may go where this error ended the first."""
    too_long = isinstance(error, SourceError) and error.code == "row_too_large"
    return connector.can_cut and not connector.cutting and (too_long or isinstance(error, duckdb.OutOfMemoryException))


def _failure(error: Exception, table: Table) -> SourceError:
    if isinstance(error, SourceError):
        return error
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError("out_of_memory", object=table.label)
    first = str(error).splitlines()[0]
    if isinstance(error, duckdb.ConversionException):
        first = said("a value does not fit the type of its column ({error})", error=first)
    elif isinstance(error, duckdb.InvalidInputException) and "unicode" in first:
        first = said("it is no text in UTF-8")
    return SourceError("read_failed", object=table.label, reason=first)


def _marked(reading: Reading, cell: int, table: Table, rules: Sequence[Rule], *, profile: bool) -> Reading:
    columns = tuple(_with_cut(column, cell) for column in reading.columns)
    cut = {column.name for column in columns if column.length and "cut" in column.length}
    by_id = {rule.id: rule for rule in rules}
    results = tuple(_judged(result, by_id[result.id], cut, cell, table) for result in reading.results)
    return replace(reading, columns=columns if profile else (), results=results)


def _with_cut(column: ColumnProfile, cell: int) -> ColumnProfile:
    """``length`` gets ``cut``, the number of characters kept, when a value was longer."""
    length: Mapping[str, object] | None = column.length
    if length is None or not isinstance(length["max"], int) or length["max"] <= cell:
        return column
    return replace(column, length={**length, "max": cell, "cut": cell})


def _judged(result: CheckResult, rule: Rule, cut: Collection[str], cell: int, table: Table) -> CheckResult:
    """A verdict on values of which only the beginning is known is none, but for whether there is a value at all."""
    try:
        bound = bind(rule, table)
    except RuleError:
        return result  # it has an error of its own
    looked_at = set(bound.condition.columns if bound.condition else ())
    looked_at |= set() if rule.kind == "not_null" else {column.name for column in bound.columns}
    touched = sorted(looked_at & set(cut))
    if not touched or result.error:
        return result
    cut_off = said("{column} has values of more than {limit} characters, which were cut", column=touched[0], limit=cell)
    return CheckResult(rule.id, error=cut_off)
