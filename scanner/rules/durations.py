"""Lengths of time as ISO 8601 writes them: P1D, PT6H, P1Y2M, P2W."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanner.errors import said

_FORM = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,11}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    months: int  # calendar months, years included
    rest: timedelta

    def before(self, moment: datetime) -> datetime:
        """The moment this long ago; a day that the earlier month lacks becomes its last one."""
        years, month = divmod(moment.year * 12 + moment.month - 1 - self.months, 12)
        if years < 1:
            return datetime.min.replace(tzinfo=moment.tzinfo)
        day = min(moment.day, monthrange(years, month + 1)[1])
        try:
            return moment.replace(year=years, month=month + 1, day=day) - self.rest
        except OverflowError:
            return datetime.min.replace(tzinfo=moment.tzinfo)


def parse_duration(text: str) -> Duration:
    """Raises ValueError when the text is no ISO 8601 duration."""
    found = _FORM.fullmatch(text)
    if not found or text.endswith(("P", "T")):
        raise ValueError(said("is no ISO 8601 duration such as P1D, PT6H or P1M"))
    years, months, weeks, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Duration(int(years * 12 + months), rest)
