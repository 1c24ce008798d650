"""Regular acts of the platform on itself. Each leaves an audit entry, and the newest entry tells when it last came true."""

from core import audit
from core.models import AuditEntry

BACKUP_MADE = "backup.make"
BACKUP_VERIFIED = "backup.verify"
BACKUP_RESTORED = "backup.restore"
AUDIT_VERIFIED = "audit.verify"


def note(act: str, **changes: object) -> AuditEntry:
    """Record that an act was done; `changes` as core.audit takes them."""
    return audit.record(actor=None, verb=act, target=f"platform:{act}", changes=changes)


def last(act: str) -> AuditEntry | None:
    """The newest entry of an act."""
    return AuditEntry.objects.filter(target=f"platform:{act}").order_by("-id").first()
