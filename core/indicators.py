"""Each number of the platform, defined once: dashboard, lists, reports, API and exports all read it here.

The invariant that tests hold: the number equals the length of the list it opens (or, with ``total``, the sum over it).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from core.texts import Text

Number = int | Decimal
Method = Literal["exact", "estimate", "sample"]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One number.

    ``queryset(user)`` is the list behind it, already limited to what the user may see; the value is its length, or
    the sum of the field ``total`` over it. ``url()`` is the page that shows that list. ``good`` says which direction is
    an improvement, None that neither is. ``personal`` marks a to-do of the user, ``overdue(user)`` those of them that
    are late. ``history(user)`` gives (day, value) pairs, oldest first, for a sparkline.
    """

    key: str
    label: Text
    queryset: Callable[[Any], QuerySet[Any]]
    url: Callable[[], str]
    unit: Text = ""
    method: Method = "exact"
    total: str | None = None
    group: str = ""
    order: int = 100
    good: Literal["up", "down"] | None = None
    personal: bool = False
    overdue: Callable[[Any], QuerySet[Any]] | None = None
    history: Callable[[Any], Sequence[tuple[date, Number]]] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator with its present value for one user; ``more``: it was counted up to there and no further."""

    indicator: Indicator
    value: Number
    overdue: int = 0
    more: bool = False


_indicators: dict[str, Indicator] = {}


def register(indicator: Indicator) -> None:
    """Raises ValueError when the key is taken."""
    if _indicators.setdefault(indicator.key, indicator) is not indicator:
        raise ValueError(f"indicator {indicator.key!r} is registered twice")


def get(key: str) -> Indicator:
    """Raises KeyError for a key nobody registered."""
    return _indicators[key]


def all_indicators(group: str | None = None, *, personal: bool | None = None) -> list[Indicator]:
    """The registered indicators in order; of one group, only to-dos, or only others, when asked."""
    found = (
        item
        for item in _indicators.values()
        if (group is None or item.group == group) and (personal is None or item.personal == personal)
    )
    return sorted(found, key=lambda item: (item.group, item.order, item.key))


def value(key: str, user: Any) -> Number:
    """The present value for this user."""
    return read([key], user)[key].value


def read(keys: Iterable[str], user: Any, *, up_to: int | None = None) -> dict[str, Reading]:
    """Present values of several indicators in ONE statement, in the order asked. Raises KeyError for an unknown key.

    Numbers over the same list are taken in one walk over it. Lists are counted ``up_to`` a number, where it is given:
    nobody works through a hundred thousand to-dos, and every page shows how many there are.
    """
    wanted = [get(key) for key in dict.fromkeys(keys)]
    late = [item for item in wanted if item.overdue]
    asked = [(item.queryset, item.total) for item in wanted] + [(item.overdue, None) for item in late if item.overdue]
    lists: dict[Any, list[str | None]] = {}
    for rows, total in asked:
        lists.setdefault(rows, []).append(total)
    if not lists:
        return {}
    parts = [_subselect(rows(user), totals, up_to) for rows, totals in lists.items()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(sql for sql, _ in parts), [value for _, given in parts for value in given])
        found = {rows: iter(numbers) for rows, numbers in zip(lists, cursor.fetchone(), strict=True)}
    numbers = [_plain(next(found[rows])) for rows, _total in asked]
    overdue = {item.key: number for item, number in zip(late, numbers[len(wanted) :], strict=True)}
    pairs = zip(wanted, numbers, strict=False)
    return {item.key: _reading(item, number, int(overdue.get(item.key, 0)), up_to) for item, number in pairs}


def _reading(item: Indicator, number: Number, overdue: int, up_to: int | None) -> Reading:
    if up_to is None or item.total or number <= up_to:
        return Reading(item, number, overdue)
    return Reading(item, up_to, min(overdue, up_to), more=True)


def personal_keys() -> set[str]:
    """Of the indicators that are to-dos."""
    return {item.key for item in all_indicators(personal=True)}


def todos(readings: Mapping[str, Reading]) -> list[Reading]:
    """Those of ``readings`` that wait for their user: the personal indicators that are not zero, in order."""
    found = (readings[item.key] for item in all_indicators(personal=True) if item.key in readings)
    return [reading for reading in found if reading.value]


def _plain(number: Decimal) -> Number:
    return int(number) if number == number.to_integral_value() else number


def _subselect(queryset: QuerySet[Any], totals: Sequence[str | None], up_to: int | None) -> tuple[str, tuple[Any, ...]]:
    """``(SELECT ARRAY[…] …)``: for each of ``totals`` the length of the list, or the sum of that field over it."""
    sums = {f"indicator_{total}": F(total) for total in totals if total}
    listed = queryset.order_by().annotate(**sums).values("pk", *sums)
    try:
        sql, params = (listed if sums or up_to is None else listed[: up_to + 1]).query.sql_with_params()
    except EmptyResultSet:  # the filters contradict each other, as for a user who may see nothing
        return f"'{{{','.join('0' for _ in totals)}}}'::numeric[]", ()
    measures = (f"coalesce(sum(listed.indicator_{total}), 0)" if total else "count(*)" for total in totals)
    return f"(SELECT ARRAY[{', '.join(measures)}]::numeric[] FROM ({sql}) listed)", tuple(params)
