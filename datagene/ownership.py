"""Two roles of the database: the owner makes and migrates the tables; web, workers and beat use them as another role.

What owns a table can switch its triggers off, so the role that visitors reach must not own the audit trail (ADR 0012).
"""

from typing import Any

from django.conf import settings
from django.db import connection
from psycopg2.extensions import encrypt_password

SCRAM = "scram-sha-256"  # sealed here, so that no log of the server holds a password
# In one transaction, so that no moment lets the role change the trail. A role that was given more once loses it.
GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE ALL ON core_auditentry FROM {role};
GRANT SELECT, INSERT ON core_auditentry TO {role};
"""
MAY_CHANGE = """
SELECT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR has_any_column_privilege(c.oid, 'UPDATE')
    OR pg_has_role(c.relowner, 'MEMBER') OR pg_has_role(n.nspowner, 'MEMBER')
    OR (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('public.core_auditentry')
"""


def owner_apart() -> dict[str, Any] | None:
    """Django's entry of the owner, where the application has a role of its own."""
    owner: Any = settings.DATABASE_OWNER
    return owner if owner and owner["USER"] != settings.DATABASE_ROLE else None


def become_owner() -> None:
    """This process talks to the database as its owner from here on. For commands that make tables, never for web or workers."""
    owner, now = owner_apart(), connection.settings_dict
    if owner:
        connection.close()
        now.update({**owner, "NAME": now["NAME"], "OPTIONS": {**now["OPTIONS"], **owner["OPTIONS"]}})


def grant() -> None:
    """Give the application what it needs, and no more of the audit trail than to read it and to add to it.

    A role that is not there is made. Raises ProgrammingError when the owner may not make one.
    """
    if not owner_apart():
        return
    role = connection.ops.quote_name(settings.DATABASE_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_ROLE])
        if cursor.fetchone() is None:
            secret = encrypt_password(settings.DATABASE_PASSWORD, settings.DATABASE_ROLE, connection.connection, SCRAM)
            cursor.execute(f"CREATE ROLE {role} LOGIN CREATEDB PASSWORD %s", [secret])
        cursor.execute("SELECT to_regclass('public.core_auditentry')")
        if cursor.fetchone() != (None,):
            cursor.execute(GRANTS.format(role=role))


def may_change_trail() -> bool:
    """Whether the connected role could change or remove audit entries, triggers or not; False without the table."""
    with connection.cursor() as cursor:
        cursor.execute(MAY_CHANGE)
        found: Any = cursor.fetchone()
    return bool(found and found[0])
