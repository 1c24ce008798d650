"""What rows about a column keep of it."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class OfColumn(models.Model):
    """A row about one column, with that column's source: every list and count asks whose it is, and the way there over
    millions of columns is dear. Triggers fill it in (migration 0008), so that no writer can forget it (ADR 0016).
    """

    scope_lookup: ClassVar[str] = "source__agency_id"

    source = models.ForeignKey(
        "assets.DataSource", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False,
        verbose_name=_("数据源"),
    )  # fmt: skip

    class Meta:
        abstract = True
