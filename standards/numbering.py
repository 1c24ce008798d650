"""Identifiers for elements of tables that have none: the next free one in the manner of their domain."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standards.element_tables import Line

_NUMBERED = re.compile(r"(.{0,30}?)(\d{1,9})", re.ASCII)
FIRST = "DE"  # where a domain has no identifier yet: DE00001
DIGITS = 5


def with_codes(
    lines: Sequence["Line"], codes: Mapping[str, str], domain_of: Callable[["Line"], str]
) -> list[tuple["Line", bool]]:
    """The lines, those of sheets without any identifier with one, and whether it was given here. One that is blank among others is a fault."""
    sheets = {line.sheet for line in lines if line.values.get("code")}
    bare = [line for line in lines if line.sheet not in sheets and line.values.get("name")]
    found = next_codes([domain_of(line) for line in bare], codes, {line.values.get("code", "") for line in lines})
    given = {(line.sheet, line.line): code for line, code in zip(bare, found, strict=True)}
    return [
        (line._replace(values={"code": code, **line.values}), True) if (code := given.get((line.sheet, line.line))) else (line, False)
        for line in lines
    ]  # fmt: skip


def next_codes(wanted: Iterable[str], codes: Mapping[str, str], taken: Collection[str]) -> list[str]:
    """An identifier for each domain of ``wanted``, in their order.

    ``codes``: identifier → domain of what is registered. The commonest prefix of the domain goes on with its next number,
    as wide as its others; what is in ``taken`` is passed over.
    """
    prefixes: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, tuple[int, int]] = {FIRST: (0, DIGITS)}  # prefix → (greatest number, digits)
    for code, domain in codes.items():
        if found := _NUMBERED.fullmatch(code):
            prefix, digits = found.groups()
            prefixes[domain][prefix] += 1
            number, width = last.get(prefix, (0, 0))
            last[prefix] = max(number, int(digits)), max(width, len(digits))
    given = []
    for domain in wanted:
        counted = prefixes[domain]
        prefix = max(counted, key=lambda name: (counted[name], name)) if counted else FIRST
        number, width = last[prefix]
        code = ""
        while not code or code in codes or code in taken:
            number += 1
            code = f"{prefix}{number:0{width}d}"
        last[prefix] = number, width
        given.append(code)
    return given
