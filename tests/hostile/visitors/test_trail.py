"""The audit trail out of reach of whoever speaks to the database as the platform does (ADR 0012)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core import audit
from core.audit import Fault, Verification
from core.models import AuditEntry
from datagene import ownership
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db
ROLE = "trail_app"
REFUSED = [
    "UPDATE core_auditentry SET verb = 'x'",
    "UPDATE core_auditentry SET digest = digest WHERE id = 1",
    "DELETE FROM core_auditentry",
    "WITH gone AS (DELETE FROM core_auditentry RETURNING 1) SELECT count(*) FROM gone",
    "INSERT INTO core_auditentry SELECT * FROM core_auditentry ON CONFLICT (id) DO UPDATE SET verb = 'x'",
    "MERGE INTO core_auditentry a USING core_auditentry b ON a.id = b.id WHEN MATCHED THEN DELETE",
    "TRUNCATE core_auditentry",
    "LOCK TABLE core_auditentry IN ACCESS EXCLUSIVE MODE",
    "ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_change",
    "ALTER TABLE core_auditentry DISABLE TRIGGER ALL",
    "ALTER TABLE core_auditentry RENAME TO gone",
    "ALTER TABLE core_auditentry DROP COLUMN digest",
    "DROP TRIGGER core_auditentry_no_change ON core_auditentry",
    "CREATE TRIGGER early BEFORE INSERT ON core_auditentry FOR EACH ROW EXECUTE FUNCTION core_auditentry_append_only()",
    "CREATE RULE none AS ON INSERT TO core_auditentry DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION core_auditentry_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DROP FUNCTION core_auditentry_append_only() CASCADE",
    "DROP TABLE core_auditentry",
    "DROP SCHEMA public CASCADE",
    "CREATE TABLE core_auditentry_new (id int)",
    "SET session_replication_role = replica",
    "CREATE ROLE another SUPERUSER",
    "ALTER ROLE trail_app SUPERUSER",
    "COPY (SELECT 1) TO PROGRAM 'true'",
]  # fmt: skip


@pytest.fixture
def grown(db: None) -> Iterator[None]:
    """Five entries, and the role of the application with exactly the rights that `migrate` gives it."""
    for number in range(5):
        audit.record(actor=None, verb="thing.change", target=f"t:{number}")
    audit.set_head(audit.Head(5, AuditEntry.objects.get(pk=5).digest))
    with as_owner() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} CREATEDB; {ownership.GRANTS.format(role=ROLE)}")
        cursor.execute(f"SET ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")
    audit.head_path().unlink()


@pytest.mark.parametrize("statement", REFUSED)
def test_the_role_of_the_application_cannot_touch_what_is_written(grown: None, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner|must be superuser"), transaction.atomic():
        connection.cursor().execute(statement)
    assert audit.verify() == Verification(5, None)


def test_it_gives_itself_nothing_and_becomes_nobody_else(grown: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON core_auditentry TO {ROLE}")  # a notice that nothing was granted
        assert not ownership.may_change_trail()
        cursor.execute("SELECT bool_or(pg_has_role(%s, oid, 'MEMBER')) FROM pg_roles WHERE rolname <> %s", [ROLE, ROLE])
        assert cursor.fetchone() == (False,)


def test_it_adds_to_the_trail_and_reads_it(grown: None) -> None:
    audit.record(actor=None, verb="thing.change", target="t:5")
    assert audit.verify() == Verification(6, None)
    assert not ownership.may_change_trail()


TAMPERED = {
    "UPDATE core_auditentry SET actor_name = 'nobody' WHERE id = 3": (2, Fault("altered", 3), "entry 3 was altered"),
    "DELETE FROM core_auditentry WHERE id = 3": (2, Fault("gap", 3), "entry 3 is missing"),
    "DELETE FROM core_auditentry WHERE id > 3": (3, Fault("cut_tail", 4), "entries from 4 on are missing"),
    "TRUNCATE core_auditentry": (0, Fault("cut_tail", 1), "entries from 1 on are missing"),
}


@pytest.mark.parametrize("statement", TAMPERED)
def test_what_the_owner_does_to_it_is_named(grown: None, statement: str) -> None:
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER USER")
    entries, fault, told = TAMPERED[statement]
    assert audit.verify() == Verification(entries, fault)
    with pytest.raises(CommandError, match=told):
        call_command("verify_audit")


def test_a_check_of_the_installation_says_that_one_role_does_both(grown: None, settings: Any) -> None:
    def told() -> list[str]:
        found = checks.run_checks(tags=["database"], include_deployment_checks=True, databases=["default"])
        return [str(message.id) for message in found if str(message.id).startswith("datagene.")]

    assert told() == []
    with as_owner():
        assert told() == ["datagene.W003"]
    assert django_settings.DATABASE_OWNER is None
