"""The audit trail notices what even the owner of the database does to it."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from core import audit, keys
from core.audit import Fault
from core.models import AuditEntry, Job
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

CHANGES: list[Any] = [
    {},
    {"name": ["旧名", "新名"]},
    {"float": 1.10, "big": 10**30, "tiny": 1e-9, "zero": -0.0, "nan": float("nan"), "large": 1e16},
    {"when": date(2026, 1, 2), "id": uuid4(), "amount": Decimal("1.10"), "set": {3, 1}, "tuple": (1, None, True)},
    {"nul": "a\0b", "surrogate": "\ud800", "bidi": "\u202e", "b": {"z": 1, "a": [{"k": "v"}]}},
]


@pytest.fixture
def chain(actor) -> list[AuditEntry]:
    return [audit.record(actor=actor, verb="thing.change", target=f"t:{n}", changes=c) for n, c in enumerate(CHANGES)]


def tamper(sql: str) -> None:
    """As the owner of the table, past the triggers."""
    with transaction.atomic(), as_owner() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_change")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_no_change")


def fault() -> Fault | None:
    return audit.verify().fault


@pytest.mark.parametrize("method", ["sha256", "sm3"])
def test_a_chain_of_hostile_values_verifies_after_the_database_stored_it(settings, actor, method):
    settings.AUDIT_DIGEST = method
    for number, changes in enumerate(CHANGES):
        audit.record(actor=actor, verb="thing.change", target=f"t:{number}", changes=changes)
    assert audit.verify() == audit.Verification(5, None)
    assert {entry.method.split(":")[0] for entry in AuditEntry.objects.all()} == {f"hmac-{method}"}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE core_auditentry SET verb = 'x' WHERE id = 2",
        "DELETE FROM core_auditentry WHERE id = 2",
    ],
)
def test_the_database_refuses_to_change_the_past(chain, sql):
    with as_owner() as cursor, pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        cursor.execute(sql)
    assert audit.verify() == audit.Verification(5, None)


def test_the_database_refuses_to_empty_the_trail(chain):
    enable = "ALTER TABLE core_auditentry {} TRIGGER core_auditentry_no_truncate"
    with as_owner() as cursor:
        cursor.execute(enable.format("ENABLE"))
        try:
            with pytest.raises(DatabaseError, match="append-only"):
                cursor.execute("TRUNCATE core_auditentry")
        finally:
            cursor.execute(enable.format("DISABLE"))  # as tests/conftest.py left it
    assert AuditEntry.objects.count() == 5


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "at + interval '1 microsecond'"),
        ("actor_id", "NULL"),
        ("actor_name", "'someone else'"),
        ("verb", "'thing.view'"),
        ("target", "'t:9'"),
        ("target_label", "'x'"),
        ("scope_id", "gen_random_uuid()"),
        ("changes", """'{"name": ["a", "b"]}'"""),
        ("digest", "repeat('0', 64)"),
    ],
)
def test_each_altered_field_is_noticed(chain, column, value):
    tamper(f"UPDATE core_auditentry SET {column} = {value} WHERE id = 3")
    assert audit.verify() == audit.Verification(2, Fault("altered", 3))


def test_a_deleted_entry_is_a_gap(chain):
    tamper("DELETE FROM core_auditentry WHERE id = 2")
    assert fault() == Fault("gap", 2)


def test_a_deleted_beginning_is_a_gap(chain):
    tamper("DELETE FROM core_auditentry WHERE id = 1")
    assert fault() == Fault("gap", 1)


def test_renumbering_after_a_deletion_is_noticed(chain):
    tamper("DELETE FROM core_auditentry WHERE id = 2; UPDATE core_auditentry SET id = id - 1 WHERE id > 2")
    assert fault() == Fault("altered", 2)


def test_a_cut_tail_is_noticed_through_the_head_file(chain):
    tamper("DELETE FROM core_auditentry WHERE id > 3")
    assert fault() == Fault("cut_tail", 4)


def test_a_cut_tail_stays_noticed_when_the_trail_grows_past_it(chain, actor, caplog):
    tamper("DELETE FROM core_auditentry WHERE id > 3")
    for _ in range(4):
        audit.record(actor=actor, verb="thing.change", target="t:1")
    assert fault() == Fault("replaced_tail", 5)
    assert "does not contain its recorded head" in caplog.text


def test_an_emptied_trail_is_noticed(chain):
    tamper("DELETE FROM core_auditentry")
    assert fault() == Fault("cut_tail", 1)


def test_an_entry_forged_without_the_key_is_noticed(chain, own_files: Path):
    mine = own_files / "forged"
    keys.create(mine)
    forged = AuditEntry.objects.get(pk=5)
    forged.verb = "thing.view"
    secret = keys._parse("forged", mine.read_text())[0]
    digest = audit.digest(forged, AuditEntry.objects.get(pk=4).digest)
    tamper(f"UPDATE core_auditentry SET method = 'hmac-sha256:{secret.kid}', digest = '{digest}' WHERE id = 5")
    assert fault() == Fault("unknown_key", 5)
    tamper("UPDATE core_auditentry SET method = 'none' WHERE id = 5")
    assert fault() == Fault("unknown_key", 5)


def test_a_spoilt_head_file_is_a_fault_not_a_crash(chain):
    audit.head_path().write_text("[]")
    assert fault() == Fault("head_unreadable", 0)


def test_an_entry_goes_with_the_transaction_it_describes(actor):
    with transaction.atomic():
        audit.record(actor=actor, verb="thing.change", target="t:1")
        transaction.set_rollback(True)
    assert (AuditEntry.objects.count(), audit.read_head()) == (0, None)
    audit.record(actor=actor, verb="thing.change", target="t:1")
    assert audit.verify() == audit.Verification(1, None)


def test_entries_of_an_older_key_verify_while_its_line_is_kept(chain, actor, own_files: Path):
    path = own_files / "keys"
    old = path.read_text()
    keys.create(own_files / "new")
    path.write_text((own_files / "new").read_text() + old)
    audit.record(actor=actor, verb="thing.change", target="t:1")
    assert audit.verify() == audit.Verification(6, None)
    path.write_text((own_files / "new").read_text())
    assert fault() == Fault("unknown_key", 1)


def test_an_object_names_itself(actor):
    job = Job(kind="k", target_label="户籍库")
    entry = audit.record(actor=actor, verb="thing.change", target=job)
    assert (entry.target, entry.target_label) == (f"core.Job:{job.pk}", "k 户籍库")


def test_the_command_names_the_fault_and_fails(chain, capsys):
    call_command("verify_audit")
    assert capsys.readouterr().out == "5 entries, the chain is whole\n"
    tamper("DELETE FROM core_auditentry WHERE id = 2")
    with pytest.raises(CommandError, match=r"entry 2 is missing \(1 entries before it are whole\)"):
        call_command("verify_audit")


def test_the_head_file_follows_each_commit(chain):
    stored = json.loads(audit.head_path().read_text())
    assert stored == {"id": 5, "digest": chain[-1].digest}
