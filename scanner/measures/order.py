"""Values in order: least, greatest, quantiles, most frequent.

Most columns sort by a plain type: numbers of up to 18 digits as DECIMAL, doubles as DOUBLE, dates as DATE or TIMESTAMP.
Where a value does not fit there (38 digits, NaN, BC, a zero date, a TIME of 800 hours), the whole column sorts by the
text key of ``scanner.where.order``, which holds any value.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.measures.frequency import Frequencies, Session, one
from scanner.model import ValueClass
from scanner.values.canonical import QUANTILES, SPECIAL_NUMBERS, rank
from scanner.where.order import duckdb_key

TOP = 20
NARROW_DIGITS = 18  # what a 64-bit integer, scaled, always holds
KEYED = "keyed"  # table of the session: v, n and k, the key
CALENDAR = "v >= '0001' AND v < ':' AND v[5] = '-'"  # no infinity, no zero date, no year before 1 or beyond 9999
# Between these numbers of values, quantiles of mostly distinct ones are selected in memory instead of sorted.
SELECT_FROM, SELECT_TO = 50_000, 5_000_000
_SPECIALS = ", ".join(f"'{text}'" for text in SPECIAL_NUMBERS)


@dataclass(frozen=True, slots=True)
class Order:
    """A relation of the session with ``v``, ``n`` and a column or expression ``key`` by which the values sort."""

    relation: str
    key: str = "v"
    typed: bool = False  # the key is a number, date or timestamp of DuckDB that holds every value exactly
    specials: tuple[str, ...] = ()  # numbers only: which of NaN, Infinity, -Infinity occur


def order_of(session: Session, freq: str, value_class: ValueClass) -> Order:
    """The cheapest exact order of the values of a frequency table."""
    if value_class is ValueClass.FLOAT:
        _key_by(session, freq, "CAST(v AS DOUBLE)")
        return Order(KEYED, "k", typed=True, specials=_specials(session, freq))
    if value_class.is_number:
        return _number_order(session, freq)
    if value_class is ValueClass.TIME:
        (regular,) = one(session, f"SELECT coalesce(bool_and(v[3] = ':' AND v >= '0'), true) FROM {freq}")
        return Order(freq) if regular else _text_order(session, freq, value_class)
    if value_class.is_temporal:
        return _date_order(session, freq, value_class)
    return Order(freq)


def _key_by(session: Session, freq: str, key: str) -> None:
    session.execute(f"CREATE OR REPLACE TABLE {KEYED} AS SELECT v, n, {key} AS k FROM {freq}")


def _text_order(session: Session, freq: str, value_class: ValueClass, specials: tuple[str, ...] = ()) -> Order:
    _key_by(session, freq, duckdb_key("v", value_class))
    return Order(KEYED, "k", specials=specials)


def _number_order(session: Session, freq: str) -> Order:
    whole, places, specials = one(
        session,
        "SELECT max(CASE WHEN p = 0 THEN length(v) ELSE p - 1 END), max(CASE WHEN p = 0 THEN 0 ELSE length(v) - p END),"
        f" count(*) FILTER (WHERE v IN ({_SPECIALS})) FROM (SELECT v, strpos(v, '.') AS p FROM {freq})",
    )
    if specials or (whole or 0) + (places or 0) > NARROW_DIGITS:
        return _text_order(session, freq, ValueClass.DECIMAL, _specials(session, freq) if specials else ())
    _key_by(session, freq, f"CAST(v AS DECIMAL({NARROW_DIGITS}, {places or 0}))")
    return Order(KEYED, "k", typed=True)


def _date_order(session: Session, freq: str, value_class: ValueClass) -> Order:
    wanted = "DATE" if value_class is ValueClass.DATE else "TIMESTAMP"
    text = "replace(v, '+00:00', '')" if value_class is ValueClass.TIMESTAMPTZ else "v"
    _key_by(session, freq, f"CASE WHEN {CALENDAR} THEN TRY_CAST({text} AS {wanted}) END")
    (whole,) = one(session, f"SELECT count(k) = count(*) FROM {KEYED}")
    return Order(KEYED, "k", typed=True) if whole else _text_order(session, freq, value_class)


def _specials(session: Session, freq: str) -> tuple[str, ...]:
    found = session.execute(f"SELECT v FROM {freq} WHERE v IN ({_SPECIALS}) ORDER BY v").fetchall()
    return tuple(value for (value,) in found)


def top(session: Session, order: Order, limit: int = TOP) -> list[tuple[str, int]]:
    """The most frequent values, equally frequent ones in their order."""
    return session.execute(f"SELECT v, n FROM {order.relation} ORDER BY n DESC, {order.key} LIMIT {limit}").fetchall()


def top_of(freq: Frequencies, order: Order, limit: int = TOP) -> list[tuple[str, int]]:
    """The same of a plain relation: the values that repeat, then the first of those that stand alone."""
    found = top(freq.session, Order(freq.repeated), limit)
    if len(found) < limit:
        alone = freq.session.execute(
            f"SELECT v FROM {freq.name} ANTI JOIN {freq.repeated} USING (v) ORDER BY v LIMIT {limit - len(found)}"
        )
        found += [(value, 1) for (value,) in alone.fetchall()]
    return found


def extremes(session: Session, order: Order) -> tuple[str | None, str | None]:
    """The least and the greatest value."""
    low, high = one(session, f"SELECT arg_min(v, {order.key}), arg_max(v, {order.key}) FROM {order.relation}")
    return low, high


def quantiles(session: Session, order: Order, count: int, distinct: int) -> Mapping[str, str]:
    """Share → the canonical value at its nearest rank among ``count`` values, which are at least one."""
    if order.typed and distinct > SELECT_FROM and count <= min(4 * distinct, SELECT_TO):
        return _selected_quantiles(session, order)
    ranks = {share: rank(share, count) for share in QUANTILES}
    wanted = " OR ".join(f"(upto >= {position} AND upto - n < {position})" for position in set(ranks.values()))
    rows = session.execute(
        f"SELECT v, upto FROM (SELECT v, n, sum(n) OVER (ORDER BY {order.key} ROWS UNBOUNDED PRECEDING) AS upto"
        f" FROM {order.relation}) WHERE {wanted} ORDER BY upto"
    ).fetchall()
    return {share: next(v for v, upto in rows if upto >= position) for share, position in ranks.items()}


def _selected_quantiles(session: Session, order: Order) -> Mapping[str, str]:
    """The same without sorting: each value is repeated as often as it occurs, and the places are selected among them."""
    shares = ", ".join(QUANTILES)  # decimal constants: the rank is reckoned exactly
    rows = session.execute(
        f"WITH found AS (SELECT quantile_disc(k, [{shares}]) AS ks FROM (SELECT k, unnest(range(n)) FROM {order.relation}))"
        " SELECT v FROM (SELECT unnest(ks) AS k, generate_subscripts(ks, 1) AS place FROM found)"
        f" JOIN {order.relation} USING (k) ORDER BY place"
    ).fetchall()
    return {share: v for share, (v,) in zip(QUANTILES, rows, strict=True)}
