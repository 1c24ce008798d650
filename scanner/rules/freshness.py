"""How old the newest moment of a column is."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from scanner.measures.frequency import Session, one
from scanner.model import CheckResult, Column, ValueClass
from scanner.rules.binding import BoundRule
from scanner.rules.durations import Duration
from scanner.where.order import duckdb_key

# Text that is taken for a date or a moment; anything else in a text column says nothing about its age.
ISO_FORM = r"\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?"


def newest(session: Session, freq: str, column: Column) -> tuple[int, str | None]:
    """How many values a frequency table counts, and the newest of them (of text: the newest that is a real moment).

    A bare date counts as the end of its day.
    """
    count, latest = one(
        session, f"SELECT coalesce(sum(n), 0), arg_max(v, k) FROM (SELECT v, n, {_key(column)} AS k FROM {freq})"
    )
    return int(count), latest


def _key(column: Column) -> str:
    if column.value_class is not ValueClass.TEXT:
        return duckdb_key("v", column.value_class)
    moment = "CASE WHEN length(v) = 10 THEN v || 'T24' ELSE replace(v, ' ', 'T') END"
    return f"CASE WHEN regexp_full_match(v, '{ISO_FORM}') AND TRY_CAST(v AS TIMESTAMP) IS NOT NULL THEN {moment} END"


def verdict(
    bound: BoundRule, evaluated: int, latest: str | None, max_age: Duration, now: datetime, zone: tzinfo
) -> CheckResult:
    """The result from the newest value: 0 or 1 failed; a column without values passes."""
    fresh = not evaluated or (latest is not None and is_fresh(latest, max_age, now, zone))
    return CheckResult(bound.rule.id, evaluated, 0 if fresh else 1, fresh, observed=latest)


def is_fresh(canonical: str, max_age: Duration, now: datetime, zone: tzinfo) -> bool:
    """Whether a date or moment lies no further back than ``max_age`` before ``now`` (an aware moment).

    A moment without offset is in ``zone``; a date lasts until its day there ends.
    """
    if canonical == "Infinity":
        return True
    if not re.match(r"(?!0000)\d{4}-(?!00)\d\d-(?!00)", canonical):
        return canonical[:1].isdigit() and canonical[4:5].isdigit()  # beyond the year 9999, or long ago
    moment = _moment(canonical, zone)
    return moment is None or moment >= max_age.before(now.astimezone(UTC))


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """None: after all that can be reckoned with."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time.min, zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None
