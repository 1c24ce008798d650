"""How canonical values compare: in Python, and as a sort key of text in DuckDB.

Text compares by code point. Numbers compare by value, ``-Infinity < … < Infinity < NaN``. Dates and times compare
by time, the zero date lowest of its kind. Integers and decimals have no limit of digits here, which no numeric
type of an engine could hold: their DuckDB key is text that sorts as the numbers do (``lengths before digits``).
"""

from decimal import Decimal

from scanner.model import ValueClass

_DIGITS, _COMPLEMENT = "0123456789", "9876543210"
_TO_COMPLEMENT = str.maketrans(_DIGITS, _COMPLEMENT)


def comparison_key(canonical: str, value_class: ValueClass) -> float | str | tuple[int, Decimal]:
    """A key by which Python compares two canonical values of one class, and by which equal values are equal."""
    if value_class is ValueClass.FLOAT:
        number = float(canonical)
        return (1, Decimal(0)) if number != number else (0, Decimal(number))
    if value_class.is_number:
        return (1, Decimal(0)) if canonical == "NaN" else (0, Decimal(canonical))
    return text_key(canonical, value_class)


def text_key(canonical: str, value_class: ValueClass) -> str:
    """Text that sorts, byte by byte, as the values of the class do: the same as ``duckdb_key`` computes."""
    if value_class.is_number:
        return _number_key(canonical)
    if value_class is ValueClass.TIME:
        return _time_key(canonical)
    if value_class.is_temporal:
        return _date_key(canonical)
    return canonical


def duckdb_key(expression: str, value_class: ValueClass) -> str:
    """The DuckDB expression of ``text_key`` over an expression of canonical text; null stays null."""
    if value_class.is_number:
        return _signed_key(expression, separator=".")
    if value_class is ValueClass.TIME:
        return _signed_key(expression, separator=":")
    if value_class.is_temporal:
        return _dated_key(expression)
    return expression


def _number_key(text: str) -> str:
    special = {"-Infinity": "0", "Infinity": "2", "NaN": "3"}.get(text)
    return special if special is not None else _signed(text, ".")


def _time_key(text: str) -> str:
    return _signed(text, ":")  # MySQL's TIME has a sign and up to three digits of hours


def _signed(text: str, separator: str) -> str:
    head = text.removeprefix("-").partition(separator)[0]
    if not text.startswith("-"):
        return f"1{len(head):06d}{text}"
    # of two negative numbers the longer is the smaller, hence the complement and the high last character
    return "0" + (f"{len(head):06d}" + text[1:]).translate(_TO_COMPLEMENT) + "~"


def _signed_key(x: str, separator: str) -> str:
    head = f"length(split_part(ltrim({x}, '-'), '{separator}', 1))::VARCHAR"
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN {x} = '-Infinity' THEN '0' WHEN {x} = 'Infinity' THEN '2' "
        f"WHEN {x} = 'NaN' THEN '3' WHEN {x}[1] = '-' "
        f"THEN '0' || translate(lpad({head}, 6, '0') || substr({x}, 2), '{_DIGITS}', '{_COMPLEMENT}') || '~' "
        f"ELSE '1' || lpad({head}, 6, '0') || {x} END"
    )


def _date_key(text: str) -> str:
    special = {"-Infinity": "0", "Infinity": "2"}.get(text)
    if special is not None:
        return special
    if text.startswith("0000-00-00"):
        return ""
    year, _, rest = text.removeprefix("-").partition("-")
    if not text.startswith("-"):
        return f"1{len(year):02d}{year}-{rest}"
    # before Christ the years run backwards, the months within a year do not
    return "0" + f"{len(year):02d}{year}".translate(_TO_COMPLEMENT) + f"-{rest}"


def _dated_key(x: str) -> str:
    year = f"split_part(ltrim({x}, '-'), '-', 1)"
    head = f"lpad(length({year})::VARCHAR, 2, '0') || {year}"
    rest = f"substr(ltrim({x}, '-'), length({year}) + 1)"
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN {x} = '-Infinity' THEN '0' WHEN {x} = 'Infinity' THEN '2' "
        f"WHEN starts_with({x}, '0000-00-00') THEN '' "
        f"WHEN {x}[1] = '-' THEN '0' || translate({head}, '{_DIGITS}', '{_COMPLEMENT}') || {rest} "
        f"ELSE '1' || {head} || {rest} END"
    )
