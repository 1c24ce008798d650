"""Background work of genes: each handler calls one service. Only a worker loads the engine."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.jobs import JobContext, JobKind, register

Results = Callable[[], dict[str, Any]]


def handle_match(context: JobContext) -> Results:
    from genes.services import matching, relating  # slow import

    results = matching.run_matching(context)

    def end() -> dict[str, Any]:
        relating.request_relating()
        return results()  # type: ignore[no-any-return]

    return end


def handle_relate(context: JobContext) -> Results:
    from genes.services import relating  # slow import

    return relating.run_relating(context)  # type: ignore[no-any-return]


RELATE = JobKind(kind="genes.relate", label=_("同源与关联计算"), handler=handle_relate, verb="gene.decide")


def handle_policy(context: JobContext) -> Results:
    from genes.filters import narrowed  # slow import
    from genes.services import policy  # slow import

    return policy.run_policy(context, narrowed)  # type: ignore[no-any-return]


POLICY = JobKind(kind="genes.policy", label=_("按策略确认或撤销"), handler=handle_policy, verb="gene.decide")
MATCH = JobKind(kind="genes.match", label=_("对标识别"), handler=handle_match, verb="gene.decide")


def register_kinds() -> None:
    register(MATCH)
    register(RELATE)
    register(POLICY)
