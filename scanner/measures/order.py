"""Values in order: least, greatest, quantiles, most frequent.

Most columns sort by a plain type: numbers of up to 18 digits as DECIMAL, doubles as DOUBLE, ISO dates as their text.
Where a value does not fit there (38 digits, NaN, BC, a zero date, a TIME of 800 hours), the whole column sorts by the
text key of ``scanner.where.order``, which holds any value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanner.measures.frequency import Session, one
from scanner.model import ValueClass
from scanner.values.canonical import QUANTILES, SPECIAL_NUMBERS, rank
from scanner.where.order import duckdb_key

TOP = 20
NARROW_DIGITS = 18  # what a 64-bit integer, scaled, always holds
_SPECIALS = ", ".join(f"'{text}'" for text in SPECIAL_NUMBERS)


@dataclass(frozen=True, slots=True)
class Order:
    key: str  # an expression over v
    places: int | None = None  # numbers only: the key is DECIMAL(18, places)
    specials: tuple[str, ...] = ()  # numbers only: which of NaN, Infinity, -Infinity occur
    regular: bool = True  # dates only: every value is of the form YYYY-MM-DD…, years 0000 to 9999


def order_of(session: Session, freq: str, value_class: ValueClass) -> Order:
    """The cheapest exact order of the values of a frequency table."""
    if value_class is ValueClass.FLOAT:
        return Order("CAST(v AS DOUBLE)", specials=_specials(session, freq))
    if value_class.is_number:
        return _number_order(session, freq, value_class)
    if value_class is ValueClass.TIME:
        (regular,) = one(session, f"SELECT coalesce(bool_and(v[3] = ':' AND v >= '0'), true) FROM {freq}")
        return Order("v" if regular else duckdb_key("v", value_class), regular=regular)
    if value_class.is_temporal:
        (regular,) = one(session, f"SELECT coalesce(bool_and(v[5] = '-' AND v >= '0' AND v < ':'), true) FROM {freq}")
        return Order("v" if regular else duckdb_key("v", value_class), regular=regular)
    return Order("v")


def _specials(session: Session, freq: str) -> tuple[str, ...]:
    found = session.execute(f"SELECT v FROM {freq} WHERE v IN ({_SPECIALS}) ORDER BY v").fetchall()
    return tuple(value for (value,) in found)


def _number_order(session: Session, freq: str, value_class: ValueClass) -> Order:
    whole, places, specials = one(
        session,
        "SELECT max(CASE WHEN p = 0 THEN length(v) ELSE p - 1 END), max(CASE WHEN p = 0 THEN 0 ELSE length(v) - p END),"
        f" count(*) FILTER (WHERE v IN ({_SPECIALS})) FROM (SELECT v, strpos(v, '.') AS p FROM {freq})",
    )
    if not specials and (whole or 0) + (places or 0) <= NARROW_DIGITS:
        return Order(f"CAST(v AS DECIMAL({NARROW_DIGITS}, {places or 0}))", places or 0)
    return Order(duckdb_key("v", value_class), specials=_specials(session, freq) if specials else ())


def top(session: Session, freq: str, order: Order, limit: int = TOP) -> list[tuple[str, int]]:
    """The most frequent values, equally frequent ones in their order."""
    return session.execute(f"SELECT v, n FROM {freq} ORDER BY n DESC, {order.key} LIMIT {limit}").fetchall()


def extremes(session: Session, freq: str, order: Order) -> tuple[str | None, str | None]:
    """The least and the greatest value."""
    low, high = one(session, f"SELECT arg_min(v, k), arg_max(v, k) FROM (SELECT v, {order.key} AS k FROM {freq})")
    return low, high


def quantiles(session: Session, freq: str, order: Order, count: int) -> Mapping[str, Any]:
    """Share → the canonical value at its nearest rank among ``count`` values, which are at least one."""
    ranks = {share: rank(share, count) for share in QUANTILES}
    wanted = " OR ".join(f"(upto >= {position} AND upto - n < {position})" for position in set(ranks.values()))
    rows = session.execute(
        f"SELECT v, upto FROM (SELECT v, n, sum(n) OVER (ORDER BY {order.key} ROWS UNBOUNDED PRECEDING) AS upto"
        f" FROM {freq}) WHERE {wanted} ORDER BY upto"
    ).fetchall()
    return {share: next(v for v, upto in rows if upto >= position) for share, position in ranks.items()}
