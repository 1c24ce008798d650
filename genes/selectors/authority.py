"""Authoritative sources: the candidates with their figures, the rulings, and who collects again what they hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat, Now, TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scope import agency_ids, visible_to
from assets.models import ColumnProfile
from core import workflow
from core.models import WorkflowStep
from core.workflow import Transition
from genes.choices import RulingState, Standing
from genes.models import Binding, Join, Repetition, Ruling
from genes.selectors.carrying import bound_visible_to
from standards.models import DataElement

WEIGHTS = {"completeness": 0.4, "coverage": 0.25, "freshness": 0.2, "asked": 0.15}
AUTHORED = ("draft", "submit")  # steps of a ruling whose people may not decide on it
STALE = 365  # days after which the newest date in the tables speaks no more for a source
TODAY = TruncDate(Now())  # by the database's clock, in the platform's time zone
_MOMENTS = ("date", "timestamp", "timestamptz")


@dataclass(frozen=True)
class Candidate:
    """What speaks for one agency. Figures are None where nothing was measured; ``lawful`` is the basis a person gave, if any."""

    agency_id: UUID
    agency: str
    columns: int
    lawful: str
    completeness: float | None  # of the rows of its columns
    distinct: int | None  # in its fullest column
    coverage: float | None  # of the most distinct values that any candidate has
    newest: date | None  # in the columns of days and moments of its tables
    freshness: float | None  # 1 today … 0 a year ago
    in_degree: int  # columns elsewhere that lie in its columns
    asked: float  # of the most that any candidate has

    @property
    def score(self) -> float:
        return sum(weight * (getattr(self, name) or 0) for name, weight in WEIGHTS.items())


def candidates(element: DataElement, user: Any) -> list[Candidate]:
    """The agencies whose columns carry the element, of those one may see: by law first, then by the figures."""
    bound = bound_visible_to(user).filter(element=element)
    rows = list(bound.select_related("column__source__agency", "column__gene").order_by("column_id"))
    if not rows:
        return []
    by_agency: dict[UUID, list[Binding]] = defaultdict(list)
    for row in rows:
        by_agency[row.column.source.agency_id].append(row)
    laws, newest = _laws(element), _newest(rows)
    degrees = _in_degrees(rows, user)
    distinct = {
        agency: max((_gene(row).get("distinct") or 0 for row in held), default=0) for agency, held in by_agency.items()
    }
    most, busiest = max(distinct.values(), default=0), max(degrees.values(), default=0)
    found = [
        Candidate(
            agency, held[0].column.source.agency.name, len(held), laws.get(agency, ""), _completeness(held),
            distinct[agency] or None, distinct[agency] / most if most else None, newest.get(agency), _fresh(newest.get(agency)),
            degrees.get(agency, 0), degrees.get(agency, 0) / busiest if busiest else 0.0,
        )
        for agency, held in by_agency.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.lawful, -one.score, one.agency))


def stored(found: Iterable[Candidate]) -> list[dict[str, Any]]:
    """Candidates as JSON, for the ruling that weighs them."""
    return [
        {**asdict(one), "agency_id": str(one.agency_id), "newest": one.newest and one.newest.isoformat(), "score": round(one.score, 4)}
        for one in found
    ]  # fmt: skip


def weighed(ruling: Ruling, user: Any) -> list[dict[str, Any]]:
    """The stored figures of the agencies that one may see."""
    seen = {str(pk) for pk in agency_ids(user, "data.view")}
    return [row for row in ruling.figures if row.get("agency_id") in seen]


def effective(prefix: str = "") -> Q:
    """Rulings that name the source department today; ``prefix`` leads to the ruling, as in ``ruling__``."""
    return Q(**{f"{prefix}state": RulingState.IN_FORCE}) & on_its_days(prefix)


def on_its_days(prefix: str = "") -> Q:
    """Today is one of the days of the ruling, the first and the last included."""
    lasts = Q(**{f"{prefix}valid_until": None}) | Q(**{f"{prefix}valid_until__gte": TODAY})
    return Q(**{f"{prefix}valid_from__lte": TODAY}) & lasts


_STANDING = Case(
    When(state=RulingState.IN_FORCE, valid_from__gt=TODAY, then=Value(Standing.UPCOMING)),
    When(state=RulingState.IN_FORCE, valid_until__lt=TODAY, then=Value(Standing.ENDED)),
    default="state",
    output_field=CharField(),
)


def rulings_visible_to(user: Any) -> QuerySet[Ruling]:
    """Rulings made are open to all who read data; those in work to the agency that makes them.

    With ``standing`` (Standing) and ``repeated``, the columns that collect again, of those one may see.
    """
    seen = agency_ids(user, "data.view")
    rows = visible_to(user, Ruling.objects.select_related("element__current", "agency", "holder", "proposed_by"))
    public = Q(state__in=[RulingState.IN_FORCE, RulingState.ENDED])
    return rows.filter(public | Q(agency__in=seen)).annotate(
        standing=_STANDING,
        repeated=Count("repetitions", filter=Q(repetitions__source__agency__in=seen) & effective()),
    )


def rulings_to_decide(user: Any) -> QuerySet[Ruling]:
    """Those that wait for this person's word."""
    waiting = rulings_visible_to(user).filter(state=RulingState.REVIEW, agency__in=agency_ids(user, "authority.rule"))
    key = Concat(Value("genes.Ruling:"), Cast(OuterRef("pk"), CharField()))
    return waiting.exclude(Exists(WorkflowStep.objects.filter(target=key, actor_id=user.pk, transition__in=AUTHORED)))


def steps_open_to(ruling: Ruling, user: Any) -> list[Transition]:
    """What this person may do with it now; what has run out by itself needs no ending."""
    steps = workflow.open_to(ruling, user)
    return [] if ruling.state == RulingState.IN_FORCE and has_lapsed(ruling) else steps


def has_lapsed(ruling: Ruling) -> bool:
    """Whether its last day has passed."""
    return Ruling.objects.filter(pk=ruling.pk, valid_until__lt=TODAY).exists()


def events_of(ruling: Ruling) -> list[dict[str, Any]]:
    """The steps of a ruling as a timeline shows them."""
    labels = {"draft": _("拟定"), **{step.name: step.label for step in workflow.of(ruling).transitions}}
    return [
        {"who": step.actor_name, "what": labels.get(step.transition, step.transition), "note": step.opinion, "at": step.at}
        for step in workflow.history(ruling)
    ]  # fmt: skip


def ruling_in_force(element: DataElement) -> list[Ruling]:
    """The rulings in force on an element today, the widest area first."""
    rows = Ruling.objects.filter(effective(), element=element).select_related("agency", "holder")
    return sorted(rows, key=lambda row: (len(row.agency.path), row.agency.name))


def repetitions_visible_to(user: Any) -> QuerySet[Repetition]:
    """Columns that collect again what a ruling in force today gives to another, of those one may see."""
    rows = Repetition.objects.filter(effective("ruling__")).select_related(
        "ruling__element__current", "ruling__holder", "ruling__agency", "column__table", "column__source__agency"
    )
    return visible_to(user, rows.defer("column__source__sealed_secrets"))


def repetitions_to_answer(user: Any) -> QuerySet[Repetition]:
    """Those of agencies where this person decides on genes: what is announced to them."""
    return visible_to(user, repetitions_visible_to(user), "gene.decide")


def _gene(row: Binding) -> Mapping[str, Any]:
    gene = getattr(row.column, "gene", None)
    return {**gene.facts, "distinct": gene.distinct} if gene else {}


def _completeness(held: list[Binding]) -> float | None:
    counted = [facts for row in held if (facts := _gene(row)).get("rows")]
    rows = sum(int(facts["rows"]) for facts in counted)
    return sum(int(facts.get("filled") or 0) for facts in counted) / rows if rows else None


def _laws(element: DataElement) -> dict[UUID, str]:
    """The basis of the rulings that named each agency for this element, the newest: what the law says does not change with the area."""
    named = Ruling.objects.filter(element=element, state__in=[RulingState.IN_FORCE, RulingState.ENDED]).order_by(
        "created_at"
    )
    return dict(named.values_list("holder_id", "basis"))


def _newest(rows: list[Binding]) -> dict[UUID, date]:
    """The newest day in the tables of each agency; days to come are mistakes, not news."""
    agencies = {row.column.table_id: row.column.source.agency_id for row in rows}
    profiles = ColumnProfile.objects.filter(current=True, column__table__in=agencies, column__value_class__in=_MOMENTS)
    found: dict[UUID, date] = {}
    today = timezone.localdate()
    for table, greatest in profiles.values_list("column__table_id", "max"):
        day = _day(greatest)
        agency = agencies[table]
        if day and day <= today and day > found.get(agency, date.min):
            found[agency] = day
    return found


def _day(value: Any) -> date | None:
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:  # masked by policy
        return None


def _fresh(newest: date | None) -> float | None:
    return None if newest is None else max(0.0, 1 - (timezone.localdate() - newest).days / STALE)


def _in_degrees(rows: list[Binding], user: Any) -> dict[UUID, int]:
    """Joins into the columns of each agency, of those one may see."""
    into = visible_to(user, Join.objects.filter(target__in=[row.column_id for row in rows]))
    counted = into.order_by().values_list("target__source__agency_id").annotate(n=Count("pk"))
    return dict(counted)
