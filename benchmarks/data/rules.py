"""The 40 rules: every kind there is, in the shares that a population register asks for. Peers get the same ones."""

import json
from collections.abc import Mapping
from typing import Any

ID_PATTERN = "^[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$"
NAME_PATTERN = "^[一-龥]{2,15}$"
PHONE_PATTERN = "^1[3-9][0-9]{9}$"
REGION_PATTERN = "^33[0-9]{4}$"
CODE_PATTERN = "^[0-9A-HJ-NP-RTUWXY]{18}$"
SEXES = ("0", "1", "2", "9")
NATIONS = tuple(f"{number:02d}" for number in range(1, 57))
MARRIAGES = ("10", "20", "21", "22", "23", "30", "40", "90")
SCHOOLS = ("10", "20", "30", "40", "50", "60", "70", "80", "90")
MINORS, EARNERS = "csrq >= '20080101'", "sr >= 100000"
NOT_NULL = ("id", "sfzh", "xm", "xb", "mz", "csrq", "xzqh", "dz", "lxdh", "gxsj")


def _rule(rule_id: str, kind: str, *columns: str, where: str | None = None, **parameters: Any) -> dict[str, Any]:
    return {"id": rule_id, "kind": kind, "columns": list(columns), "parameters": parameters, "where": where}


def rules(rows: int) -> list[dict[str, Any]]:
    """The rules on a population of so many rows, as `python -m scanner check` takes them."""
    return [
        *(_rule(f"not-null-{name}", "not_null", name) for name in NOT_NULL),
        _rule("unique-id", "unique", "id"),
        _rule("unique-sfzh", "unique", "sfzh"),
        _rule("unique-xm-dz", "compound_unique", "xm", "dz"),
        _rule("form-sfzh", "matches", "sfzh", pattern=ID_PATTERN),
        _rule("form-xm", "matches", "xm", pattern=NAME_PATTERN),
        _rule("form-lxdh", "matches", "lxdh", pattern=PHONE_PATTERN),
        _rule("form-xzqh", "matches", "xzqh", pattern=REGION_PATTERN),
        _rule("form-gzdw", "matches", "gzdw", pattern=CODE_PATTERN),
        _rule("check-sfzh", "checksum", "sfzh", scheme="citizen_id"),
        _rule("check-gzdw", "checksum", "gzdw", scheme="uscc"),
        _rule("set-xb", "in_set", "xb", values=list(SEXES)),
        _rule("set-mz", "in_set", "mz", values=list(NATIONS)),
        _rule("set-hyzk", "in_set", "hyzk", values=list(MARRIAGES)),
        _rule("set-xl", "in_set", "xl", values=list(SCHOOLS)),
        _rule("set-hyzk-minor", "in_set", "hyzk", values=["10"], where=MINORS),
        _rule("known-xzqh", "reference", "xzqh", table="region", columns=["dm"]),
        _rule("known-gzdw", "reference", "gzdw", table="enterprise", columns=["tyshxydm"]),
        _rule("range-sr", "between", "sr", min=0, max=10_000_000),
        _rule("range-djrq", "between", "djrq", min="1949-10-01", max="2030-12-31"),
        _rule("range-gxsj", "between", "gxsj", min="2000-01-01", max="2030-12-31"),
        _rule("length-sfzh", "length_between", "sfzh", min=18, max=18),
        _rule("length-xm", "length_between", "xm", min=2, max=15),
        _rule("length-dz", "length_between", "dz", min=5, max=100),
        _rule("length-lxdh", "length_between", "lxdh", min=11, max=11),
        _rule("length-gzdw", "length_between", "gzdw", min=18, max=18),
        _rule("date-csrq", "date_format", "csrq", format="YYYYMMDD"),
        _rule("date-csrq-female", "date_format", "csrq", format="YYYYMMDD", where="xb = '2'"),
        _rule("not-null-gzdw-earner", "not_null", "gzdw", where=EARNERS),
        _rule("fresh-gxsj", "freshness", "gxsj", max_age="P100Y"),
        _rule("rows", "row_count", min=rows, max=rows),
    ]


def wrong(truth: Mapping[str, Mapping[str, int]], output: bytes) -> list[str]:
    """What of the answer of `python -m scanner check` is not the truth, rule by rule."""
    results = {result["id"]: result for result in json.loads(output)["results"]}
    found = [f"{rule}: there is no result" for rule in truth.keys() - results.keys()]
    for rule, known in truth.items():
        result = results.get(rule, {})
        for what, number in known.items():
            if result and (result["error"] or result[what] != number):
                found.append(f"{rule}: {what} {result[what]} instead of {number} {result['error'] or ''}".rstrip())
    return sorted(found)
