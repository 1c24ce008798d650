"""What the makers of rows share: some tables of one source, its random numbers, and what was made of them."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.db.models import Model

from accounts.models import Agency
from assets.models import CensusRun, Column, DataSource, ScanRun, Table, TableProfile


@dataclass(slots=True)
class Batch:
    """Some tables of one source with everything that is made of them, model by model."""

    random: Random
    day: datetime  # the morning of the day of loading
    profile_ids: Iterator[int]  # of table profiles, to which column profiles refer
    agency: Agency
    source: DataSource
    census: list[CensusRun]  # newest first
    scans: list[ScanRun]
    tables: list[Table] = field(default_factory=list)
    columns: dict[UUID, list[Column]] = field(default_factory=dict)  # by table, in order
    profiles: dict[UUID, TableProfile] = field(default_factory=dict)  # the current one, by table
    made: dict[type[Model], list[Model]] = field(default_factory=lambda: defaultdict(list))

    def add(self, *rows: Model) -> None:
        for row in rows:
            self.made[type(row)].append(row)

    def id(self) -> UUID:
        return new_id(self.random)

    def before(self, days: float) -> datetime:
        return self.day - timedelta(days=days)

    def rows(self) -> int:
        """Rows of a table: half have fewer than three thousand, one in a hundred more than a million."""
        return int(math.exp(self.random.gauss(8, 2.6)))


def new_id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
