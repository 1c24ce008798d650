"""The push plan: the source is asked for aggregates instead of rows, with the same answers as the pull plan.

For policy that keeps rows where they are, and for engines that spread over machines. ``tests/contracts`` holds both
plans against each other and against plain Python, over every value class, measure and kind of rule.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from scanner.connectors.base import Connector
from scanner.loading import open_session
from scanner.model import Reading, Rule, Table
from scanner.push.reading import Push

__all__ = ["run"]


def run(
    connector: Connector,
    table: Table,
    *,
    profile: bool,
    rules: Sequence[Rule],
    now: datetime,
    tz: tzinfo,
    sketch_key: bytes | None,
    should_stop: Callable[[], None],
) -> Reading:
    """As ``scanner.reading.read_table``, whose docstring has the arguments; raises SourceError."""
    with open_session() as session:
        return Push(session, connector, table, now, tz, should_stop).read(profile, rules, sketch_key)
