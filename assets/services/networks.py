"""Opening and closing ranges of addresses to the sources of an agency."""

import ipaddress

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from assets.models import AllowedNetwork
from assets.permissions import require
from core import audit

WIDEST = {4: 8, 6: 16}  # bits of prefix: a wider range would open loopback and metadata addresses along with it


@transaction.atomic
def allow_network(*, actor: Person | None, agency: Agency, network: str, reason: str) -> AllowedNetwork:
    """Let sources of ``agency`` and of those below it stand in a range such as 10.20.0.0/16, or at one address.

    Raises PermissionDenied, ValidationError (no range, too wide, open already, no reason).
    """
    require(actor, "policy.manage", agency)
    row = AllowedNetwork(agency=agency, network=_canonical(network), reason=reason.strip(), created_by=actor)
    row.full_clean(exclude=["created_by"])
    row.save(force_insert=True)
    audit.record(
        actor=actor, verb="assets.network.allow", target=row, scope_id=agency.pk,
        changes={"network": [None, row.network], "reason": [None, row.reason]},
    )  # fmt: skip
    return row


@transaction.atomic
def revoke_network(*, actor: Person | None, network: AllowedNetwork) -> None:
    """Close a range: from the next job on nothing in it is connected to. Raises PermissionDenied."""
    require(actor, "policy.manage", network)
    audit.record(
        actor=actor, verb="assets.network.revoke", target=network, scope_id=network.agency_id,
        changes={"network": [network.network, None], "reason": [network.reason, None]},
    )  # fmt: skip
    network.delete()


def _canonical(text: str) -> str:
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValidationError({"network": _("请填写网段，如 10.20.0.0/16，或单个地址。")}) from None
    if found.prefixlen < WIDEST[found.version]:
        wide = {"bits": WIDEST[found.version]}
        raise ValidationError({"network": _("网段过大，前缀至少 %(bits)s 位。") % wide})
    return str(found)
