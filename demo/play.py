"""What the city's stewards do on their first day: census every source, scan it, accept what
the profiles and the matching propose, scan again.

Each step is a job that the workers do; this only asks for the next one when the last has ended, so it may be stopped
and run again at any time. It ends when every source has its second scan or has failed.
"""

import time
from collections.abc import Callable
from uuid import UUID

from accounts.choices import Role
from accounts.models import Person
from accounts.scope import visible_to
from assets.choices import SourceState
from assets.models import DataSource
from assets.services.requests import request_census, request_scan
from core.choices import OPEN_STATES, JobState
from core.models import Job
from demo.history import backdate
from demo.register import CITY_PEOPLE
from genes.choices import Zone
from genes.selectors.queue import queue_visible_to
from genes.services.decisions import BULK, accept_many
from quality.models import Rule
from quality.selectors import open_proposals
from quality.services.proposals import accept_proposals

PAUSE = 2.0  # seconds between two looks
OBVIOUS = (
    "not_null",
    "unique",
    "in_set",
    "matches",
    "date_format",
    "checksum",
    "between",
)  # kinds a steward accepts at sight


def play(say: Callable[[str], None]) -> bool:
    """Bring every source through the steps, saying what happens; whether all came through.

    A job that failed in an earlier run is asked for once more.
    """
    sources = list(DataSource.objects.exclude(state=SourceState.REMOVED).select_related("agency").order_by("name"))
    told: dict[str, str] = {}
    again = {source.pk for source in sources}
    while True:
        states = {source.name: _advance(source, again) for source in sources}
        for name, state in states.items():
            if told.get(name) != state:
                say(f"  {name}: {state}")
        told = states
        if all(state.startswith(("完成", "失败")) for state in states.values()):
            break
        time.sleep(PAUSE)
    done = sum(state.startswith("完成") for state in states.values())
    say(f"{done} of {len(sources)} sources are censused, scanned and checked")
    return done == len(sources)


def _advance(source: DataSource, again: set[UUID]) -> str:
    """Ask for the next step of a source when nothing of it is running; says where it stands."""
    jobs = list(Job.objects.filter(params__source=str(source.pk)).order_by("-created_at"))
    running = next((job for job in jobs if job.state in OPEN_STATES), None)
    if running is not None:
        return str(running.label)
    steward = _steward(source)
    if not any(job.kind == "assets.census" for job in jobs):
        request_census(actor=steward, source=source)
        return "排队盘点"
    if jobs[0].state != JobState.SUCCEEDED:
        if source.pk in again:
            again.discard(source.pk)
            request = request_census if jobs[0].kind == "assets.census" else request_scan
            request(actor=steward, source=source)
            return "重新执行"
        return f"失败：{jobs[0].error_text}"
    if not any(job.kind == "assets.scan" for job in jobs):
        request_scan(actor=steward, source=source)
        return "排队扫描"
    if not Rule.objects.filter(table__source=source).exists() and _accept(steward, source):
        request_scan(actor=steward, source=source)
        return "排队检查"
    backdate(source)
    return "完成"


def _accept(steward: Person, source: DataSource) -> bool:
    """The obvious rules, and the elements of which the machine is sure; the rest waits in the workbench."""
    sure = queue_visible_to(steward).filter(column__source=source, column__gene__zone=Zone.AUTO)
    accept_many(actor=steward, matches=list(sure[:BULK]))
    proposals = open_proposals(steward).filter(column__source=source, kind__in=OBVIOUS)
    return bool(accept_proposals(actor=steward, proposals=list(proposals)))


def _steward(source: DataSource) -> Person:
    """The steward of the source's own agency, else the city's."""
    own = Person.objects.filter(agency=source.agency, grants__role=Role.STEWARD).first()
    steward = own or Person.objects.get(username=CITY_PEOPLE[0][0])
    assert visible_to(steward, DataSource.objects.filter(pk=source.pk)).exists()
    return steward
