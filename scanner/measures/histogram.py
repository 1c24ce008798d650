"""How values spread: at most 20 bins over numbers, over days or seconds, over the lengths of texts."""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from scanner.measures.frequency import Session, one
from scanner.measures.order import CALENDAR, Order
from scanner.model import ValueClass

BINS = 20
WHOLE_LIMIT = 2**53
_EPOCH = date(1970, 1, 1)
_DATE = f"CASE WHEN {CALENDAR} THEN TRY_CAST(v AS DATE) END"
_TIMESTAMP = f"CASE WHEN {CALENDAR} THEN TRY_CAST(left(v, 19) AS TIMESTAMP) END"


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal bins from ``low`` on; the last takes in its upper edge where numbers are not whole."""

    low: float
    width: float
    count: int
    edges: tuple[float, ...]


def bins_between(low: float, high: float, *, whole: bool) -> Bins | None:
    """Bins from the least to the greatest number; whole numbers get bins of whole width. None: no finite width."""
    if whole:
        span = int(high) - int(low) + 1
        width = -(-span // BINS)
        count = -(-span // width)
        return Bins(low, width, count, tuple(int(low) + place * width for place in range(count + 1)))
    if low == high:
        return Bins(low, 1.0, 1, (low, high))
    width_of_one = (high - low) / BINS
    if not math.isfinite(width_of_one) or width_of_one == 0:
        return None
    edges = (*(low + place * width_of_one for place in range(BINS)), high)
    return Bins(low, width_of_one, BINS, edges)


def histogram(session: Session, order: Order, value_class: ValueClass) -> Mapping[str, Any] | None:
    """{"of": "value" | "length", "edges": count+1 JSON values, "counts": rows per bin}; None where there is none.

    A bin holds its lower edge and not its upper one, but for the last bin of decimals, floats, which holds both.
    NaN, infinities, dates BC and beyond 9999 stand in no bin.
    """
    if value_class.is_number:
        number = "CAST(k AS DOUBLE)" if order.typed else "TRY_CAST(v AS DOUBLE)"
        if order.specials or not order.typed:
            number = f"CASE WHEN isfinite({number}) THEN {number} END"
        return _counted(session, order, number, "value", value_class is ValueClass.INTEGER and order.typed, _number)
    if value_class is ValueClass.DATE:
        days = f"CAST({'k' if order.typed else _DATE} - DATE '1970-01-01' AS BIGINT)"
        return _counted(session, order, days, "value", True, _date_text)
    if value_class in (ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ):
        zone = "+00:00" if value_class is ValueClass.TIMESTAMPTZ else ""
        seconds = f"CAST(floor(epoch({'k' if order.typed else _TIMESTAMP})) AS BIGINT)"
        return _counted(session, order, seconds, "value", True, lambda edge: _time_text(edge, zone))
    return None


def bins_of(low: float, high: float, whole: bool) -> Bins | None:
    """Bins over numbers (days, seconds) from the least to the greatest; None where there is none."""
    whole = whole and abs(low) < WHOLE_LIMIT and abs(high) < WHOLE_LIMIT
    return bins_between(low if whole else float(low), high if whole else float(high), whole=whole)


def binned(number: Callable[[int], float], upto: npt.NDArray[np.int64], bins: Bins) -> npt.NDArray[np.int64]:
    """Rows per bin of different numbers in order; ``upto`` says how many rows come before each."""
    start, width, last = float(bins.low), float(bins.width), len(upto) - 1

    def bin_of(place: int) -> int:  # never falls from one number to the next, so each bin is one stretch of them
        return min(math.floor((float(number(place)) - start) / width), bins.count - 1)

    begins = [bisect_left(range(last), bin, key=bin_of) for bin in range(bins.count)]
    found: npt.NDArray[np.int64] = np.diff(upto[[*begins, last]])
    return found


def shown(bins: Bins | None, counts: npt.NDArray[np.int64], value_class: ValueClass) -> Mapping[str, Any] | None:
    """As ``histogram``."""
    if bins is None:
        return None
    as_json: Callable[[float], Any] = _number
    if value_class is ValueClass.DATE:
        as_json = _date_text
    elif value_class.is_temporal:
        zone = "+00:00" if value_class is ValueClass.TIMESTAMPTZ else ""
        as_json = lambda edge: _time_text(edge, zone)  # noqa: E731
    edges = [as_json(edge) for edge in bins.edges]
    return {"of": "value", "edges": edges, "counts": [int(n) for n in counts[: bins.count]]}


def of_lengths(lengths: Mapping[int, int]) -> Mapping[str, Any] | None:
    """The same over the lengths of texts, each with the number of values that have it."""
    bins = bins_between(min(lengths), max(lengths), whole=True)
    if bins is None:
        return None
    counts = [0] * bins.count
    for length, number in lengths.items():
        counts[int((length - bins.low) // bins.width)] += number
    return {"of": "length", "edges": [_number(edge) for edge in bins.edges], "counts": counts}


def _counted(
    session: Session, order: Order, number: str, of: str, whole: bool, shown: Callable[[float], Any]
) -> Mapping[str, Any] | None:
    low, high = one(session, f"SELECT min(x), max(x) FROM (SELECT {number} AS x FROM {order.relation})")
    return None if low is None else _spread(session, order, number, (low, high), of, whole, shown)


def _spread(
    session: Session,
    order: Order,
    number: str,
    ends: tuple[float, float],
    of: str,
    whole: bool,
    shown: Callable[[float], Any],
) -> Mapping[str, Any] | None:
    source = f"(SELECT n, {number} AS x FROM {order.relation}) WHERE x IS NOT NULL"
    low, high = ends
    whole = whole and abs(low) < WHOLE_LIMIT and abs(high) < WHOLE_LIMIT
    bins = bins_between(low, high, whole=whole)
    if bins is None:
        return None
    rows = session.execute(
        f"SELECT least({bins.count - 1}, CAST(floor((x - CAST(? AS DOUBLE)) / CAST(? AS DOUBLE)) AS BIGINT)) AS bin,"
        f" sum(n) FROM {source} GROUP BY bin",
        [float(bins.low), float(bins.width)],
    ).fetchall()
    counts = [0] * bins.count
    for place, count in rows:
        counts[place] = int(count)
    return {"of": of, "edges": [shown(edge) for edge in bins.edges], "counts": counts}


def _number(edge: float) -> float:
    return int(edge) if float(edge).is_integer() and abs(edge) < WHOLE_LIMIT else edge


def _date_text(edge: float) -> str:
    return (_EPOCH + timedelta(days=min(int(edge), (date.max - _EPOCH).days))).isoformat()


def _time_text(edge: float, zone: str) -> str:
    start = datetime(_EPOCH.year, 1, 1)
    latest = (datetime.max.replace(microsecond=0) - start) // timedelta(seconds=1)
    return (start + timedelta(seconds=min(int(edge), latest))).isoformat() + zone
