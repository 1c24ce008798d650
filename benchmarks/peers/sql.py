"""Conditions in PostgreSQL's SQL for the rules that the peers have no kind of their own for, as their users write them.

Each is true for a row that fails, and not true where the value is null.
"""

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_ID_SUM = " + ".join(f"substr(sfzh, {place}, 1)::int * {weight}" for place, weight in enumerate(ID_WEIGHTS, 1))
_CODE_SUM = " + ".join(
    f"(strpos('{ALPHABET}', substr(gzdw, {place}, 1)) - 1) * {pow(3, place - 1, 31)}" for place in range(1, 18)
)


def is_day(text: str) -> str:
    """Whether the text is a day of the calendar as YYYYMMDD, on every version (`pg_input_is_valid` came with 16)."""
    year, month, day = (f"substr({text}, {start}, {length})::int" for start, length in ((1, 4), (5, 2), (7, 2)))
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))::int"
    last = (
        f"CASE {month} WHEN 2 THEN 28 + {leap} WHEN 4 THEN 30 WHEN 6 THEN 30 WHEN 9 THEN 30 WHEN 11 THEN 30 ELSE 31 END"
    )
    form = "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
    return f"CASE WHEN {text} ~ '{form}' THEN {day} <= {last} ELSE {text} IS NULL END"


NO_DAY = f"NOT ({is_day('csrq')})"
WRONG = {
    "check-sfzh": f"""CASE WHEN sfzh ~ '^[0-9]{{17}}[0-9X]$' AND {is_day("substr(sfzh, 7, 8)")}
        THEN substr('10X98765432', ({_ID_SUM}) % 11 + 1, 1) <> right(sfzh, 1) ELSE sfzh IS NOT NULL END""",
    "check-gzdw": f"""CASE WHEN gzdw ~ '^[{ALPHABET}]{{18}}$'
        THEN ({_CODE_SUM} + strpos('{ALPHABET}', right(gzdw, 1)) - 1) % 31 <> 0 ELSE gzdw IS NOT NULL END""",
    "date-csrq": NO_DAY,
    "date-csrq-female": f"xb = '2' AND {NO_DAY}",
    "range-djrq": "djrq NOT BETWEEN '1949-10-01' AND '2030-12-31'",
    "range-gxsj": "gxsj NOT BETWEEN '2000-01-01' AND '2030-12-31'",
}
