"""What each endpoint that changes something takes: the table of the walk in test_writes.py."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from assets.models import Column
from assets.services.sources import SOURCE_FIELDS
from assets.services.systems import SYSTEM_FIELDS
from genes.models import ColumnLevel
from genes.selectors.queue import queue_visible_to
from quality.models import Rule, RuleProposal
from standards.element_tables import digest, unpacked
from standards.models import Comment, DataElement, Edition
from standards.services.element_import import planned
from standards.services.elements import EDITION_FIELDS
from standards.services.texts import FIELDS as TEXT_FIELDS
from tests.accounts import world
from tests.contracts.places import Place

RULE_FIELDS = ("table", "name", "where", "mostly", "indicator", "severity", "weight", "description", "enabled")
NEW_PASSWORD = "Other-Harbour-3052"


@dataclass
class Write:
    """One change: what it takes (`body`), what else it may be given (`may`), who may ask for it."""

    route: str
    body: dict[str, Any] = field(default_factory=dict)
    may: tuple[str, ...] = ()
    who: str = "manager"
    method: str = "post"
    query: str = ""

    @property
    def door(self) -> tuple[str, str]:
        return self.method, self.route


def table(place: Place) -> list[Write]:
    ids = {label: str(key) for label, key in place.ids.items()}
    agency, person, source = str(place.agency.pk), ids["accounts.Person"], ids["assets.DataSource"]
    column = Column.objects.get(table__source=source, name="abcd_name")
    rule = {"columns": [str(column.pk)], "kind": "not_null", "parameters": {}}
    open_proposal = str(RuleProposal.objects.filter(column__source=source, state="open")[0].pk)
    rule_of_place = Rule.objects.get(pk=ids["quality.Rule"])
    form = {"indicator": rule_of_place.indicator, "severity": "major", "weight": 1, "mostly": "100"}
    path = str(place.ids["path"])
    file = SimpleUploadedFile("a.csv", b"a,b\n1,2\n")
    grant = {"role": "viewer", "agency": agency, "valid_from": "2020-01-01"}
    passwords = {"new": NEW_PASSWORD, "again": NEW_PASSWORD}
    system_form = {
        "code": "N-2",
        "name": "新",
        "kind": "business",
        "status": "running",
        "protection_level": "3",
        "network": "external",
    }
    return [
        *standards_table(place),
        *genes_table(place),
        Write("/api/v1/agencies/", {"code": "N-1", "name": "新", "parent": agency}, ("short_name", "name_en", "is_active"), "system"),
        Write("/api/v1/agencies/{pk}/", {"short_name": "简"}, ("code", "name", "name_en", "parent", "is_active"), "system", "patch"),
        Write("/api/v1/people/", {"username": "newone", "name": "新", "agency": agency}, ("email", "phone", "password"), "system"),
        Write("/api/v1/people/{pk}/", {"phone": "1"}, ("username", "name", "agency", "email"), "system", "patch"),
        Write("/api/v1/grants/", {"person": person, "role": "viewer", "agency": agency}, ("valid_from", "valid_until"), "security"),
        Write("/api/v1/tokens/", {"name": "程序", "scopes": ["read"], "days": 9}),
        Write("/api/v1/networks/", {"agency": agency, "network": "10.8.0.0/16", "reason": "专网"}, (), "security"),
        Write("/api/v1/systems/", {"agency": agency, "code": "N-1", "name": "新"}, SYSTEM_FIELDS),
        Write("/api/v1/systems/{pk}/", {"vendor": "甲"}, (*SYSTEM_FIELDS, "agency"), method="patch"),
        Write(
            "/api/v1/sources/", {"agency": agency, "kind": "sqlite", "name": "新", "parameters": {"path": path}},
            (*SOURCE_FIELDS, "secrets", "password"),
        ),
        Write("/api/v1/sources/upload/", {"agency": agency, "name": "新", "files": file}, ("description", "system")),
        Write(
            "/api/v1/sources/{pk}/", {"contact_name": "甲"},
            (*SOURCE_FIELDS, "parameters", "secrets", "password", "agency", "kind"), method="patch",
        ),
        Write("/api/v1/sources/{pk}/scan/", {"tables": [ids["assets.Table"]]}),
        Write("/api/v1/tables/{pk}/", {"title": "新"}, ("description", "owner"), method="patch"),
        Write("/api/v1/columns/{pk}/", {"title": "新"}, ("description", "personal_kind"), method="patch"),
        Write("/api/v1/census-runs/{pk}/decide/", {"decision": "reject", "comment": "误报"}),
        Write("/api/v1/rules/", {"table": str(column.table_id), **rule}, RULE_FIELDS),
        Write("/api/v1/rules/{pk}/", {"weight": 3}, (*RULE_FIELDS, "columns", "kind", "parameters"), method="patch"),
        Write("/api/v1/rules/bulk/", rule, RULE_FIELDS),
        Write("/api/v1/rule-proposals/accept/", {"ids": [open_proposal]}),
        Write("/api/v1/rule-proposals/reject/", {"ids": [open_proposal]}),
        Write("/agencies/add/", {"parent": agency, "code": "N-1", "name": "新"}, ("short_name", "name_en", "is_active"), "system"),
        Write("/agencies/{pk}/edit/", {"code": "N-1", "name": "新"}, ("short_name", "name_en", "is_active", "parent"), "system"),
        Write("/people/add/", {"username": "newone", "name": "新", "agency": agency}, ("email", "phone", "password"), "system"),
        Write("/people/{pk}/edit/", {"username": "newone", "name": "新", "agency": agency}, ("email", "phone"), "system"),
        Write("/people/{pk}/reset-password/", passwords, (), "system"),
        Write("/people/{pk}/grants/add/", grant, ("valid_until",), "security"),
        Write("/networks/add/", {"agency": agency, "network": "10.8.0.0/16", "reason": "专网"}, (), "security"),
        Write("/account/password/", {"current": world.PASSWORD, **passwords}),
        Write("/account/preferences/", {"theme": "dark"}, ("language",)),
        Write("/account/tokens/add/", {"name": "程序", "scopes": ["read"], "days": 9}),
        Write("/systems/new/", {"agency": agency, **system_form}, SYSTEM_FIELDS),
        Write("/systems/{pk}/edit/", system_form, SYSTEM_FIELDS),
        Write(
            "/sources/new/sqlite/", {"agency": agency, "name": "新", "values_policy": "masked", "parameter_path": path},
            ("system", "contact_name", "contact_phone"),
        ),
        Write(
            "/sources/new/upload/", {"agency": agency, "name": "新", "values_policy": "masked", "files": file},
            ("system", "contact_name", "contact_phone"),
        ),
        Write(
            "/sources/{pk}/edit/", {"name": "新", "values_policy": "masked", "parameter_path": path},
            ("system", "contact_name", "contact_phone"),
        ),
        Write("/sources/{pk}/plan/", {"census_cron": "0 2 * * *"}, ("scan_cron", "push_only", "census_now")),
        Write("/census/{pk}/confirm/", {"comment": "确认"}),
        Write("/census/{pk}/reject/", {"comment": "误报"}),
        Write("/assets/{pk}/edit/", {"title": "新"}, ("description", "owner")),
        Write("/assets/scan/", {"selected": [ids["assets.Table"]]}, ("all", "query")),
        Write("/columns/{pk}/edit/", {"title": "新"}, ("description", "personal_kind")),
        Write(
            "/quality/rules/new/", {"columns": str(column.pk), **form}, ("name", "where", "description"),
            query=f"?table={column.table_id}&kind=not_null",
        ),
        Write(
            "/quality/rules/bulk/", {"columns": [str(column.pk)], **form}, ("name", "where", "description"),
            query="?kind=not_null&q=abcd",
        ),
        Write(
            "/quality/rules/{pk}/edit/",
            {"columns": str(rule_of_place.rule_columns.get().column_id), "parameter_pattern": "^Y", **form},
            ("name", "where", "description"),
        ),
        Write("/quality/rules/enable/", {"selected": [ids["off"]]}, ("all", "query")),
        Write("/quality/rules/disable/", {"selected": [ids["quality.Rule"]]}, ("all", "query")),
        Write("/quality/proposals/accept/", {"selected": [open_proposal]}, ("all", "query")),
        Write("/quality/proposals/reject/", {"selected": [open_proposal]}, ("all", "query")),
    ]  # fmt: skip


def standards_table(place: Place) -> list[Write]:
    agency, keys = str(place.agency.pk), place.ids
    edition = Edition.objects.get(pk=keys["standards.Edition"])
    comment = Comment.objects.get(target=f"standards.Edition:{edition.pk}").pk
    text = str(keys["standards.StandardText"])
    words = {"name": "新", "value_domain": "described", "level": "L1"}
    table = SimpleUploadedFile("a.csv", "编号,名称\nN1,新名\n".encode())
    rows = '[["",2,{"code":"N1","name":"新名"}]]'
    element = {"agency": agency, "code": "N1", "domain": "general", **words}
    code_set = {"agency": agency, "reference": "N 1", "name": "新", "label": "2026"}
    standard = {"number": "DB 1-2026", "title": "新", "level": "local", "status": "current"}
    codes, mappings = {"text": "代码,名称\n1,甲\n"}, {"text": "旧代码,新代码\n0,1\n"}
    return [
        Write("/api/v1/elements/", element, EDITION_FIELDS),
        Write("/api/v1/elements/import/", {"agency": agency, "file": table, "dry_run": "false"}, ("domain", "take", "seen")),
        Write("/api/v1/elements/{pk}/names/", {"kind": "synonym", "texts": ["新名"]}, ("context",)),
        Write("/api/v1/element-editions/{pk}/", {"name": "新"}, EDITION_FIELDS, method="patch"),
        Write("/api/v1/element-editions/{pk}/answer/", {"comment": comment, "accepted": True}, ("answer",)),
        Write("/api/v1/element-editions/{pk}/citations/", {"text": text}, ("clause", "checked_on")),
        Write("/api/v1/element-editions/{pk}/comments/", {"text": "意见"}),
        Write("/api/v1/element-editions/{pk}/transition/", {"transition": "submit"}, ("opinion", "confirm")),
        Write("/api/v1/code-sets/", code_set, ("description", "valid_from", "note")),
        Write("/api/v1/code-sets/{pk}/mappings/", {"mappings": [{"old": "0", "new": "1"}]}),
        Write("/api/v1/code-set-editions/{pk}/", {"label": "2027"}, ("valid_from", "note"), method="patch"),
        Write("/api/v1/code-set-editions/{pk}/citations/", {"text": text}, ("clause", "checked_on")),
        Write("/api/v1/code-set-editions/{pk}/codes/", {"codes": [{"code": "1", "name": "甲"}]}),
        Write("/api/v1/code-set-editions/{pk}/transition/", {"transition": "submit"}, ("opinion", "confirm")),
        Write("/api/v1/standard-texts/", {"agency": agency, **standard}, TEXT_FIELDS),
        Write("/api/v1/standard-texts/{pk}/", {"note": "新"}, (*TEXT_FIELDS, "agency"), method="patch"),
        Write("/standards/elements/new/", element, EDITION_FIELDS),
        Write(
            "/standards/elements/import/", {"agency": agency, "domain": "general", "rows": rows, "seen": seen(place, rows), "take": ["new"]},
            ("do", "file"),
        ),
        Write("/standards/elements/{pk}/names/add/", {"kind": "synonym", "texts": "新名"}, ("context",)),
        Write("/standards/editions/{pk}/edit/", words, EDITION_FIELDS),
        Write("/standards/editions/{pk}/comment/", {"text": "意见"}),
        Write("/standards/editions/{pk}/cite/", {"text": text}, ("clause", "checked_on")),
        Write("/standards/editions/{pk}/step/submit/", {"opinion": "请审"}, ("confirmed", "uses")),
        Write("/standards/code-sets/new/", code_set, ("description", "valid_from", "note")),
        Write("/standards/code-sets/{pk}/mappings/edit/", mappings, ("file",)),
        Write("/standards/code-set-editions/{pk}/edit/", {"label": "2027"}, ("valid_from", "note")),
        Write("/standards/code-set-editions/{pk}/codes/edit/", codes, ("file",)),
        Write("/standards/code-set-editions/{pk}/cite/", {"text": text}, ("clause", "checked_on")),
        Write("/standards/code-set-editions/{pk}/step/submit/", {"opinion": "请审"}, ("confirmed", "uses")),
        Write("/standards/comments/{pk}/answer/", {"accepted": "yes"}, ("answer",)),
        Write("/standards/texts/new/", {"agency": agency, **standard}, TEXT_FIELDS),
        Write("/standards/texts/{pk}/edit/", standard, TEXT_FIELDS),
    ]  # fmt: skip


def seen(place: Place, rows: str) -> str:
    return digest(planned(place.manager, unpacked(rows)))


def genes_table(place: Place) -> list[Write]:
    stand = {"reason": "改造计划", "until": (timezone.localdate() + timedelta(days=30)).isoformat()}
    name = str(DataElement.objects.get(code="P001").pk)  # nobody has ruled on names
    words = {"holder": str(place.agency.pk), "basis": "测试依据第三条", "valid_from": "2026-01-01"}
    return [
        Write("/api/v1/rulings/", {"element": name, "area": str(place.agency.pk), **words}, ("valid_until",)),
        Write("/api/v1/rulings/{pk}/", words, ("valid_until",), method="patch"),
        Write("/api/v1/rulings/{pk}/transition/", {"transition": "submit"}, ("opinion",)),
        Write("/genes/rulings/new/", {"element": name, "agency": str(place.agency.pk), **words}, ("valid_until",)),
        Write("/genes/rulings/{pk}/edit/", words, ("valid_until",)),
        Write("/genes/rulings/{pk}/step/submit/", {"opinion": "请裁定"}),
        Write("/api/v1/deviations/{pk}/accept/", stand),
        Write("/genes/deviations/{pk}/accept/", stand),
        *decisions_table(place, name),
        *watching_table(place, name),
    ]


def decisions_table(place: Place, name: str) -> list[Write]:
    """Of the workbench, and the questions that store nothing."""
    match = str(queue_visible_to(place.manager).order_by("pk")[0].pk)  # one that waits for a word
    column, words = str(place.ids["assets.Column"]), ("accept", "reject", "none")
    more = ("comment", "type", "length", "table", "table_comment", "siblings", "values")
    design = {"product": "postgresql", "kind": "ddl", "text": "CREATE TABLE t (xm varchar(20))"}
    return [
        *(Write(f"/api/v1/matches/{word}/", {"matches": [match]}) for word in words),
        *(Write(f"/genes/matches/{word}/", {"selected": [match]}, ("all", "query", "element")) for word in words),
        *(Write(f"/genes/columns/{{pk}}/{word}/", {"element": name}, ("query",)) for word in ("accept", "reject")),
        Write("/api/v1/matches/choose/", {"column": column, "element": name}),
        Write("/api/v1/matches/undo/", {"batch": place.ids["batch"]}),
        Write("/genes/matches/auto/", {"query": ""}),
        Write("/genes/matches/auto/undo/", {"batch": place.ids["batch"]}),
        Write("/api/v1/gene-suggestions/", {"name": "xm"}, more),
        Write("/api/v1/design-check/", design),
        Write("/genes/design/", design),
        Write("/api/v1/notation/check/", {"notation": "an..18", "values": ["A"]}),
    ]


def watching_table(place: Place, name: str) -> list[Write]:
    """Of drift alarms, levels and recognisers."""
    agency, alarm = str(place.agency.pk), str(place.ids["genes.DriftAlarm"])
    undecided = ColumnLevel.objects.filter(column__source__agency=place.agency, decided=None, proposed__gt=0)
    levelled = str(undecided.order_by("pk")[0].pk)
    recogniser = {"name": "新", "element": name, "words": ["xm"]}
    conditions = ("pattern", "check_scheme", "code_set", "share")
    form = {"name": "新", "element": "P001", "words": "xm", "share": "90"}
    return [
        Write("/api/v1/drifts/keep/", {"drifts": [alarm]}),
        Write("/genes/drifts/keep/", {"selected": [alarm]}, ("all", "query")),
        Write("/api/v1/column-levels/confirm/", {"columns": [levelled]}),
        Write("/genes/levels/confirm/", {"selected": [levelled]}, ("all", "query")),
        *(Write(f"/api/v1/{kind}-levels/{{pk}}/decide/", {"level": 4}, ("basis",)) for kind in ("column", "table")),
        *(Write(f"/genes/{kind}/{{pk}}/level/", {"level": "4"}, ("basis", "query")) for kind in ("columns", "tables")),
        Write("/api/v1/recognisers/", {"agency": agency, **recogniser}, conditions),
        Write("/api/v1/recognisers/{pk}/", recogniser, conditions, method="patch"),
        Write("/genes/recognisers/new/", {"agency": agency, **form}, conditions),
        Write("/genes/recognisers/{pk}/edit/", form, conditions),
    ]
