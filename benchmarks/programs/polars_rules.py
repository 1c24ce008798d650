"""`FOLDER`: the 40 rules written by hand in polars, as somebody who knows it would; printed as `python -m scanner check` prints.

One lazy plan, so that polars reads each column once and shares what is common. Nothing here comes from the scanner.
"""

import json
import sys
from collections.abc import Iterator

import polars as pl

from benchmarks.data import rules

folder = sys.argv[1]
people = pl.scan_parquet(f"{folder}/population.parquet")
regions = pl.scan_parquet(f"{folder}/region.parquet").collect().to_series()
firms = pl.scan_parquet(f"{folder}/enterprise.parquet").collect().to_series()
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
col = pl.col


def id_is_wrong() -> pl.Expr:
    """GB 11643: 17 digits, a real day of birth, a check character."""
    body = col("sfzh").str.slice(0, 17).str.to_integer(strict=False, dtype=pl.Int64)
    total = pl.sum_horizontal((body // 10 ** (16 - place) % 10) * weight for place, weight in enumerate(ID_WEIGHTS))
    check = pl.lit("10X98765432").str.slice(total % 11, 1)
    born = col("sfzh").str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    right = col("sfzh").str.contains("^[0-9]{17}[0-9X]$") & born.is_not_null() & (col("sfzh").str.slice(17) == check)
    return right.fill_null(False).not_()


def code_is_wrong() -> pl.Expr:
    """GB 32100: 18 characters of the alphabet, the last of them a check character."""
    characters = list(ALPHABET)
    values = [
        col("gzdw").str.slice(place, 1).replace_strict(characters, range(31), default=None, return_dtype=pl.Int32)
        for place in range(18)
    ]
    total = pl.sum_horizontal(
        (value * pow(3, place, 31) for place, value in enumerate(values[:17])), ignore_nulls=False
    )
    right = (col("gzdw").str.len_bytes() == 18) & ((total + values[17]) % 31 == 0)
    return right.fill_null(False).not_()


def is_no_day(name: str) -> pl.Expr:
    right = (col(name).str.len_bytes() == 8) & col(name).str.to_date("%Y%m%d", strict=False).is_not_null()
    return right.not_()


def checks() -> Iterator[tuple[str, list[str], pl.Expr, pl.Expr]]:
    """Rule, columns that must not be null, which rows it looks at, which of them fail."""
    everyone = pl.lit(True)
    minor, earner, woman = col("csrq") >= "20080101", col("sr") >= 100_000, col("xb") == "2"
    for name in rules.NOT_NULL:
        yield f"not-null-{name}", [], everyone, col(name).is_null()
    yield "not-null-gzdw-earner", [], earner, col("gzdw").is_null()
    for name in ("id", "sfzh"):
        yield f"unique-{name}", [name], everyone, col(name).is_duplicated()
    yield "unique-xm-dz", ["xm", "dz"], everyone, pl.struct("xm", "dz").is_duplicated()
    for name, pattern in (
        ("sfzh", rules.ID_PATTERN), ("xm", rules.NAME_PATTERN), ("lxdh", rules.PHONE_PATTERN),
        ("xzqh", rules.REGION_PATTERN), ("gzdw", rules.CODE_PATTERN),
    ):  # fmt: skip
        yield f"form-{name}", [name], everyone, col(name).str.contains(pattern).not_()
    yield "check-sfzh", ["sfzh"], everyone, id_is_wrong()
    yield "check-gzdw", ["gzdw"], everyone, code_is_wrong()
    for name, values in (("xb", rules.SEXES), ("mz", rules.NATIONS), ("hyzk", rules.MARRIAGES), ("xl", rules.SCHOOLS)):
        yield f"set-{name}", [name], everyone, col(name).is_in(list(values)).not_()
    yield "set-hyzk-minor", ["hyzk"], minor, col("hyzk") != "10"
    yield "known-xzqh", ["xzqh"], everyone, col("xzqh").is_in(regions.implode()).not_()
    yield "known-gzdw", ["gzdw"], everyone, col("gzdw").is_in(firms.implode()).not_()
    yield "range-sr", ["sr"], everyone, col("sr").is_between(0, 10_000_000).not_()
    yield "range-djrq", ["djrq"], everyone, col("djrq").is_between(pl.date(1949, 10, 1), pl.date(2030, 12, 31)).not_()
    yield (
        "range-gxsj",
        ["gxsj"],
        everyone,
        col("gxsj").is_between(pl.datetime(2000, 1, 1), pl.datetime(2030, 12, 31)).not_(),
    )
    for name, low, high in (("sfzh", 18, 18), ("xm", 2, 15), ("dz", 5, 100), ("lxdh", 11, 11), ("gzdw", 18, 18)):
        yield f"length-{name}", [name], everyone, col(name).str.len_chars().is_between(low, high).not_()
    yield "date-csrq", ["csrq"], everyone, is_no_day("csrq")
    yield "date-csrq-female", ["csrq"], woman, is_no_day("csrq")


asked: list[pl.Expr] = [pl.len().alias("rows"), col("gxsj").max().alias("newest"), col("gxsj").count().alias("dated")]
for rule, needed, looked_at, fails in checks():
    for name in needed:
        looked_at = looked_at & col(name).is_not_null()
    asked.append(
        (looked_at & pl.lit(True)).sum().alias(f"{rule} evaluated")
        if needed or rule.endswith("earner")
        else pl.len().alias(f"{rule} evaluated")
    )
    asked.append((looked_at & fails).sum().alias(f"{rule} failed"))
found = people.select(asked).collect().row(0, named=True)
results = [
    {"id": rule, "evaluated": found[f"{rule} evaluated"], "failed": found[f"{rule} failed"], "error": None}
    for rule, *_ in checks()
]
results.append({"id": "fresh-gxsj", "evaluated": found["dated"], "failed": int(found["newest"] is None), "error": None})
results.append({"id": "rows", "evaluated": found["rows"], "failed": 0, "error": None})
print(json.dumps({"results": results}))
