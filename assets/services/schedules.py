"""The schedules of a source follow its cron texts and its state."""

from accounts.models import Person
from assets.choices import SourceState
from assets.models import DataSource
from core import audit, jobs
from core.models import Schedule


def exclusive_key(source: DataSource) -> str:
    """Census and scan of one source never run at the same time."""
    return f"assets.source:{source.pk}"


def keep(source: DataSource, actor: Person | None) -> None:
    """Set, change or remove the schedules of ``source``. Raises core.jobs.NotACronText."""
    target = audit.target_of(source)
    wanted = {"assets.census": source.census_cron, "assets.scan": source.scan_cron}
    present = {item.kind: item for item in Schedule.objects.filter(target=target, kind__in=wanted)}
    for kind, cron in wanted.items():
        there = present.get(kind)
        if not cron or source.state == SourceState.REMOVED:
            if there:
                jobs.unschedule(actor=actor, kind=kind, target=target)
        elif there is None or (there.cron, there.enabled, there.target_label) != (cron, source.is_active, source.name):
            jobs.schedule(
                actor=actor, kind=kind, target=target, cron=cron, params={"source": str(source.pk)},
                target_label=source.name, scope_id=source.agency_id, exclusive_key=exclusive_key(source),
                url=source.get_absolute_url(), enabled=source.is_active,
            )  # fmt: skip
