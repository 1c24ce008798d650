"""Where the sources of an agency may stand."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.links import page_url


class AllowedNetwork(models.Model):
    """允许网段 – a range of addresses in which sources of an agency, and of the agencies below it, may stand.

    Without one only public addresses are connected to (``scanner.guard.HostPolicy``). The security administrator opens
    ranges, the source manager registers sources: it takes two to make the platform reach into a network.
    """

    scope_lookup: ClassVar[str] = "agency_id"
    view_verb: ClassVar[str] = "policy.manage"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="networks", verbose_name=_("机构")
    )
    network = models.CharField(_("网段"), max_length=43)  # as ipaddress prints it: 10.20.0.0/16
    reason = models.CharField(_("事由"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("开放时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("允许网段")
        verbose_name_plural = _("允许网段")
        ordering = ["network", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "network"],
                name="assets_allowednetwork_once_per_agency",
                violation_error_message=_("该机构已开放这个网段。"),
            ),
            models.CheckConstraint(condition=~models.Q(network=""), name="assets_allowednetwork_network_given"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="assets_allowednetwork_reason_given"),
        ]

    def __str__(self) -> str:
        return self.network

    def get_absolute_url(self) -> str:
        return page_url("network_list", agency=str(self.agency_id))
