"""Numbers of mixed storage (SQLite, workbooks) as text by value."""

import math
from decimal import Decimal


def plain(number: int | float) -> str:
    """A number by value without an exponent: 1.0 and 1 are one value, 1e20 is a 1 and twenty zeros."""
    if isinstance(number, float):
        if math.isinf(number):
            return "Infinity" if number > 0 else "-Infinity"
        if not number.is_integer():
            text = repr(number)
            return text if "e" not in text else format(Decimal(text), "f")
        return str(int(number)) if abs(number) < 2**53 else format(Decimal(repr(number)), "f").removesuffix(".0")
    return str(number)
