"""Putting the estate together: agencies and people by the services, everything of a source by COPY, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from accounts.choices import Role
from accounts.models import Agency, Person
from accounts.services import create_agency, create_person, grant_role
from assets.choices import ObjectState, SourceState
from assets.documents import of_source, of_system
from assets.models import (
    CensusRun,
    Column,
    ColumnProfile,
    DataSource,
    InformationSystem,
    ScanRun,
    SchemaChange,
    Table,
    TableProfile,
)
from core import audit, keys
from core.models import AuditEntry, Job, JobItem, Schedule, SearchDocument
from core.search.documents import row_of
from demo.scale import catalogue, genes, history, quality, words
from demo.scale.copying import advance_sequence, copy, without_indexes
from demo.scale.rows import Batch, new_id
from demo.scale.shape import SourceShape, agencies, sources
from demo.scale.standard import Standard, standard
from genes import models as gene
from genes.services.placing import place_new
from quality.models import CheckResult, Finding, Rule, RuleColumn, RuleProposal, SourceScore, TableScore
from quantity.models import VolumeSample

ROOT = "YC"
TABLES_AT_ONCE = 500
# Everything that is copied, referenced before referring.
MODELS: tuple[type[Model], ...] = (
    InformationSystem, DataSource, Job, JobItem, Schedule, CensusRun, ScanRun, Table, Column, TableProfile,
    ColumnProfile, SchemaChange, VolumeSample, Rule, RuleColumn, RuleProposal, CheckResult, Finding, TableScore,
    SourceScore, gene.Gene, gene.Match, gene.Binding, gene.Decision, gene.Conformity, gene.Deviation, gene.ColumnLevel,
    gene.TableLevel, gene.DriftAlarm, gene.FamilyMember, gene.Join, gene.Repetition, SearchDocument, AuditEntry,
)  # fmt: skip
# Username, name, roles; the last holds them over the last agency alone, which has one small source.
PEOPLE = (
    ("scale_all", "全省管理员", (Role.STEWARD, Role.SOURCE_MANAGER)),
    ("scale_security", "全省安全管理员", (Role.SECURITY_ADMIN,)),
    ("scale_audit", "全省审计管理员", (Role.AUDIT_ADMIN,)),
    ("scale_city", "一市管理员", (Role.STEWARD, Role.SOURCE_MANAGER)),
    ("scale_one", "一局管理员", (Role.STEWARD, Role.SOURCE_MANAGER)),
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was made: rows by model, and the password of each person."""

    rows: dict[str, int]
    passwords: dict[str, str]


def is_loaded() -> bool:
    """Whether the estate is in this database."""
    return Agency.objects.filter(code=ROOT).exists()


def load(
    *, tables: int, columns: int, day: datetime, password: Callable[[], str], say: Callable[[str], None]
) -> Loaded:
    """Make and write everything, or nothing. Raises ValueError for impossible sizes."""
    shapes = sources(tables, columns)
    with transaction.atomic():
        root, holders = _agencies(agencies(tables))
        passwords = _people(root, holders, password)
        elements = standard(root, holders, day)
        profile_ids = _next_profile()
        with without_indexes(MODELS):
            for shape in shapes:
                _source(shape, holders[shape.agency], day, profile_ids, elements)
                say(f"source {shape.number + 1} of {len(shapes)}: {len(shape.columns)} tables")
            _trail(day, tables)
            say("building indexes")
        advance_sequence(TableProfile)
        place_new()
        say("gathering statistics")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return Loaded({model._meta.label: model._default_manager.count() for model in MODELS}, passwords)


def _agencies(count: int) -> tuple[Agency, list[Agency]]:
    """The province, its cities, and the ``count`` agencies below them that hold the sources."""
    root = create_agency(actor=None, code=ROOT, name="云川省")
    cities: dict[str, Agency] = {"云川省": root}
    holders = []
    for number, (city, bureau) in enumerate(words.agency_names(count)):
        if city not in cities:
            cities[city] = create_agency(actor=None, code=f"{ROOT}-C{len(cities):02}", name=city, parent=root)
        code = f"{ROOT}-{number:04}"
        holders.append(create_agency(actor=None, code=code, name=f"{city}{bureau}", parent=cities[city]))
    return root, holders


def _people(root: Agency, holders: Sequence[Agency], password: Callable[[], str]) -> dict[str, str]:
    scopes = {"scale_one": holders[-1], "scale_city": holders[-1].parent or root}
    made = {}
    for username, name, roles in PEOPLE:
        scope, secret = scopes.get(username, root), password()
        person = create_person(
            actor=None, username=username, name=name, agency=scope, password=secret, must_change=False
        )
        for role in roles:
            grant_role(actor=None, person=person, role=role, agency=scope)
        made[username] = secret
    return made


def _next_profile() -> Iterator[int]:
    newest = TableProfile.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return count(newest + 1)


def _source(shape: SourceShape, agency: Agency, day: datetime, profile_ids: Iterator[int], elements: Standard) -> None:
    """One source with all that belongs to it, some hundred tables at a time."""
    random = Random(f"source {shape.number} {len(shape.columns)}")
    source = _register(random, shape, agency, day)
    batch = Batch(random, day, profile_ids, agency, source, [], [])
    history.runs(batch)
    _write(batch)
    scored, total = 0, 0.0
    rows = size = uncounted = 0
    source.table_count = source.column_count = 0
    for first in range(0, len(shape.columns), TABLES_AT_ONCE):
        part = Batch(random, day, profile_ids, agency, source, batch.census, batch.scans)
        catalogue.fill(part, first, shape.columns[first : first + TABLES_AT_ONCE])
        quality.check(part)
        genes.match(part, elements)
        history.tables(part)
        for table in part.tables:
            if table.state == ObjectState.GONE:
                continue
            known = table.row_count if table.row_count is not None else table.row_estimate
            rows, size, uncounted = rows + (known or 0), size + (table.bytes or 0), uncounted + (known is None)
            source.table_count += 1
            source.column_count += table.column_count
            source.unreadable_count += table.state == ObjectState.UNREADABLE
            if table.score is not None and table.state == ObjectState.SEEN:
                scored, total = scored + 1, total + float(table.score)
        _write(part)
    source.row_total, source.byte_total = rows, size
    last = Batch(random, day, profile_ids, agency, source, batch.census, batch.scans)
    history.volumes(last, rows, size, uncounted)
    if scored:
        quality.scores(last, scored, total / scored)
    last.add(source, row_of(of_source(source), day))
    _write(last)
    with connection.cursor() as cursor:  # references are checked source by source, and few wait in memory
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _register(random: Random, shape: SourceShape, agency: Agency, day: datetime) -> DataSource:
    kind, label = words.SERVERS[shape.number % len(words.SERVERS)]
    name = words.SYSTEMS[shape.number % len(words.SYSTEMS)]
    system = InformationSystem(
        id=new_id(random), agency=agency, code=f"S{shape.number:04}", name=f"{agency.name}{name}", created_at=day,
        updated_at=day, protection_level=shape.number % 4,
    )  # fmt: skip
    copy([system])
    copy([row_of(of_system(system), day)])
    return DataSource(
        id=new_id(random), agency=agency, system=system, name=f"{name}{label}{shape.number:04}", kind=kind,
        parameters={"host": "db.invalid", "port": 5432, "database": f"s{shape.number:04}"}, created_at=day,
        state=SourceState.FAILING if shape.number % 50 == 7 else SourceState.HEALTHY, updated_at=day, can_write=False,
        superuser=False, last_test_at=day, last_census_at=day, last_scan_at=day, table_count=len(shape.columns),
        column_count=sum(shape.columns),
    )  # fmt: skip


def _write(batch: Batch) -> None:
    for model in MODELS:
        copy(batch.made.pop(model, []))
    assert not batch.made


def _trail(day: datetime, entries: int) -> None:
    """An audit trail of half a year, chained as ``core.audit`` chains it; what is recorded next moves its head."""
    person = Person.objects.get(username="scale_all")
    holders = list(Agency.objects.filter(level__gt=1).values_list("pk", flat=True))
    random, method = Random("trail"), f"hmac-{settings.AUDIT_DIGEST}:{keys.current().kid}"
    audit.lock()
    last = AuditEntry.objects.order_by("-id").first()
    previous, first, began = (last.digest, last.id + 1, last.at) if last else (audit.GENESIS, 1, day)
    rows: list[Model] = []
    for number in range(entries):
        entry = AuditEntry(
            id=first + number, at=began + timedelta(milliseconds=number), actor_id=person.pk, actor_name=person.name,
            verb=random.choice(("assets.table.annotate", "quality.rule.create", "job.create")), target="assets.Table:0",
            target_label=words.table_names(random, number)[1], scope_id=random.choice(holders), method=method,
            changes={"title": ["", "新的名称"]},
        )  # fmt: skip
        previous = entry.digest = audit.digest(entry, previous)
        rows.append(entry)
    copy(rows)
    audit.record(actor=None, verb="scale.load", target="", changes={"entries": entries})
