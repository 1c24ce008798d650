"""What is wrong in the population: planted in rows that have no other fault, so every rule's failures are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.data.codes import USCC_ALPHABET, with_uscc_check
from benchmarks.data.population import MINOR, SEED, UNEMPLOYED, WORKER, statuses
from benchmarks.data.rules import EARNERS, MINORS, rules

Values = list[Any]
Truth = dict[str, dict[str, int]]  # rule → {"evaluated": rows, "failed": rows}


@dataclass(frozen=True, slots=True)
class Fault:
    """Rows of people of one status in which `columns` are changed; each such row breaks each rule of `breaks`."""

    per_million: int
    columns: tuple[str, ...]
    change: Callable[[Values], Values]
    breaks: tuple[str, ...]
    status: int = WORKER


def _each(change: Callable[[Any], Any]) -> Callable[[Values], Values]:
    return lambda values: [change(value) for value in values]


def _null(values: Values) -> Values:
    return [None] * len(values)


def _pairs(values: Values) -> Values:
    """The second half says what the first half says."""
    half = len(values) // 2
    return values[:half] * 2


def _wrong_check(code: str) -> str:
    return code[:-1] + USCC_ALPHABET[(USCC_ALPHABET.index(code[-1]) + 1) % 31]


# A change must not make two values alike that were not: uniqueness is counted too.
FAULTS = (
    Fault(1200, ("sfzh",), _null, ("not-null-sfzh",)),
    Fault(800, ("sfzh",), _each(lambda v: v[:17] + ("0" if v[17] == "X" else str((int(v[17]) + 1) % 10))), ("check-sfzh",)),
    Fault(600, ("sfzh",), _each(lambda v: v[:6] + v[8:17]), ("form-sfzh", "check-sfzh", "length-sfzh")),  # the old 15 digits
    Fault(300, ("sfzh",), _each(lambda v: v[:17] + "x"), ("form-sfzh", "check-sfzh")),
    Fault(200, ("sfzh",), _each(lambda v: v[:10] + str(int(v[10:12]) + 12) + v[12:]), ("form-sfzh", "check-sfzh")),  # month 13 to 24
    Fault(400, ("sfzh",), _pairs, ("unique-sfzh",)),
    Fault(700, ("xm",), _null, ("not-null-xm",)),
    Fault(600, ("xm",), _each(lambda v: v + "1"), ("form-xm",)),
    Fault(200, ("xm",), _each(lambda v: v * 8), ("form-xm", "length-xm")),
    Fault(300, ("xm", "dz"), _pairs, ("unique-xm-dz",)),
    Fault(500, ("xb",), _null, ("not-null-xb",)),
    Fault(700, ("xb",), _each(lambda _: "3"), ("set-xb",)),
    Fault(900, ("mz",), _null, ("not-null-mz",)),
    Fault(400, ("mz",), _each(lambda _: "57"), ("set-mz",)),
    Fault(300, ("mz",), _each(lambda _: "汉族"), ("set-mz",)),
    Fault(1100, ("csrq",), _null, ("not-null-csrq",)),
    Fault(650, ("csrq",), _each(lambda v: v[:4] + "0230"), ("date-csrq",)),
    Fault(350, ("csrq",), _each(lambda v: f"{v[:4]}-{v[4:6]}-{v[6:]}"), ("date-csrq",)),
    Fault(300, ("xzqh",), _null, ("not-null-xzqh",)),
    Fault(450, ("xzqh",), _each(lambda _: "339999"), ("known-xzqh",)),
    Fault(250, ("xzqh",), _each(lambda v: v[:4]), ("form-xzqh", "known-xzqh")),
    Fault(1500, ("dz",), _null, ("not-null-dz",)),
    Fault(500, ("dz",), lambda values: [f"{place:04x}" for place in range(len(values))], ("length-dz",)),
    Fault(2000, ("lxdh",), _null, ("not-null-lxdh",)),
    Fault(900, ("lxdh",), _each(lambda v: f"0571-8{v[-7:]}"), ("form-lxdh", "length-lxdh")),
    Fault(300, ("lxdh",), _each(lambda v: v + "0"), ("form-lxdh", "length-lxdh")),
    Fault(300, ("lxdh",), _each(lambda v: "2" + v[1:]), ("form-lxdh",)),
    Fault(800, ("hyzk",), _each(lambda _: "99"), ("set-hyzk",)),
    Fault(450, ("hyzk",), _each(lambda _: "20"), ("set-hyzk-minor",), MINOR),
    Fault(350, ("xl",), _each(lambda _: "00"), ("set-xl",)),
    Fault(500, ("gzdw",), _each(lambda v: with_uscc_check("92" + v[2:17])), ("known-gzdw",)),
    Fault(600, ("gzdw",), _each(_wrong_check), ("check-gzdw", "known-gzdw")),
    Fault(250, ("gzdw",), _each(lambda v: v[:15]), ("form-gzdw", "check-gzdw", "length-gzdw", "known-gzdw")),
    Fault(150, ("gzdw",), _each(str.lower), ("form-gzdw", "check-gzdw", "known-gzdw")),
    Fault(350, ("sr",), _each(lambda _: -100), ("range-sr",)),
    Fault(250, ("sr",), _each(lambda _: 999_999_999_900), ("range-sr",)),
    Fault(550, ("sr",), _each(lambda _: 15_000_000), ("not-null-gzdw-earner",), UNEMPLOYED),
    Fault(400, ("djrq",), _each(lambda _: -25_567), ("range-djrq",)),  # 1900-01-01
    Fault(200, ("gxsj",), _null, ("not-null-gxsj",)),
    Fault(300, ("gxsj",), _each(lambda _: 0), ("range-gxsj",)),
)  # fmt: skip


def plant(columns: dict[str, pa.Array]) -> Truth:
    """Put the faults into the columns, in place; what every rule must therefore find."""
    rows = len(columns["id"])
    female = pc.equal(columns["xb"], "2").to_numpy(zero_copy_only=False)
    failed = {rule["id"]: 0 for rule in rules(rows)}
    rng = np.random.default_rng(SEED + 1)
    status = statuses(rows)
    pools = {kind: rng.permutation(np.flatnonzero(status[:-1] == kind)) for kind in (MINOR, UNEMPLOYED, WORKER)}
    for fault in FAULTS:
        count = 2 * max(1, round(fault.per_million * rows / 2_000_000))
        chosen, pools[fault.status] = pools[fault.status][:count], pools[fault.status][count:]
        if len(chosen) < count:
            raise ValueError(f"{rows} rows are too few for the planted faults")
        for name in fault.columns:
            columns[name] = _changed(columns[name], chosen, fault.change)
        for rule in fault.breaks:
            failed[rule] += count
            if rule == "date-csrq":
                failed["date-csrq-female"] += int(female[chosen].sum())
    evaluated = _evaluated(columns)
    return {rule: {"evaluated": evaluated[rule], "failed": count} for rule, count in failed.items()}


def _changed(column: pa.Array, chosen: "np.ndarray[Any, Any]", change: Callable[[Values], Values]) -> pa.Array:
    values: Sequence[Any] = change(column.take(pa.array(chosen)).to_pylist())
    order = np.argsort(chosen)  # replacements go in the order of the rows
    mask = np.zeros(len(column), np.bool_)
    mask[chosen] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array([values[place] for place in order], column.type))


def _evaluated(columns: dict[str, pa.Array]) -> dict[str, int]:
    """How many rows each rule looks at."""
    rows = len(columns["id"])
    limits = {
        None: pa.scalar(True),
        MINORS: pc.greater_equal(columns["csrq"], "20080101"),
        EARNERS: pc.greater_equal(columns["sr"], 10_000_000),
        "xb = '2'": pc.equal(columns["xb"], "2"),
    }
    found: dict[str, int] = {}
    for rule in rules(rows):
        looked_at: Any = pc.and_(limits[rule["where"]], pa.array(np.ones(rows, np.bool_)))
        for name in () if rule["kind"] in ("not_null", "row_count") else rule["columns"]:
            looked_at = pc.and_(looked_at, pc.is_valid(columns[name]))
        found[rule["id"]] = pc.sum(looked_at).as_py() or 0
    return found
