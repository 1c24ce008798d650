"""Who takes part in the one reading of a table.

assets itself profiles; a higher app (quality, genes) registers a contributor in its ``AppConfig.ready``. The
rules of all contributors go into one reading, so rule ids must be unique over the platform (primary keys are).
"""

from collections.abc import Sequence
from typing import Protocol

from assets.models import ScanRun, Table
from scanner.model import Reading, Rule


class Contributor(Protocol):
    """Answers what it wants to know of a table and keeps the answer."""

    name: str

    def rules_for(self, table: Table) -> Sequence[Rule]:
        """The rules to check on ``table`` in this reading; none is fine."""

    def store(self, *, table: Table, reading: Reading, run: ScanRun) -> None:
        """Keep the results of its own rules. Runs in the transaction of the table's checkpoint."""

    def finish(self, *, run: ScanRun) -> None:
        """All tables are through. Runs in the finishing transaction of the job."""


_contributors: dict[str, Contributor] = {}


def register(contributor: Contributor) -> None:
    """Add a contributor; a second one of the same name replaces the first."""
    _contributors[contributor.name] = contributor


def unregister(name: str) -> None:
    _contributors.pop(name, None)


def all_contributors() -> tuple[Contributor, ...]:
    """In the order of registration, which is the order of the apps."""
    return tuple(_contributors.values())
