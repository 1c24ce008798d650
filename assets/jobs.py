"""Background work of assets: each handler calls one service. Only a worker loads the engine that reads sources."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.jobs import JobContext, JobKind, register

Results = Callable[[], dict[str, Any]]


def handle_test(context: JobContext) -> Results:
    from assets.services import census  # slow import

    return census.check_source(context)


def handle_census(context: JobContext) -> Results:
    from assets.services import census  # slow import

    return census.run_census(context)


def handle_scan(context: JobContext) -> Results:
    from assets.services import scan  # slow import

    return scan.run_scan(context)


TEST = JobKind(
    kind="assets.test_source",
    label=_("测试连接"),
    handler=handle_test,
    max_attempt=2,
    time_limit=180,
    verb="source.manage",
)
CENSUS = JobKind(kind="assets.census", label=_("盘点"), handler=handle_census, verb="census.run")
SCAN = JobKind(kind="assets.scan", label=_("扫描"), handler=handle_scan, verb="scan.run")


def register_kinds() -> None:
    for kind in (TEST, CENSUS, SCAN):
        register(kind)
