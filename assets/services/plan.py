"""What a census has to write down: the register and the snapshot compared, before anything is written."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assets.models import Table
from assets.services.apply import Step
from scanner import model as scanner

Reason = dict[str, Any]  # {"code": of core.messages, "params": {…}}


@dataclass(slots=True)
class Plan:
    """Everything a census will write, in the order in which it writes it."""

    same: list[tuple[Table, scanner.Table]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    unreadable: list[tuple[Table, Reason]] = field(default_factory=list)  # known, but not described this time
    unknown_unreadable: list[tuple[str, Reason]] = field(default_factory=list)  # never seen: only its name is known
    gone_tables: list[UUID] = field(default_factory=list)
    gone_columns: list[UUID] = field(default_factory=list)
    listed_unreadable: list[dict[str, str]] = field(default_factory=list)
    held: bool = False

    @property
    def total(self) -> int:
        """Tables to go through, for the progress bar."""
        return len(self.same) + len(self.steps) + len(self.unreadable)


def key_of(table: Table | scanner.Table) -> str:
    """The checkpoint's key: schema and name, told apart even when they hold dots."""
    schema = table.schema_name if isinstance(table, Table) else table.schema
    return json.dumps([schema, table.name], ensure_ascii=False)
