"""Background work of genes: each handler calls one service. Only a worker loads the engine."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.jobs import JobContext, JobKind, register

Results = Callable[[], dict[str, Any]]


def handle_match(context: JobContext) -> Results:
    from genes.services import matching  # slow import

    return matching.run_matching(context)  # type: ignore[no-any-return]


MATCH = JobKind(kind="genes.match", label=_("对标识别"), handler=handle_match, verb="gene.decide")


def register_kinds() -> None:
    register(MATCH)
