"""Plants faults into clean columns and counts, rule by rule, how many rows break it.

Each fault takes rows of its own. The counts come from naive predicates over the finished column, not from the
scanner, so that ``truth.json`` can prove the scanner right or wrong.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from demo.population import citizen_check, luhn_check, org_check, uscc_check
from demo.spec import ColumnSpec

SCHEMES = {"citizen": "citizen_id", "legalid": "citizen_id", "uscc": "uscc", "orgcode": "org_code", "bank": "luhn"}
FORMATS = {
    "%Y%m%d": "YYYYMMDD", "%Y-%m-%d": "YYYY-MM-DD", "%Y/%m/%d": "YYYY/MM/DD", "%Y.%m.%d": "YYYY.MM.DD",
    "%Y年%m月%d日": "YYYY年MM月DD日",
}  # fmt: skip
MOBILE = r"^1[3-9]\d{9}$"
NOT_BLANK = r"[^\s\x{3000}]"


@dataclass(frozen=True)
class Fault:
    """A fault of one column as the rule that finds it."""

    column: str
    kind: str
    parameters: dict[str, Any]
    breaks: Callable[[Any], bool] | None  # None: judged on the whole column


def plant(column: ColumnSpec, values: list[Any], rng: Random) -> list[Fault]:
    """Spoils ``values`` in place as the column's specification asks."""
    free = list(range(len(values)))
    rng.shuffle(free)
    found = []
    for name, count in column.faults.items():
        rows = [free.pop() for _ in range(count)]
        if name == "dup":  # a twin is taken too: no value occurs three times
            for row in rows:
                values[row] = values[free.pop()]
            found.append(Fault(column.name, "unique", {}, None))
        else:
            found.append(FAULTS[name](column, values, rows))
    return found


def count_failed(fault: Fault, values: list[Any]) -> int:
    """Rows that break the rule, nulls left out except by not_null."""
    if fault.kind == "not_null":
        return sum(value is None for value in values)
    present = [value for value in values if value is not None]
    if fault.breaks is None:
        return sum(count for count in Counter(present).values() if count > 1)
    return sum(map(fault.breaks, present))


def _null(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    for row in rows:
        values[row] = None
    return Fault(column.name, "not_null", {}, None)


def _blank(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    for i, row in enumerate(rows):
        values[row] = (" ", "  ", "\u3000")[i % 3]
    return Fault(column.name, "matches", {"pattern": NOT_BLANK}, lambda value: not value.strip())


def _check(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    for row in rows:
        last = values[row][-1]
        values[row] = values[row][:-1] + ("1" if last != "1" else "2")
    scheme = SCHEMES[column.generator.partition(":")[0]]
    check = {"citizen_id": citizen_check, "uscc": uscc_check, "org_code": org_check, "luhn": luhn_check}[scheme]
    return Fault(column.name, "checksum", {"scheme": scheme}, lambda value: check(value[:-1]) != value[-1])


def _code(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    allowed = sorted({value for value in values if value is not None})
    width = int("".join(filter(str.isdigit, column.type)) or 9)
    for i, row in enumerate(rows):
        values[row] = ("未知", "无", "-")[i % 3][:width]
    return Fault(column.name, "in_set", {"values": allowed}, lambda value: value not in allowed)


def _date(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    form = column.generator.rpartition(",")[2].rpartition(":")[2].replace("mixed", "%Y-%m-%d")
    real = datetime(2025, 1, 1).strftime(form)
    for i, row in enumerate(rows):
        values[row] = real.replace("01", "13", 1) if i % 2 else real.replace("2025", "0000")
    return Fault(column.name, "date_format", {"format": FORMATS[form]}, lambda value: not _is_date(value, form))


def _is_date(value: str, form: str) -> bool:
    try:
        return datetime.strptime(value, form).strftime(form) == value
    except ValueError:
        return False


def _range(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    for row in rows:
        values[row] = -abs(values[row]) - 1
    return Fault(column.name, "between", {"min": 0}, lambda value: value < 0)


def _phone(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    for i, row in enumerate(rows):
        values[row] = values[row][:-1] if i % 2 else "0580-" + values[row][:7]
    return Fault(
        column.name, "matches", {"pattern": MOBILE},
        lambda value: not (len(value) == 11 and value.isdigit() and value[0] == "1" and value[1] in "3456789"),
    )  # fmt: skip


def _orphan(column: ColumnSpec, values: list[Any], rows: list[int]) -> Fault:
    table, _, key = column.generator.removeprefix("ref:").rpartition(".")
    for i, row in enumerate(rows):
        values[row] = 900_000_000 + i if isinstance(values[row], int) else f"ZZ{i:04d}"
    orphans = {values[row] for row in rows}
    return Fault(column.name, "reference", {"table": table, "columns": [key]}, lambda value: value in orphans)


FAULTS: dict[str, Callable[[ColumnSpec, list[Any], list[int]], Fault]] = {
    "null": _null, "blank": _blank, "check": _check, "code": _code, "date": _date,
    "range": _range, "phone": _phone, "orphan": _orphan,
}  # fmt: skip
