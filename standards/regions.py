"""GB/T 2260 regions of every year since 1980, from the table that python-stdnum maintains: code, name, first and last year."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

REFERENCE = "GB/T 2260"
_LINE = re.compile(r'^(?P<indent> *)(?P<code>\d{2,4}) (?:province|county)="(?P<names>[^"]+)"')
_NAME = re.compile(r"(?:\[(?P<since>\d{4})?-(?P<until>\d{4})?\])?(?P<name>.+)")


class Region(NamedTuple):
    """``since`` and ``until`` are the first and the last year in which the code held, both included. None: open."""

    code: str
    name: str
    since: int | None
    until: int | None

    @property
    def parent(self) -> str:
        """The code of the next higher region, "" for a province."""
        if self.code.endswith("0000"):
            return ""
        return f"{self.code[:2]}0000" if self.code.endswith("00") else f"{self.code[:4]}00"


@cache
def regions() -> tuple[Region, ...]:
    """All regions, in the order of their codes; a code that changed its name or was reused has several rows."""
    found: list[Region] = []
    province = ""
    for line in files("stdnum.cn").joinpath("loc.dat").read_text(encoding="utf-8").splitlines():
        told = _LINE.match(line)
        if told is None:
            continue
        if not told["indent"]:
            province = told["code"]
            continue
        for part in told["names"].split(","):
            name = _NAME.fullmatch(part)
            if name:
                since, until = (int(year) if year else None for year in (name["since"], name["until"]))
                if since and until and until < since:  # a slip of the table
                    continue
                found.append(Region(province + told["code"], name["name"], since, until))
    return tuple(found)
